// A journal opened for reading in the test's own process, to look at what the tool left.
// Used by the tests of the tool.
namespace Refold.Suites;

internal sealed class Opened(string uri) : IDisposable
{
    public ILocalJournal Value { get; } = Journal.Open(uri, new JournalOptions { ReadOnly = true });

    public void Dispose() => Value.DisposeAsync().AsTask().GetAwaiter().GetResult();
}

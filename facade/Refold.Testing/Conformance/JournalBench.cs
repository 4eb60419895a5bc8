// One case at work: the fixture, its open journal, and short forms of what cases do all the time.
// Made by JournalConformance for each case; used by the cases.
using System.Text;

namespace Refold.Testing;

internal sealed class JournalBench(JournalFixture fixture, ConformanceOptions options) : IAsyncDisposable
{
    private IJournal? journal;

    public ConformanceOptions Options => options;

    public JournalFixture Fixture => fixture;

    public IJournal Journal => journal ??= fixture.Open();

    public bool Has(JournalCapabilities capabilities) => (fixture.Capabilities & capabilities) == capabilities;

    public static EntryData Entry(string stream, string payload = "{}", string type = "happened", params string[] tags) =>
        new(stream, type, Encoding.UTF8.GetBytes(payload)) { Tags = tags };

    public async Task<AppendResult> TryAsync(AppendRequest request) =>
        await Expect.Within(Journal.TryAppendAsync(request).AsTask(), "the answer to an append").ConfigureAwait(false);

    public Task<AppendResult> TryAsync(params EntryData[] entries) => TryAsync(new AppendRequest(entries));

    public async Task<Receipt> AppendAsync(AppendRequest request, string what = "a batch") => Expect.Appended(await TryAsync(request).ConfigureAwait(false), what);

    public Task<Receipt> AppendAsync(params EntryData[] entries) => AppendAsync(new AppendRequest(entries));

    /// <summary>Appends so many entries to a stream, each a batch of its own.</summary>
    public async Task FillAsync(string stream, int count)
    {
        for (var index = 0; index < count; index++) await AppendAsync(Entry(stream)).ConfigureAwait(false);
    }

    public async Task CloseAsync()
    {
        if (journal is not null) await journal.DisposeAsync().ConfigureAwait(false);
        journal = null;
    }

    public async Task ReopenAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _ = Journal;
    }

    /// <summary>A power cut, and the next process; null where the fixture cannot.</summary>
    public bool TryCrash()
    {
        if (!fixture.Crash()) return false;
        journal = null;
        _ = Journal;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            await fixture.DisposeAsync().ConfigureAwait(false);
        }
    }
}

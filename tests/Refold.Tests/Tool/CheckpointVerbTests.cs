// A kept checkpoint against a journal that is written meanwhile.
// Run by `dotnet test`.
using Refold.Cli.Shell;
using Xunit;

namespace Refold.Tests.Tool;

public class CheckpointVerbTests
{
    [Fact]
    public async Task AJournalThatGoesOnWhileItIsLookedAt_WasNotRewritten()
    {
        await using var journal = new InMemoryJournal();
        for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("a"));
        var (kept, now) = (journal.RootAt(3), journal.RootAt());
        await journal.Append(Samples.Entry("a"));
        Assert.Null(SigningFiles.FindFault(journal, kept, now));
        Assert.Contains("rewritten", SigningFiles.FindFault(journal, kept with { Root = Hash.Zero }, now), StringComparison.Ordinal);
    }
}

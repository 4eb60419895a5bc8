// A kept checkpoint against a journal that is written meanwhile.
// Run by `dotnet test`.
using Refold.Cli.Verbs;
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
        Assert.Null(CheckpointVerb.Fault(journal, kept, now));
        Assert.Contains("rewritten", CheckpointVerb.Fault(journal, kept with { Root = Hash.Zero }, now), StringComparison.Ordinal);
    }
}

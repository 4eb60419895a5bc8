// The page facade/docs/evidence.md: its code is run here, and its rows are those of the kinds there are.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using Orders;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class EvidencePageTests
{
    [Fact]
    public void ItsCode_IsTheCodeOfThisFile_AndItNamesEveryKind()
    {
        var page = SourceTree.Read("facade/docs/evidence.md");
        var code = SourceTree.Read("tests/Refold.Tests/Documentation/EvidencePageTests.cs");
        var blocks = Fence().Matches(page).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(2, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), Flat(code), StringComparison.Ordinal));
        Assert.Equal(
            Enum.GetNames<EvidenceKind>().Select(name => name.ToLowerInvariant()).Order(StringComparer.Ordinal),
            Row().Matches(page).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ItsCode_Holds()
    {
        using var directory = new TemporaryDirectory();
        await using var journal = (ILocalJournal)await Journal.OpenAsync(directory.Journal());
        await using var run = await journal.StartRunAsync(RunFixture.Pin);
        foreach (var (stream, command) in RunFixture.Commands(20)) await run.Orders().ExecuteAsync(stream, command);
        await run.FinishAsync();
        await using var copy = new InMemoryJournal();
        foreach (var batch in journal.ReadAll().GroupBy(entry => entry.Batch)) await copy.TryRestoreAsync([.. batch]);

        var report = journal.RunReport(run.Id);
        string kept = report.MadeAt(TimeProvider.System.GetUtcNow()).ToJson();

        // Elsewhere, with a copy of the journal:
        EvidenceCheck check = copy.Check(EvidenceReport.Parse(kept));
        Console.WriteLine(check);   // the same

        Assert.Equal("the same", check.ToString());

        var replayed = EvidenceReport.Of(await journal.VerifyAsync(run.Id, Order.Aggregate));
        var again = await copy.VerifyAsync(run.Id, Order.Aggregate);
        Console.WriteLine(copy.CheckReplay(replayed, again));   // the same

        Assert.Equal("the same", copy.CheckReplay(replayed, again).ToString());
    }

    private static string Flat(string code) => Space().Replace(code, " ").Trim();

    [GeneratedRegex("```csharp\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^\\| `([a-z]+)/v1` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}

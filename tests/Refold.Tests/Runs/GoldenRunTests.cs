// Recorded runs that were ended by this version and by the one before: both are read, and keep their heads.
// Run by `dotnet test`.
using Refold.Cli.Scenarios;
using Xunit;

namespace Refold.Tests.Runs;

public class GoldenRunTests
{
    private const string StateHash = "9eeeedf4ca8bf0d51c160362b50bf55bc766c099720d73d6b5dfa31f77599a0d";

    [Theory]
    [InlineData("run-ended-v1.ndjson", "c1dbb07dc0165d2c3fccd1279fdb28f2cb78a4da97f94c397fa3691c4ef3403a", false)]
    [InlineData("run-ended-v2.ndjson", "7d6ea56299aac30cb0171568319e5949fa3dd495935e893fea172df6646f8e01", true)]
    public async Task ARunThatWasEndedByEitherVersion_KeepsItsHead_AndMatches(string file, string head, bool vouchesForInputs)
    {
        await using var journal = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(journal, await File.ReadAllLinesAsync(Vectors.PathOf(file))));
        Assert.Equal((26, head), (journal.Head.Position, journal.Head.Hash.ToString()));
        var run = Assert.Single(await journal.RunsAsync());
        var pin = DispatchPin.Current(run.Pin!, null, null);
        var report = await journal.VerifyAsync(run.Id, [DispatchPin.Scenario(pin)], new VerifyOptions { Pin = pin });
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(StateHash, report.StateHash);
        var older = report.Findings.Count(finding => finding.Contains("which vouches for no input", StringComparison.Ordinal));
        Assert.Equal(vouchesForInputs ? 0 : 1, older);
        Assert.Equal(vouchesForInputs, report.Uncompared.Count == 0);
    }
}

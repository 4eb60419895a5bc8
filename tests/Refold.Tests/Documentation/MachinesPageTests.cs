// The page facade/docs/machines.md as it stands: its C# is the code of the tests of machines, its F# that of properties/MachineExamples.fs.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using Refold.Tests.Machines;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class MachinesPageTests
{
    private const string Page = "facade/docs/machines.md";

    [Theory]
    [InlineData(
        "csharp", 6, "Machines/Turnstile.cs Machines/MachineTests.cs Machines/MachineBuildTests.cs Documentation/MachinesPageTests.cs")]
    [InlineData("fsharp", 1, "../../properties/MachineExamples.fs")]
    public void ItsCode_IsTheCodeOfTheTests(string language, int count, string files)
    {
        var code = string.Join('\n', files.Split(' ').Select(file => Flat(SourceTree.Read("tests/Refold.Tests/" + file))));
        var blocks = Blocks(language);
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public void ItsDiagram_IsTheOneThatIsDrawn() => Assert.Equal(Blocks("text").Single(), Turnstile.Definition.ToMermaid());

    [Fact]
    public void ItsCodes_AreThoseOfTheLibrary()
    {
        var codes = Code().Matches(SourceTree.Read("core/Machines/Machine.Check.fs")).Select(match => match.Groups[1].Value).Distinct();
        var page = SourceTree.Read(Page);
        Assert.Equal(10, codes.Count());
        Assert.All(codes, code => Assert.Contains($"`{code}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ItsDriver_ClosesTheGate()
    {
        var (clock, cancellationToken) = (new ManualClock(), CancellationToken.None);
        await using var journal = new InMemoryJournal();
        var options = new RunOptions { TimeProvider = clock };
        await using var run = await journal.StartRunAsync(new RunPin("gates", "acme", "1.0", seed: 7), options, cancellationToken);
        await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/north", new Coin(100), cancellationToken);
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(cancellationToken);
        await Snapshots.SnapshotFixture.UntilAsync(() => driver.Next is not null);
        clock.Advance(TimeSpan.FromSeconds(30));
        await Snapshots.SnapshotFixture.UntilAsync(() => driver.Next is null);
        Assert.Equal("closed", journal.ReadStream("turnstile/north").Last().Type);
    }

    private static List<string> Blocks(string language) =>
        [
            .. Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
                .Select(block => block.Groups[2].Value),
        ];

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("\"((?:missing|unknown|unreachable|duplicate|row)-[a-z-]+)\"")]
    private static partial Regex Code();
}

// The page facade/docs/projections.md: its code is that of the sample ReadModel and of the tests of projections, which run it.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class ProjectionsPageTests
{
    private static readonly string[] Files =
    [
        "facade/samples/ReadModel/Sold.cs", "facade/samples/ReadModel/StockTable.cs", "facade/samples/ReadModel/Program.cs",
        "tests/Refold.Tests/Projections/InlineProjectionTests.cs", "tests/Refold.Tests/Projections/ReadModelSampleTests.cs",
    ];

    [Fact]
    public void ItsCode_IsTheCodeOfTheSampleAndOfTheTests()
    {
        var code = Flat(string.Join('\n', Files.Select(SourceTree.Read)));
        var blocks = Fence().Matches(SourceTree.Read("facade/docs/projections.md")).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(7, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ItsCommands_RunTheProjectionOfTheSample()
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = Journal.Open(directory.Journal()))
        {
            for (var number = 0; number < 20; number++) await journal.AppendAsync(new AppendRequest(global::ReadModel.Sales.Entry(number)));
        }

        var page = SourceTree.Read("facade/docs/projections.md");
        var commands = Commands().Match(page).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, commands.Length);
        foreach (var command in commands)
        {
            var words = command.Split(" > ")[0].Split(' ').Skip(1).Select(word => word switch
            {
                "ReadModel.dll" => Path.Combine(AppContext.BaseDirectory, word),
                "report.json" => directory.File(word),
                _ => word,
            });
            var result = RefoldTool.Run([.. words, "--journal", directory.Journal()]).Expect(0);
            Assert.Contains("sold-by-sku", result.Output, StringComparison.Ordinal);
            if (command.EndsWith(" > report.json", StringComparison.Ordinal)) directory.Write("report.json", result.Output);
        }
    }

    private static string Flat(string code) => Space().Replace(code, " ").Trim();

    [GeneratedRegex("```csharp\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Commands();

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}

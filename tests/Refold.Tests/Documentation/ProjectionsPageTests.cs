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

    private static string Flat(string code) => Space().Replace(code, " ").Trim();

    [GeneratedRegex("```csharp\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}

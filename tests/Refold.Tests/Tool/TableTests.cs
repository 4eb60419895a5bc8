// Tables on screens of any width: key columns are always there, one column is cut, nothing is wider than the screen.
// Run by `dotnet test`.
using Refold.Cli.Demo;
using Refold.Cli.Shell;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class TableTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public TableTests()
    {
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(12));
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--journal",
            directory.Journal()).Expect(0);
    }

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("runs", 60, "run position entries ended pin", "dispatch-7 1 15 yes")]
    [InlineData("runs", 80, "run position started at entries ended pin", "dispatch-7 1 2015-05-17T10:05:0")]
    [InlineData("runs", 120, "run position started at entries ended pin", "dispatch refold 1 seed 7 backends=8 choices=2")]
    [InlineData("read --stream dispatch", 60, "position version role type payload", "3 1 Event Dispatched {\"at\":")]
    [InlineData("read --stream dispatch", 80, "position version role type time payload", "3 1 Event Dispatched 2015-05-17T10:05:0")]
    [InlineData("read --stream dispatch", 120, "position version role type time payload", "Dispatched 2015-05-17T10:05:0")]
    [InlineData("streams", 60, "stream version deleted to", "$run/dispatch-7 15 0")]
    [InlineData("streams", 20, "stream version", "$run/dispa… 15")]
    [InlineData("inspect", 60, "segment entries bytes sealed", "no")]
    [InlineData("replay --choices 3 --ignore-pin --context 2", 60, "position stream version role payload", "> 3 dispatch 1 Event")]
    public void EveryColumnThatHasRoom_IsThere_AndNoLineIsWiderThanTheScreen(string line, int columns, string heading, string row)
    {
        var looked = RefoldTool.RunOnScreen(columns, [.. line.Split(' '), "--journal", directory.Journal()]);
        string[] lines = [.. looked.Lines.Select(Single)];
        Assert.Contains(heading, lines);
        Assert.Contains(lines, found => found.Contains(row, StringComparison.Ordinal));
        int first = Array.IndexOf(lines, heading);
        Assert.All(looked.Lines[first..].TakeWhile(found => !found.StartsWith("to do", StringComparison.Ordinal)), found =>
            Assert.InRange(ScreenText.Width(found), 1, columns));
        // What has no room is named.
        string begin = string.Join(' ', heading.Split(' ')[..2]) + " ";
        string whole = RefoldTool.RunOnScreen(300, [.. line.Split(' '), "--journal", directory.Journal()]).Lines
            .Select(Single).First(found => (found + " ").StartsWith(begin, StringComparison.Ordinal));
        Assert.Equal(whole != heading, lines.Any(IsNote));

        static string Single(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        static bool IsNote(string text) => text.Contains("no roo", StringComparison.Ordinal);
    }

    // What a run is and whether it has ended stays; the rest is cut or goes before.
    [Theory]
    [InlineData(60, "run position ended", 43)]
    [InlineData(80, "run position entries ended", 45)]
    [InlineData(120, "run position started at entries ended pin", 45)]
    [InlineData(80, "run position", 100)]
    public void ARunWithALongName_SaysWhetherItHasEnded(int columns, string heading, int length)
    {
        string name = new('n', length);
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--run", name, "--journal",
            directory.Journal("named")).Expect(0);
        string[] lines = RefoldTool.RunOnScreen(columns, "runs", "--journal", directory.Journal("named")).Expect(0).Lines;
        Assert.Equal(heading, string.Join(' ', lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Contains(length <= 45 ? name : "n… ", lines[1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(ScreenText.Width(line), 1, columns));
    }

    [Fact]
    public void InAPipe_ATableHasTabs_WholeTimes_AndThePinAsJson()
    {
        string[] lines = RefoldTool.Run("runs", "--journal", directory.Journal()).Expect(0).Lines;
        Assert.Equal("run\tposition\tstarted at\tentries\tended\tpin", lines[0]);
        Assert.Contains("\t{\"model\":\"dispatch\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void LongNames_AreCutWithAnEllipsis_NumbersEndUnderEachOther_AndControlCharactersAreDots()
    {
        Column[] columns = [new("name"), new("number") { IsNumber = true }, new("rest") { IsCut = true, GoesAt = 1 }];
        string[][] rows = [[new string('n', 100), "1", "a\u001b[2Jb\nc"], ["日本語", "12345", new string('r', 100)]];
        string[] wide = [.. Table.Lines(columns, rows, 150, "--json")];
        Assert.Equal(100 + 2 + 6 + 2 + 40, ScreenText.Width(wide[2]));
        Assert.EndsWith("12345  " + new string('r', 39) + "…", wide[2], StringComparison.Ordinal);
        Assert.EndsWith("     1  a·[2Jb·c", wide[1], StringComparison.Ordinal);
        string[] narrow = [.. Table.Lines(columns, rows, 40, "--json")];
        Assert.Equal(new string('n', 31) + "…       1", narrow[1]);
        Assert.Equal("日本語" + new string(' ', 26) + "   12345", narrow[2]);
        Assert.All(narrow, line => Assert.InRange(ScreenText.Width(line), 1, 40));
    }

    [Fact]
    public void MoreRowsThanAreLookedAt_KeepTheWidthsOfTheFirst()
    {
        var rows = Enumerable.Range(1, 2000).Select(number => new[] { FormattableString.Invariant($"{number}"), "x" });
        var lines = Table.Lines([new("number") { IsNumber = true }, new("what")], rows, 80, "--json").ToList();
        Assert.Equal((2001, "  2000  x"), (lines.Count, lines[^1]));
    }
}

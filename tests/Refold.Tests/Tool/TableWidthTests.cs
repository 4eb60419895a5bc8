// Every verb that prints a table, over awkward names and payloads: nothing is wider than the screen, nothing cut or gone without a sign.
// Run by `dotnet test`. A verb that prints a table and is not tried here fails.
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Refold.Cli.Demo;
using Refold.Cli.Shell;
using Xunit;

namespace Refold.Tests.Tool;

public sealed partial class TableWidthTests(TableWidthTests.Recorded recorded) : IClassFixture<TableWidthTests.Recorded>
{
    private const string Same = "\"elapsed\":0";

    private static readonly string run = new('r', 45);
    private static readonly string longest = new('s', 200);
    private static readonly string wide = string.Concat(Enumerable.Repeat("日本✅", 25));

    // The file that prints it, the first column, the command line.
    private static readonly (string Name, string File, string First, string[] Line)[] tables =
    [
        ("runs", "Verbs/RunsVerb.cs", "run", ["runs"]),
        ("streams", "Verbs/StreamsVerb.cs", "stream", ["streams"]),
        ("inspect", "Verbs/InspectVerb.cs", "segment", ["inspect"]),
        ("outbox", "Verbs/OutboxVerb.cs", "outbox", ["outbox"]),
        ("read", "Verbs/ReadVerb.cs", "position", ["read", "--stream", "dispatch"]),
        ("read a long name", "Verbs/ReadVerb.cs", "position", ["read", "--stream", longest]),
        ("read a wide name", "Verbs/ReadVerb.cs", "position", ["read", "--stream", wide]),
        ("explain", "Verbs/ExplainVerb.cs", "what", ["explain", "2"]),
        ("replay", "Scenarios/ReplayContext.cs", "position", ["replay", "--choices", "3", "--ignore-pin", "--context", "9"]),
    ];

    public static TheoryData<string, int> EveryTable
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var (name, _, _, _) in tables)
            {
                foreach (int columns in (int[])[60, 80, 120]) data.Add(name, columns);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EveryTable))]
    public void OnAScreen_NoLineIsTooWide_AndWhatIsCutOrGoneIsSaid(string name, int columns)
    {
        var (first, line) = Find(name);
        var (lines, headings, rows, note) = Parsed(RefoldTool.RunOnScreen(columns, line), first);
        var (_, allHeadings, allRows, nothing) = Parsed(RefoldTool.RunOnScreen(5000, line), first);
        Assert.All(lines, shown => Assert.InRange(ScreenText.Width(shown), 1, columns));
        Assert.Equal("", nothing);
        Assert.Equal(allRows.Count, rows.Count);
        Assert.NotEmpty(rows);
        foreach (var (row, all) in rows.Zip(allRows))
        {
            Assert.Equal(headings.Length, row.Length);
            Assert.Equal(allHeadings.Length, all.Length);
            foreach (var (heading, cell) in headings.Zip(row))
            {
                string value = all[Array.IndexOf(allHeadings, heading)];
                Assert.True(
                    cell == value || (cell.EndsWith('…') && value.StartsWith(cell[..^1], StringComparison.Ordinal)),
                    $"{heading}: '{cell}' of '{value}'");
            }
        }

        string[] gone = [.. allHeadings.Except(headings)];
        string expected = FormattableString.Invariant($"({string.Join(", ", gone)}: no room in {columns} columns; --json has all)");
        Assert.Equal(gone.Length == 0 ? "" : expected, note);
        if (name == "runs" && columns >= 80) Assert.Contains("ended", headings);
    }

    [Theory]
    [MemberData(nameof(EveryTable))]
    public void AsJson_NothingIsCut_HoweverWideTheScreenIs(string name, int columns)
    {
        string[] line = [.. Find(name).Line, "--json"];
        string piped = Elapsed().Replace(RefoldTool.Run(line).Output, Same);
        Assert.Equal(piped, Elapsed().Replace(RefoldTool.RunOnScreen(columns, line).Output, Same));
        Assert.All(piped.Split('\n', StringSplitOptions.RemoveEmptyEntries), found => Assert.NotNull(JsonNode.Parse(found)));
        Assert.DoesNotContain("…", piped, StringComparison.Ordinal);
    }

    [Fact]
    public void InAPipe_NothingIsCut()
    {
        foreach (var (name, _, first, line) in tables)
        {
            string[] lines = RefoldTool.Run([.. line, "--journal", recorded.Journal]).Lines;
            Assert.All(lines, found => Assert.DoesNotContain("…", found, StringComparison.Ordinal));
            // Reading gives NDJSON there.
            if (first == "position" && name != "replay") continue;
            string[] table = [.. lines.Where(found => found.Contains('\t', StringComparison.Ordinal))];
            Assert.True(table.Length > 1, name);
            Assert.Single(table.Select(found => found.Count(character => character == '\t')).Distinct());
            string whole = name switch
            {
                "runs" => run,
                "streams" => longest,
                "replay" => Recorded.Payload,
                "outbox" or "explain" => "payments",
                _ => "\tno",
            };
            Assert.Contains(table, found => found.Contains(whole, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void EveryVerbThatPrintsATable_IsTriedHere()
    {
        string root = SourceTree.PathOf("facade/Refold.Cli");
        var printing = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("Table.Print(", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'));
        Assert.Equal(tables.Select(table => table.File).Distinct().Order(StringComparer.Ordinal), printing.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WhatTerminalsDrawTwoColumnsWide_CountsAsTwo()
    {
        Assert.All((string[])["日", "✅", "⭐", "🚀", "🟢", "🫖", "𠀋", "⌚"], text => Assert.Equal(2, ScreenText.Width(text)));
        Assert.All((string[])["a", "é", "ж", "✓", "→", "a\u0301"], text => Assert.Equal(1, ScreenText.Width(text)));
    }

    private (string First, string[] Line) Find(string name)
    {
        var (_, _, first, line) = tables.Single(table => table.Name == name);
        return (first, [.. line, "--journal", recorded.Journal]);
    }

    // The lines of the table, its headings, its rows, and the note under it. Cells lie two or more spaces apart.
    private static (string[] Lines, string[] Headings, List<string[]> Rows, string Note) Parsed(ToolResult result, string first)
    {
        string[] lines = [.. result.Lines
            .SkipWhile(line => !line.TrimStart().StartsWith(first + "  ", StringComparison.Ordinal))
            .TakeWhile(line => !line.StartsWith("to do", StringComparison.Ordinal))];
        string[] table = [.. lines.TakeWhile(line => !line.StartsWith('('))];
        static string[] Cells(string line) => Gap().Split(line.TrimStart('>', ' ').TrimEnd());
        return (lines, Cells(table[0]), [.. table.Skip(1).Select(Cells)], string.Join(' ', lines[table.Length..]));
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Gap();

    [GeneratedRegex("\"(elapsedMs\":[0-9.]+|phasesMs\":\\{[^}]*\\})")]
    private static partial Regex Elapsed();

    public sealed class Recorded : IDisposable
    {
        private readonly TemporaryDirectory directory = new();

        /// <summary>An outbox, entries with long and wide names and payloads, and behind them a run with a long name.</summary>
        public Recorded()
        {
            SendAsync().GetAwaiter().GetResult();
            var lines = new StringBuilder();
            foreach (string stream in (string[])[longest, wide])
            {
                lines.Append($$"""{"stream":"{{stream}}","type":"{{stream}}","time":"2024-05-01T12:00:00.1234567Z","data":{{Payload}}}""");
                lines.Append('\n');
            }

            RefoldTool.Run("import", directory.Write("lines", lines.ToString()), "--journal", Journal).Expect(0);
            File.WriteAllBytes(directory.File("log"), SampleLog.Create(12));
            RefoldTool.Run(
                "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--run", run, "--journal", Journal)
                .Expect(0);
        }

        /// <summary>Longer than a table shows.</summary>
        internal static string Payload { get; } = "\"" + new string('p', 500) + wide + "\"";

        internal string Journal => directory.Journal();

        public void Dispose() => directory.Dispose();

        // An outbox with a value in each column: a dispatcher, a message that it gave up, and one that waits.
        private async Task SendAsync()
        {
            await using var journal = await Refold.Journal.OpenAsync(Journal);
            await using var tills = await journal.StartRunAsync(Till.Pin);
            await tills.Tills().ExecuteAsync("till/a", "pay 1");
            var dispatcher = new OutboxDispatcher<TillCharge>(
                journal, Till.Payments, (_, _) => throw new InvalidOperationException("no bank"), new() { Name = "d", MaxAttempts = 1 });
            await dispatcher.DeliverDueAsync();
            await tills.Tills().ExecuteAsync("till/a", "pay 1");
        }
    }
}

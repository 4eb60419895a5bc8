// Tables that keep their key columns on every screen: short columns keep their width, one is cut, and what has no room is named.
// Used by the verbs that list; the layout is pure, so that tests need no terminal.
using System.Globalization;
using System.Text;

namespace Refold.Cli.Shell;

/// <summary>A column.</summary>
/// <param name="Name">Its heading.</param>
internal sealed record Column(string Name)
{
    /// <summary>When it goes on a narrow screen: the highest first; 0 for a key column, which never does.</summary>
    public int GoesAt { get; init; }

    /// <summary>Whether it is cut so that the others keep their width.</summary>
    public bool IsCut { get; init; }

    /// <summary>Whether its numbers end under each other.</summary>
    public bool IsNumber { get; init; }
}

internal static class Table
{
    private const int Gap = 2;
    private const int LeastCut = 12;
    private const int LeastKey = 8;
    private const int Looked = 500;

    /// <summary>A table on a terminal; elsewhere a heading and a row a line, separated by tabs.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">A cell for each column.</param>
    /// <param name="whole">How to see what has no room, as <c>--json</c>.</param>
    public static void Print(Column[] columns, IEnumerable<string[]> rows, string whole)
    {
        if (!Output.IsTerminal)
        {
            Output.Line(string.Join('\t', columns.Select(column => column.Name)));
            foreach (string[] row in rows)
                Output.Line(string.Join('\t', row.Select(ScreenText.Printable)));
            return;
        }

        foreach (string line in Lines(columns, rows, Terminal.Current.Columns, whole))
            Output.Line(line);
    }

    /// <summary>The lines of a table on a screen. Widths come from the first rows, so that a long one need not be held.</summary>
    public static IEnumerable<string> Lines(Column[] columns, IEnumerable<string[]> rows, int screen, string whole)
    {
        using var rest = rows.GetEnumerator();
        var first = new List<string[]>();
        while (first.Count < Looked && rest.MoveNext()) first.Add(Printable(rest.Current));
        int?[] widths = Widths(columns, first, screen);
        yield return Line(columns, [.. columns.Select(column => column.Name)], widths);
        foreach (string[] row in first) yield return Line(columns, row, widths);
        while (rest.MoveNext()) yield return Line(columns, Printable(rest.Current), widths);
        var gone = columns.Where((_, index) => widths[index] is null).Select(column => column.Name).ToList();
        if (gone.Count == 0) yield break;
        string note = string.Create(
            CultureInfo.InvariantCulture, $"({string.Join(", ", gone)}: no room in {screen} columns; {whole} has all)");
        foreach (string line in ScreenText.Wrap(note, screen)) yield return line;
    }

    private static string[] Printable(string[] row) => [.. row.Select(ScreenText.Printable)];

    /// <summary>The width of each column; null for one that has no room.</summary>
    private static int?[] Widths(Column[] columns, List<string[]> rows, int screen)
    {
        int?[] widths = [.. columns.Select((column, index) =>
            (int?)rows.Select(row => ScreenText.Width(row[index])).Append(column.Name.Length).Max())];
        int cut = Array.FindIndex(columns, column => column.IsCut);
        while (true)
        {
            if (cut >= 0 && widths[cut] is { } wide && Over(widths, screen) is > 0 and var over)
                widths[cut] = Math.Max(Math.Min(wide, LeastCut), wide - over);
            if (Over(widths, screen) <= 0) return widths;
            int next = -1;
            for (int index = 0; index < columns.Length; index++)
            {
                if (widths[index] is not null && columns[index].GoesAt > (next < 0 ? 0 : columns[next].GoesAt)) next = index;
            }

            if (next < 0) break;
            widths[next] = null;
            // What went gives its room to the one that is cut.
            if (cut >= 0 && widths[cut] is not null)
                widths[cut] = rows.Select(row => ScreenText.Width(row[cut])).Append(columns[cut].Name.Length).Max();
        }

        // Only key columns are left, and a name in them is longer than the screen.
        while (Over(widths, screen) is > 0 and var tooMuch)
        {
            int widest = Enumerable.Range(0, widths.Length).MaxBy(index => widths[index] ?? 0);
            if (widths[widest] <= LeastKey) break;
            widths[widest] = Math.Max(LeastKey, widths[widest]!.Value - tooMuch);
        }

        return widths;
    }

    private static int Over(int?[] widths, int screen)
    {
        int shown = widths.Count(width => width is not null);
        return widths.Sum(width => width ?? 0) + (Gap * Math.Max(0, shown - 1)) - screen;
    }

    private static string Line(Column[] columns, string[] row, int?[] widths)
    {
        var line = new StringBuilder();
        bool isFirst = true;
        for (int index = 0; index < columns.Length; index++)
        {
            if (widths[index] is not { } width) continue;
            if (!isFirst) line.Append(' ', Gap);
            isFirst = false;
            string cell = ScreenText.Cut(row[index], width);
            int room = width - ScreenText.Width(cell);
            if (columns[index].IsNumber) line.Append(' ', room).Append(cell);
            else line.Append(cell).Append(' ', room);
        }

        return line.ToString().TrimEnd();
    }
}

// A few facts or a list, as people read them, and the JSON of what many verbs print.
// Used by the verbs; the only file besides the demo's story that knows Spectre.Console.
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Segments;
using Refold.Transfers;
using Spectre.Console;

namespace Refold.Cli.Shell;

internal static class Facts
{
    public static JsonObject Json(Head head) => new() { ["position"] = head.Position, ["hash"] = head.Hash.ToString() };

    /// <summary>The head behind a beginning that was dropped, an empty journal's where none was; null
    /// for a store that drops none.</summary>
    public static Head? BeginOf(IJournal journal) => journal switch
    {
        SegmentJournal segments => segments.Begin,
        IDatabaseJournal database => database.Begin,
        _ => null,
    };

    /// <summary>The head behind a beginning that was dropped; null where the journal is whole.</summary>
    public static string? Begin(IJournal journal) => BeginOf(journal) is { Position: > 0 } begin ? begin.ToString() : null;

    /// <summary>Idempotency keys of batches that begin before this position are forgotten; 0 for none.</summary>
    public static long KeysForgottenBefore(IJournal journal) => journal switch
    {
        SegmentJournal segments => segments.KeysForgottenBefore,
        IDatabaseJournal database => database.KeysForgottenBefore,
        _ => 0,
    };

    /// <summary>Which idempotency keys are forgotten; null for none.</summary>
    public static string? ForgottenKeys(IJournal journal) =>
        KeysForgottenBefore(journal) is > 0 and var before
            ? FormattableString.Invariant($"of batches that begin before position {before}")
            : null;

    /// <summary>A time in UTC, as NDJSON has it.</summary>
    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>One fact a line; those without a value are left out.</summary>
    public static void Print(params (string Name, string? Value)[] facts)
    {
        int width = facts.Max(fact => fact.Name.Length);
        foreach (var (name, value) in facts)
        {
            if (value is not null)
                Output.Line(name.PadRight(width) + "  " + value);
        }
    }

    /// <summary>A table on a terminal; elsewhere a heading and a row a line, separated by tabs.</summary>
    public static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        if (!Output.IsTerminal)
        {
            Output.Line(string.Join('\t', columns));
            foreach (string[] row in rows)
                Output.Line(string.Join('\t', row));
            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        foreach (string[] row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        AnsiConsole.Write(table);
    }
}

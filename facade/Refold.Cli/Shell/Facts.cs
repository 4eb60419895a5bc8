// A few facts as people read them, and the JSON of what many verbs print.
// Used by the verbs.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

internal static class Facts
{
    private const int WidestPayload = 400;

    public static JsonObject Json(Head head) => new() { ["position"] = head.Position, ["hash"] = head.Hash.ToString() };

    /// <summary>The head behind a beginning that was dropped; null where the journal is whole.</summary>
    public static string? Begin(IJournal journal) => JournalBounds.Begin(journal) is { Position: > 0 } begin ? begin.ToString() : null;

    /// <summary>Which idempotency keys are forgotten; null for none.</summary>
    public static string? ForgottenKeys(IJournal journal) =>
        JournalBounds.KeysForgottenBefore(journal) is > 0 and var before
            ? FormattableString.Invariant($"of batches that begin before position {before}")
            : null;

    /// <summary>A count with its noun, whose plural takes an s.</summary>
    public static string Count(long count, string noun) =>
        FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A time in UTC, as NDJSON has it.</summary>
    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A time for a table: to the second on a terminal, whole elsewhere.</summary>
    public static string TableTime(DateTimeOffset? time) => Output.IsTerminal
        ? time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? ""
        : Time(time) ?? "";

    /// <summary>A payload for a table: its beginning on a terminal, with an ellipsis for the rest; whole elsewhere.</summary>
    public static string TablePayload(ReadOnlySpan<byte> payload)
    {
        if (!Output.IsTerminal) return Encoding.UTF8.GetString(payload);
        var beginning = payload[..Math.Min(payload.Length, 4 * WidestPayload)];
        string text = ScreenText.Cut(Encoding.UTF8.GetString(beginning), WidestPayload);
        return beginning.Length == payload.Length || text.EndsWith('…') ? text : text + "…";
    }

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
}

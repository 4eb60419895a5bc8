// The entries around the one that differs, as the journal has them.
// Called by `refold replay` for --context.
using System.Globalization;
using System.Text.Json.Nodes;
using Refold.Cli.Shell;

namespace Refold.Cli.Scenarios;

/// <param name="Position">The position of the entry that differs.</param>
/// <param name="Entries">Those before it, itself, and those after it, in position order.</param>
internal sealed record ReplayContext(long Position, IReadOnlyList<JournalEntry> Entries)
{
    /// <summary>Finds so many entries before and after a position; fewer where the journal begins or ends, or entries were
    /// deleted.</summary>
    public static ReplayContext Find(ILocalJournal journal, long position, int wanted, CancellationToken cancellationToken)
    {
        List<JournalEntry> before = [];
        // Positions have holes where entries were deleted: look further back until there are enough.
        for (long back = wanted; wanted > 0 && before.Count < wanted && position > 1; back *= 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long from = Math.Max(1, position - back);
            before = [.. journal.ReadAll(from).TakeWhile(entry => entry.Position < position)];
            if (from == 1) break;
        }

        return new ReplayContext(
            position, [.. before.TakeLast(wanted), .. journal.ReadAll(position, wanted + 1L)]);
    }

    public JsonNode ToJson() => new JsonArray([.. Entries.Select(Lines.Json)]);

    /// <summary>A table with a mark at the entry that differs.</summary>
    public void Print() => Table.Print(
        [
            new(" "), new("position") { IsNumber = true }, new("stream"), new("version") { IsNumber = true }, new("role") { GoesAt = 2 },
            new("type") { GoesAt = 3 }, new("payload") { IsCut = true, GoesAt = 1 },
        ],
        Entries.Select(entry => new[]
        {
            entry.Position == Position ? ">" : " ",
            entry.Position.ToString(CultureInfo.InvariantCulture),
            entry.Stream.Value,
            entry.Version.ToString(CultureInfo.InvariantCulture),
            entry.Role.ToString(),
            entry.Type,
            Facts.TablePayload(entry.Payload.Span),
        }),
        "--json");
}

// One random edit of an export: any member of any line, or a line deleted, doubled, moved, inserted, or two swapped.
// Drawn by EditedRuns.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NdjsonLines = Refold.Cli.Shell.Lines;

namespace Refold.Suites;

/// <summary>An edited export.</summary>
/// <param name="Kind">"deleted", "doubled", "moved", "inserted", "swapped", or the member that was changed.</param>
/// <param name="Lines">The lines.</param>
/// <param name="Place">The index of the edited line among the lines; of a deleted one, where it was.</param>
/// <param name="Before">The line before the edit; empty for an inserted one.</param>
/// <param name="Other">The index of the other line of two that were swapped.</param>
internal sealed record ExportEdit(string Kind, IReadOnlyList<string> Lines, int Place, string Before, int? Other = null)
{
    private static readonly string[] Members =
    [
        "position", "version", "batch", "stream", "type", "schemaVersion", "role", "tags", "time", "id", "correlationId", "causationId",
        "run", "drawn", "idempotencyKey", "data", "data", "data", "data"
    ];

    private static readonly string[] Roles = ["command", "fact", "effect", "control", "event", "refusal", "message", "unmarked"];

    /// <summary>The run that the edited line named; after the edit, where it named none. Null for nobody's.</summary>
    public RunId? Of => RunOf(Before) ?? (Place < Lines.Count ? RunOf(Lines[Place]) : null);

    private static RunId? RunOf(string line) =>
        line.Length > 0 && (string?)JsonNode.Parse(line)!["run"] is { } run ? RunId.Create(run) : null;

    /// <summary>The members that are compared with nothing.</summary>
    public bool IsOfPlaceOrKey => Kind is "position" or "batch" or "idempotencyKey";

    /// <summary>The next edit.</summary>
    public static ExportEdit Draw(IReadOnlyList<string> lines, SeededRng rng)
    {
        var place = rng.Between(0, lines.Count - 1);
        var edited = lines.ToList();
        switch (rng.Between(0, 19))
        {
            case 0:
                edited.RemoveAt(place);
                return new ExportEdit("deleted", edited, place, lines[place]);
            case 1:
                edited.Insert(place, lines[place]);
                return new ExportEdit("doubled", edited, place + 1, lines[place]);
            case 2:
                edited.RemoveAt(place);
                var to = rng.Between(0, edited.Count);
                edited.Insert(to, lines[place]);
                return new ExportEdit("moved", edited, to, lines[place]);
            case 3:
                // A copy of a line behind all others, which goes on where they end.
                var copy = JsonNode.Parse(lines[place])!.AsObject();
                copy.Remove("position");
                copy.Remove("batch");
                copy.Remove("version");
                copy.Remove("id");
                copy.Remove("idempotencyKey");
                edited.Add(copy.ToJsonString());
                return new ExportEdit("inserted", edited, edited.Count - 1, "");
            case 4:
                var other = rng.Between(0, lines.Count - 1);
                (edited[place], edited[other]) = (Swapped(lines[other], lines[place]), Swapped(lines[place], lines[other]));
                return new ExportEdit("swapped", edited, place, lines[place], other);
            default:
                var member = Members[rng.Between(0, Members.Length - 1)];
                var line = JsonNode.Parse(lines[place])!.AsObject();
                Change(line, member, lines, rng);
                edited[place] = line.ToJsonString();
                return new ExportEdit(member, edited, place, lines[place]);
        }
    }

    // The content of one line at the place of another.
    private static string Swapped(string content, string place)
    {
        var (line, other) = (JsonNode.Parse(content)!.AsObject(), JsonNode.Parse(place)!.AsObject());
        foreach (var member in (string[])["position", "batch"]) line[member] = other[member]?.DeepClone();
        if ((string?)line["stream"] == (string?)other["stream"]) line["version"] = other["version"]?.DeepClone();
        return line.ToJsonString();
    }

    private static void Change(JsonObject line, string member, IReadOnlyList<string> lines, SeededRng rng)
    {
        // A third of all: what another line says there.
        var other = JsonNode.Parse(lines[rng.Between(0, lines.Count - 1)])!.AsObject();
        if (rng.Between(0, 2) == 0 && member is not ("position" or "version" or "batch"))
        {
            Set(line, member, other[member]?.DeepClone());
            return;
        }

        if (line[member] is not null && rng.Between(0, 5) == 0 && member is not ("stream" or "type" or "data" or "position"))
        {
            line.Remove(member);
            return;
        }

        Set(line, member, member switch
        {
            "position" or "version" or "batch" => (long)line[member]! + rng.Between(-1, 1),
            "stream" => ((string[])[
                "left/1", "left/2", "right/1", "left/9", "elsewhere/2", "$run/one", "$fx/two", "$outbox/mails", "$outbox/bills"
            ])[rng.Between(0, 8)],
            "type" => ((string[])["ask", "told", "denied", "other", "mail", "bill", "$run.ended"])[rng.Between(0, 6)],
            "schemaVersion" => ((int?)line[member] ?? 1) + rng.Between(1, 2),
            "role" => Roles[rng.Between(0, Roles.Length - 1)],
            "tags" => new JsonArray("added" + Digits(rng)),
            "time" => "2026-01-02T03:0" + Digits(rng) + ":07Z",
            // Half of the given ids are those that entries have without one.
            "id" when rng.Between(0, 1) == 0 => DerivedId(line),
            "id" or "correlationId" or "causationId" => rng.NextGuid().ToString(),
            "run" => ((string[])["one", "two", "three"])[rng.Between(0, 2)],
            "drawn" => Digits(rng),
            "idempotencyKey" => "key" + Digits(rng),
            _ => Mutated(line["data"], rng),
        });
    }

    private static string DerivedId(JsonObject line)
    {
        var read = NdjsonLines.Read("edit", 1, Encoding.UTF8.GetBytes(line.ToJsonString()), truncatesTimes: false);
        return new JournalEntry(read.Position!.Value, read.Version!.Value, read.Batch!.Value, read.Data with { Id = null }).Id.ToString();
    }

    private static void Set(JsonObject line, string member, JsonNode? value)
    {
        line.Remove(member);
        if (value is null) return;
        // The payload stands last.
        var data = line["data"]?.DeepClone();
        line.Remove("data");
        line[member] = value;
        if (member != "data" && data is not null) line["data"] = data;
    }

    // One leaf of the payload, or one member more or less.
    private static JsonNode? Mutated(JsonNode? node, SeededRng rng)
    {
        switch (node)
        {
            case JsonObject members:
                var changed = members.DeepClone().AsObject();
                var names = changed.Select(item => item.Key).ToArray();
                if (names.Length == 0 || rng.Between(0, 7) == 0)
                {
                    changed["added"] = rng.Between(0, 9);
                    return changed;
                }

                var name = names[rng.Between(0, names.Length - 1)];
                if (rng.Between(0, 9) == 0)
                    changed.Remove(name);
                else
                    changed[name] = Mutated(changed[name], rng)?.DeepClone();
                return changed;
            case JsonArray items when items.Count > 0:
                var array = items.DeepClone().AsArray();
                var index = rng.Between(0, array.Count - 1);
                array[index] = Mutated(array[index], rng)?.DeepClone();
                return array;
            case JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.Number:
                return (long)value + rng.Between(1, 3);
            case JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String:
                var text = (string)value!;
                if (text.Length == 0) return "x";
                var at = rng.Between(0, text.Length - 1);
                return text[..at] + Digits(rng) + text[(at + 1)..];
            case null:
                return "0".PadLeft(64, '0');
            default:
                return null;
        }
    }

    private static string Digits(SeededRng rng) => rng.Between(0, 9).ToString(CultureInfo.InvariantCulture);
}

// What an edit of an operation's entry in a run without an end may change unnoticed: what came from outside, and nothing else.
// Asked by EditedRuns. The list is closed.
using System.Text.Json.Nodes;

namespace Refold.Suites;

/// <summary>Of a run that has ended nothing may be changed: its end vouches for all of it. Of one that has not, nobody can know what came
/// from outside, and these four may be changed, if nothing else follows from them: the input of an operation's first attempt; the answer of
/// a call, or its failure; the time at which a begin, a call and an end were recorded. What the function makes of another input or answer,
/// and what a later attempt repeats, is compared all the same.</summary>
internal static class OperationEdits
{
    /// <summary>Whether the edited line is, or was, an operation's.</summary>
    public static bool IsOfOne(ExportEdit edit) =>
        new[] { edit.Before, edit.Place < edit.Lines.Count ? edit.Lines[edit.Place] : "" }.Any(IsOfOne);

    /// <summary>Whether the edit changed nothing but what came from outside.</summary>
    public static bool MayDiffer(ExportEdit edit)
    {
        if (edit.Kind is not ("data" or "time")) return false;
        var (before, after) = (JsonNode.Parse(edit.Before)!, JsonNode.Parse(edit.Lines[edit.Place])!);
        var type = (string)before["type"]!;
        if (edit.Kind == "time")
        {
            return type is "$operation.begun" or "$call" or "$operation.ended" or "$operation.failed"
                && before["time"] is not null && after["time"] is not null;
        }

        string[] fromOutside = type switch
        {
            "$operation.begun" => ["input"],
            "$call" => ["output", "failure"],
            _ => [],
        };
        return JsonNode.DeepEquals(Without(before["data"], fromOutside), Without(after["data"], fromOutside));
    }

    private static bool IsOfOne(string line)
    {
        if (line.Length == 0) return false;
        var node = JsonNode.Parse(line)!;
        return ((string)node["stream"]!).StartsWith("$fx/", StringComparison.Ordinal) && (string)node["type"]! != "$snapshot";
    }

    private static JsonNode? Without(JsonNode? data, string[] members)
    {
        if (data is not JsonObject from) return data;
        var left = from.DeepClone().AsObject();
        foreach (var member in members) left.Remove(member);
        return left;
    }
}

// What an edit of an operation's entry in a run without an end may change unnoticed: what came from outside, and nothing else.
// Asked by EditedRuns. The list is closed.
using System.Text.Json.Nodes;

namespace Refold.Suites;

/// <summary>Of a run that has ended nothing may be changed: its end vouches for all of it. Of one that has not, nobody can know what came
/// from outside, and these four may be changed, if nothing else follows from them: the input of an operation's first attempt; the answer of
/// a call, or its failure; the time at which a begin, a call and an end were recorded. What the function makes of another input or answer,
/// and what a later attempt repeats, is compared all the same. Nor does anybody know which of two operations, or branches, that went on
/// beside each other was written first: nothing follows from it.</summary>
internal static class OperationEdits
{
    /// <summary>Whether the edited line is, or was, an operation's.</summary>
    public static bool IsOfOne(ExportEdit edit) =>
        new[] { edit.Before, edit.Place < edit.Lines.Count ? edit.Lines[edit.Place] : "" }.Any(IsOfOne)
        || (edit.Other is { } other && IsOfOne(edit.Lines[other]));

    /// <summary>Whether the edit changed nothing but what came from outside.</summary>
    public static bool MayDiffer(ExportEdit edit)
    {
        if (edit.Kind == "swapped") return AreOfTwo(edit.Before, edit.Lines[edit.Place]);
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

    // Two entries of one stream, of two operations or of two branches.
    private static bool AreOfTwo(string one, string other)
    {
        var (left, right) = (JsonNode.Parse(one)!, JsonNode.Parse(other)!);
        return (string)left["stream"]! == (string)right["stream"]!
            && ((string)left["tags"]![0]! != (string)right["tags"]![0]!
                || (string?)left["data"]!["branch"] != (string?)right["data"]!["branch"]);
    }

    private static JsonNode? Without(JsonNode? data, string[] members)
    {
        if (data is not JsonObject from) return data;
        var left = from.DeepClone().AsObject();
        foreach (var member in members) left.Remove(member);
        return left;
    }
}

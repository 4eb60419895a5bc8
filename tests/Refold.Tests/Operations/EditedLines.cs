// The lines of an export with edits, and what a replay of them says.
// Used by tests of what edits must not hide.
using System.Text.Json.Nodes;
using Orders;
using Xunit;

namespace Refold.Tests.Operations;

internal static class EditedLines
{
    public static int At(List<string> lines, string type, int number) =>
        lines.Index().Where(line => (string)JsonNode.Parse(line.Item)!["type"]! == type).ElementAt(number).Index;

    public static void Edit(List<string> lines, int index, Action<JsonObject> change)
    {
        var line = JsonNode.Parse(lines[index])!.AsObject();
        change(line);
        var data = line["data"]!.DeepClone();
        line.Remove("data");
        line["data"] = data;
        lines[index] = line.ToJsonString();
    }

    public static async Task<ReplayReport> ReplayAsync(List<string> lines, string run, Operation operation)
    {
        await using var journal = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(journal, lines));
        return await journal.ReplayAsync(RunId.Create(run), [operation], [Order.Aggregate]);
    }

    public static async Task IsNamedAsync(List<string> lines, Operation operation, long position, string path)
    {
        var report = await ReplayAsync(lines, "run", operation);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        var said = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"position {position},");
        var differences = report.Findings.Append(report.Divergence + " ").ToList();
        Assert.True(
            differences.Exists(found => found.Contains(said, StringComparison.Ordinal) && found.Contains(path, StringComparison.Ordinal)),
            string.Join('\n', differences));
    }
}

// Edits of what lies beside the steps of a run that has ended: entries put in, moved across steps, taken away.
// Run by `dotnet test`.
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Runs;

public class RunEndEditTests
{
    private static readonly RunPin pin = new("orders", "acme", "1.0", seed: 7);

    private static readonly Codec<string> text =
        Codec.Create<string>("t", value => Encoding.UTF8.GetBytes(value), payload => Encoding.UTF8.GetString(payload.Span));

    // Decides without looking at the state, which is a sum.
    private static readonly Aggregate<long, string, string, string> sum = Aggregate.Create<long, string, string, string>(
        "x", 0L, (_, _, command) => Decision.Accept<string, string>([command]), (state, happened) => state + happened.Length,
        text, text, text,
        Codec.Create<long>(
            "n",
            n => Encoding.UTF8.GetBytes(n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            payload => long.Parse(Encoding.UTF8.GetString(payload.Span), System.Globalization.CultureInfo.InvariantCulture)));

    // One without a state hash.
    private static readonly Aggregate<long, string, string, string> bare = Aggregate.Create<long, string, string, string>(
        "x", 0L, (_, _, command) => Decision.Accept<string, string>([command]), (state, happened) => state + happened.Length,
        text, text, text);

    private static async Task AppendAsync(IJournal journal, string stream, RunId? run, string what = "\"fact\"")
    {
        var fact = new EntryData(stream, "t", Encoding.UTF8.GetBytes(what)) { Role = EntryRole.Fact, Run = run };
        (await journal.TryAppendAsync(new AppendRequest([fact]))).ReceiptOrThrow();
    }

    // Puts a line in before another: positions, batches and versions of what follows go up by one.
    private static List<string> Insert(List<string> lines, int at, JsonObject line)
    {
        var result = new List<string>();
        var stream = (string)line["stream"]!;
        for (var index = 0; index < lines.Count; index++)
        {
            var node = JsonNode.Parse(lines[index])!.AsObject();
            if (index == at)
            {
                line["position"] = (long)node["position"]!;
                if (line.ContainsKey("batch")) line["batch"] = (long)node["position"]!;
                result.Add(line.ToJsonString());
            }

            if (index >= at)
            {
                node["position"] = (long)node["position"]! + 1;
                if (node.ContainsKey("batch")) node["batch"] = (long)node["batch"]! + 1;
                if ((string)node["stream"]! == stream) node["version"] = (long)node["version"]! + 1;
            }

            result.Add(node.ToJsonString());
        }

        return result;
    }

    private static async Task<ReplayReport> ImportedAsync(List<string> lines, Aggregate aggregate)
    {
        await using var imported = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(imported, lines), string.Join('\n', lines));
        return await imported.VerifyAsync("run", aggregate);
    }

    private static string All(ReplayReport report) =>
        report.Verdict + "\n" + report + "\n" + string.Join('\n', report.Findings) + "\n" + string.Join('\n', report.Uncompared);

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task AFactPutInBeforeACommand_DidNotComeWhileTheRunEnded(bool hasOthers, bool isOfRun)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
        if (hasOthers) await AppendAsync(journal, "x/1", run.Id);
        if (hasOthers) await AppendAsync(journal, "x/1", null);
        await run.Streams(bare).ExecuteAsync("x/1", "one");
        await run.Streams(bare).ExecuteAsync("x/1", "two");
        await run.FinishAsync();
        Assert.True((await journal.VerifyAsync("run", bare)).Matched);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        // Before the last command.
        var at = lines.FindLastIndex(line => (string)JsonNode.Parse(line)!["role"]! == "command");
        var model = new InMemoryJournal();
        await AppendAsync(model, "x/1", isOfRun ? run.Id : null, "inserted");
        var line = JsonNode.Parse(Exports.Of(model.ReadAll())[0])!.AsObject();
        line["version"] = (long)JsonNode.Parse(lines[at + 1])!["version"]!;
        var report = await ImportedAsync(Insert(lines, at, line), bare);
        Assert.True(report.Verdict == ReplayVerdict.Diverged, All(report));
    }

    // Two entries of one stream in the other order: a fact, and the event of a step.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AFactMovedBehindAStep_IsFound(bool isOfRun)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
        await AppendAsync(journal, "x/1", isOfRun ? run.Id : null, "fact");
        await run.Streams(sum).ExecuteAsync("x/1", "one");
        await run.Streams(sum).ExecuteAsync("x/1", "two");
        await run.FinishAsync();
        Assert.True((await journal.VerifyAsync("run", sum)).Matched);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        // start, fact, command, event, command, event, end: fact behind the first event.
        var fact = JsonNode.Parse(lines[1])!.AsObject();
        var command = JsonNode.Parse(lines[2])!.AsObject();
        var happened = JsonNode.Parse(lines[3])!.AsObject();
        foreach (var node in new[] { command, happened })
        {
            node["position"] = (long)node["position"]! - 1;
            if (node.ContainsKey("batch")) node["batch"] = (long)node["batch"]! - 1;
        }

        happened["version"] = 1;
        fact["version"] = 2;
        fact["position"] = 4;
        if (fact.ContainsKey("batch")) fact["batch"] = 4;
        List<string> moved = [lines[0], command.ToJsonString(), happened.ToJsonString(), fact.ToJsonString(), .. lines[4..]];
        var report = await ImportedAsync(moved, sum);
        Assert.True(
            report.Verdict == ReplayVerdict.Diverged
                || report.Findings.Concat(report.Uncompared.Select(found => found.ToString()))
                    .Any(finding => finding.Contains("position 4", StringComparison.Ordinal)),
            All(report));
    }

    // Entries of another run in a stream of this one.
    [Fact]
    public async Task AnEntryOfAnotherRunInAStream_TakenAway_IsFound()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run" });
        await run.Streams(sum).ExecuteAsync("x/1", "one");
        await AppendAsync(journal, "x/1", RunId.Create("other"), "fact");
        await run.Streams(sum).ExecuteAsync("x/2", "two");
        await run.FinishAsync();
        Assert.True((await journal.VerifyAsync("run", sum)).Matched);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        lines.RemoveAll(line => (string?)JsonNode.Parse(line)!["run"] == "other");
        var report = await ImportedAsync(lines, sum);
        Assert.True(report.Verdict == ReplayVerdict.Diverged, All(report));
    }

    // Two ends of one run, and what comes behind.
    [Fact]
    public async Task AnHonestRun_FromASnapshot_WithFactsBeside_Matches()
    {
        await using var journal = new InMemoryJournal();
        var store = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(pin, new RunOptions { RunId = "run", Snapshots = store });
        await AppendAsync(journal, "x/1", run.Id);
        await AppendAsync(journal, "x/1", null);
        await AppendAsync(journal, "elsewhere/1", run.Id);
        await run.Streams(sum).ExecuteAsync("x/1", "one");
        await run.Streams(sum).TakeSnapshotAsync("x/1");
        await AppendAsync(journal, "x/1", null);
        await run.Streams(sum).ExecuteAsync("x/1", "two");
        await run.FinishAsync();
        var snapshots = new List<Snapshot>();
        snapshots.Add((await store.LoadAsync("x/1")).Snapshot!);
        Assert.Single(snapshots);
        var report = await journal.VerifyAsync("run", [sum], new VerifyOptions { StartFrom = snapshots });
        Assert.True(report.Matched, All(report));
    }
}

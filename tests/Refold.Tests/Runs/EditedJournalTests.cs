// Journals that were edited by hand, each in a way that once matched or was reported elsewhere. On every store.
// Run by `dotnet test`; EditedRunTests draws edits at random.
using System.Text.Json.Nodes;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class EditedJournalTests
{
    public static TheoryData<string> EveryStore => Stores.All;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AnEventUnderTheRunsName_InAStreamThatNoCommandNames_IsNamed(string store)
    {
        var report = await VerifyAsync(store, lines =>
        {
            var added = JsonNode.Parse(lines.Last(line => line.Contains("\"won\"", StringComparison.Ordinal)))!.AsObject();
            added["stream"] = "order/99";
            added["version"] = 1;
            added["position"] = lines.Count + 1;
            added["batch"] = lines.Count + 1;
            lines.Add(added.ToJsonString());
        });
        Assert.Equal((DivergenceCause.Unexpected, "order/99"), (report.Divergence!.Cause, report.Divergence.Stream.Value));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TheSeedOfThePin_IsComparedWithTheRoot(string store)
    {
        var finished = await VerifyAsync(store, Change("$run.started", line => line["data"]!["pin"]!["seed"] = "43"));
        Assert.Equal((DivergenceCause.Input, "/data/started"), (finished.Divergence!.Cause, finished.Divergence.Path));
        var unfinished = await VerifyAsync(store, Change("$run.started", line => line["data"]!["pin"]!["seed"] = "43"), finishes: false);
        Assert.Contains(unfinished.Findings, finding => finding.Contains("not that of the pin's seed", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task TheEnd_IsMadeAgainAndCompared(string store)
    {
        var streams = await VerifyAsync(store, Change("$run.ended", line => line["data"]!["streams"] = 99));
        Assert.Equal("/data/streams", streams.Divergence!.Path);
        var hashless = await VerifyAsync(store, Change("$run.ended", line => line["data"]!["stateHash"] = null));
        Assert.Contains(hashless.Findings, finding => finding.Contains("records no state hash", StringComparison.Ordinal));
        var later = await VerifyAsync(store, Change("$run.ended", line => line["time"] = "2031-01-01T00:00:00Z"));
        Assert.Equal("/data/time", later.Divergence!.Path);
        var renamed = await VerifyAsync(store, Change("$run.ended", line => line["run"] = "another"));
        Assert.Equal("/run", renamed.Divergence!.Path);
        var older = await VerifyAsync(store, Change("$run.ended", line => line.Remove("schemaVersion")));
        Assert.False(older.Matched);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AnInputOfAFinishedRun_IsVouchedForByItsEnd(string store)
    {
        var report = await VerifyAsync(store, lines => Change(
            lines.FindIndex(line => line.Contains("\"cancel\"", StringComparison.Ordinal)),
            line => line["causationId"] = "11111111-1111-8111-8111-111111111111")(lines));
        Assert.Equal((DivergenceCause.Input, "/data/inputs"), (report.Divergence!.Cause, report.Divergence.Path));
        Assert.Equal("input", report.Divergence.CauseName);
    }

    [Theory]
    [InlineData("refusal", "run", null, "/run")]
    [InlineData("refusal", "role", "fact", "/role")]
    [InlineData("won", "run", "another", "/run")]
    [InlineData("won", "run", null, "/run")]
    [InlineData("won", "role", "unmarked", "/role")]
    [InlineData("won", "role", "fact", "/role")]
    public async Task ARoleOrRunThatWasChanged_IsReportedAtItsEntry(string of, string member, string? value, string path)
    {
        var position = 0L;
        var report = await VerifyAsync("memory", lines =>
        {
            var index = lines.FindIndex(line => line.Contains(
                of == "refusal" ? "\"role\":\"refusal\"" : "\"" + of + "\"", StringComparison.Ordinal));
            position = (long)JsonNode.Parse(lines[index])!["position"]!;
            Change(index, line => SetOrRemove(line, member, value))(lines);
        });
        Assert.Equal((position, path), (report.Divergence!.Position, report.Divergence.Path));
    }

    [Fact]
    public async Task TheLastStepOfAnUnfinishedRun_IsComparedLikeAnyOther()
    {
        static Action<List<string>> Last(Action<JsonObject> change) => lines => Change(lines.Count - 1, change)(lines);
        var deleted = await VerifyAsync("memory", lines => lines.RemoveAt(lines.Count - 1), finishes: false);
        Assert.Equal(DivergenceCause.Unexpected, deleted.Divergence!.Cause);
        Assert.StartsWith("position ", deleted.Divergence.Command, StringComparison.Ordinal);
        Assert.NotNull(deleted.Divergence.StateBefore);
        (string Member, string? Value, string Path)[] changes = [("role", "unmarked", "/role"), ("run", null, "/run")];
        foreach (var (member, value, path) in changes)
        {
            var edited = await VerifyAsync("memory", Last(line => SetOrRemove(line, member, value)), finishes: false);
            Assert.Equal(path, edited.Divergence!.Path);
        }

        var payload = await VerifyAsync("memory", Last(line => line["data"]!["Points"] = 1_000_000), finishes: false);
        Assert.Equal("/data/Points", payload.Divergence!.Path);
    }

    [Fact]
    public async Task AnUnfinishedRun_ListsWhatNothingVouchesFor()
    {
        var report = await VerifyAsync("memory", _ => { }, finishes: false);
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("the run has not ended", StringComparison.Ordinal));
        Assert.Equal(
            ["content, time, correlation and causation", "pin and time"],
            report.Uncompared.Select(uncompared => uncompared.Members).Order(StringComparer.Ordinal));
        var finished = await VerifyAsync("memory", _ => { });
        Assert.True(finished.Matched, finished.ToString());
        Assert.Empty(finished.Findings);
        Assert.Empty(finished.Uncompared);
    }

    private static async Task<ReplayReport> VerifyAsync(string store, Action<List<string>> edit, bool finishes = true)
    {
        List<string> lines;
        await using (var journal = Stores.Open(store))
        {
            await using var run = await journal.StartAsync();
            await run.Orders().ExecuteAsync("order/1", new Place("sku", 1));
            await run.Orders().ExecuteAsync("order/1", new Place("sku", 1));
            await run.Orders().ExecuteAsync("order/1", new Cancel());
            await run.Orders().ExecuteAsync("order/1", new Draw());
            if (finishes) await run.FinishAsync();
            lines = [.. Exports.Of(journal.ReadAll())];
        }

        edit(lines);
        await using var edited = Stores.Open(store);
        Assert.True(await Exports.TryImportAsync(edited, lines));
        return await edited.VerifyAsync("test", Order.Aggregate);
    }

    private static Action<List<string>> Change(string type, Action<JsonObject> change) =>
        lines => Change(lines.FindIndex(line => line.Contains("\"" + type + "\"", StringComparison.Ordinal)), change)(lines);

    private static Action<List<string>> Change(int index, Action<JsonObject> change) => lines =>
    {
        var line = JsonNode.Parse(lines[index])!.AsObject();
        change(line);
        lines[index] = line.ToJsonString();
    };

    private static void SetOrRemove(JsonObject line, string member, string? value)
    {
        line.Remove(member);
        if (value is null) return;
        var data = line["data"]?.DeepClone();
        line.Remove("data");
        line[member] = value;
        if (member == "role") line["tags"] = new JsonArray();
        line["data"] = data;
    }
}

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

    // It decides the same, so that nothing else of the run differs.
    [Theory]
    [InlineData("{ ", true)]
    [InlineData("{", false)]
    public async Task ACommandThatIsWrittenOtherwiseNow_IsNoFaithfulCodecs(string opening, bool isOther)
    {
        var position = 0L;
        var report = await VerifyAsync(
            "memory",
            lines =>
            {
                var index = lines.FindIndex(line => line.Contains("\"place\"", StringComparison.Ordinal));
                position = (long)JsonNode.Parse(lines[index])!["position"]!;
                var place = lines[index].LastIndexOf("\"data\":{", StringComparison.Ordinal) + "\"data\":".Length;
                lines[index] = lines[index][..place] + opening + lines[index][(place + 1)..];
            },
            finishes: false);
        Assert.Equal(!isOther, report.Matched);
        if (isOther)
            Assert.Equal((DivergenceCause.CodecNotFaithful, position), (report.Divergence!.Cause, report.Divergence.Position));
    }

    [Theory]
    [InlineData("won")]
    [InlineData("refusal")]
    [InlineData("$run.ended")]
    public async Task AGivenId_IsNamed_AlsoWhereItSaysWhatTheEntryIsCalledAnyway(string of)
    {
        var position = 0L;
        var report = await VerifyAsync("memory", lines =>
        {
            var index = lines.FindIndex(line => line.Contains("\"" + of + "\"", StringComparison.Ordinal));
            var line = Refold.Cli.Shell.Lines.Read("edit", 1, System.Text.Encoding.UTF8.GetBytes(lines[index]), truncatesTimes: false);
            position = line.Position!.Value;
            var id = new JournalEntry(position, line.Version!.Value, line.Batch!.Value, line.Data).Id;
            Change(index, json => SetOrRemove(json, "id", id.ToString()))(lines);
        });
        Assert.Equal((position, "/id"), (report.Divergence!.Position, report.Divergence.Path));
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task AFactBehindTheEnd_IsNamed_AndAccusesNobody(string store)
    {
        await using var journal = Stores.Open(store);
        await using var run = await journal.StartAsync();
        await run.Orders().ExecuteAsync("order/1", new Place("sku", 1));
        await run.FinishAsync();
        var late = RunFixture.Fact("order/1", 5) with { Run = run.Id };
        var receipt = (await journal.TryAppendAsync(new AppendRequest([late]))).ReceiptOrThrow();
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        var named = FormattableString.Invariant($"position {receipt.FirstPosition}");
        Assert.Contains(report.Findings, finding => finding.Contains("lies behind its end", StringComparison.Ordinal)
            && finding.Contains(named, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task ARunThatWasImportedWithoutItsBatches_GoesOn_Ends_AndMatches(int batchSize)
    {
        string[] lines;
        await using (var journal = new InMemoryJournal())
        {
            await using var run = await journal.StartAsync();
            await run.Orders().ExecuteAsync("order/1", new Place("sku", 1));
            await run.Orders().ExecuteAsync("order/2", new Place("sku", 2));
            await run.Orders().ExecuteAsync("order/1", new Draw());
            RunFixture.AppendFact(journal, "order/1", 3);
            lines = Exports.Of(journal.ReadAll());
        }

        await using var imported = new InMemoryJournal();
        foreach (var batch in lines.Chunk(batchSize))
        {
            var request = new AppendRequest([.. batch.Select((line, index) =>
                Refold.Cli.Shell.Lines.Read("in", index + 1, System.Text.Encoding.UTF8.GetBytes(line), truncatesTimes: false).Data)])
            {
                AllowsOwnStreams = true,
            };
            (await imported.TryAppendAsync(request)).ReceiptOrThrow();
        }

        await using var resumed = await imported.ResumeRunAsync("test", RunFixture.Pin, RunFixture.Options());
        await resumed.Orders().ExecuteAsync("order/2", new Draw());
        await resumed.FinishAsync();
        var report = await imported.VerifyAsync("test", Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.NotNull(report.StateHash);
    }

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task WhereTheHistoryOfAFinishedRunIsGone_ItsInputsAreListed(string store)
    {
        await using var journal = Stores.Open(store);
        var snapshots = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Snapshots = snapshots });
        await run.Orders().ExecuteAsync("order/1", new Place("sku", 1));
        var snapshot = await run.Orders().TakeSnapshotAsync("order/1");
        await run.Orders().ExecuteAsync("order/1", new Draw());
        await run.FinishAsync();
        await journal.DeleteToAsync("order/1", 1);
        var report = await journal.VerifyAsync(run.Id, [Order.Aggregate], new VerifyOptions { StartFrom = [snapshot!] });
        Assert.True(report.Matched, report.ToString());
        Assert.Contains(report.Findings, finding => finding.Contains("'order/1' up to version 1", StringComparison.Ordinal));
        Assert.Contains(report.Uncompared, found => found.Members.StartsWith("content", StringComparison.Ordinal) && found.Entries == 2);
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

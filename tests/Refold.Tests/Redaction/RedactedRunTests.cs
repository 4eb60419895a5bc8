// Verifying runs with redacted commands and events: folded, told, never matched, and checked in all but the decision.
// Run by `dotnet test`.
using System.Text.Json.Nodes;
using Xunit;

namespace Refold.Tests.Redaction;

public class RedactedRunTests
{
    private static readonly Card card = new(Traces.Secret, "Ada");

    public static TheoryData<string> EveryStore => Stores.All;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public async Task ARedactedCommand_IsFoldedAndTold_AndTheVerdictIsIncomplete(string store)
    {
        var report = await VerifyAsync(store, _ => { });
        Assert.Equal((ReplayVerdict.Incomplete, false, 2L), (report.Verdict, report.Matched, report.NotRedecidable));
        // Two commands and their outcomes as recorded; one command decided again.
        Assert.Equal((5L, 1L), (report.External, report.Derived));
        var told = Assert.Single(report.Uncompared, found => found.Members == "NotRedecidable");
        Assert.Equal([(2L, 2L), (6L, 6L)], told.Ranges);
        Assert.Equal(
            "NotRedecidable 2: redacted commands, whose outcome was folded as it was recorded, and nothing vouches for what they sent: "
            + "position 2, 6",
            told.ToString());
        Assert.Null(report.Divergence);
        Assert.Equal(1, report.Streams[0].Version - 1);
    }

    [Fact]
    public async Task ARunWithRedactedEventsOnly_IsDecidedAgain_AndMatches()
    {
        await using var journal = new InMemoryJournal();
        // Only its events are redacted: the number is in the command.
        var wallet = Aggregate.Create(
            "wallet", new WalletState(0, ""), Wallet.Decide, Wallet.Aggregate.Decider.Evolve, Wallet.Open.Commands,
            Wallet.Aggregate.Events, Wallet.Aggregate.Errors, Wallet.Aggregate.State, Wallet.Aggregate.Tags);
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { CheckCodecs = true });
        var paid = await run.Streams(wallet).ExecuteAsync("wallet/1", new Pay(card, 3));
        Assert.Equal(("[redacted]", "[redacted]"), (((Paid)paid.Events[0]).Number, paid.State.LastNumber));
        await run.Streams(wallet).ExecuteAsync("wallet/1", new Pay(card, 0));
        await run.FinishAsync();
        var report = await journal.VerifyAsync(run.Id, wallet);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(0, report.NotRedecidable);
        var folded = await journal.FoldAsync("wallet/1", wallet);
        Assert.Equal((1L, true, paid.State), (folded.Redacted, folded.Matched, folded.State));
    }

    [Fact]
    public async Task WhatIsDecidedOtherwise_IsTheDivergence_AlsoBesideRedactedCommands()
    {
        var rule = Wallet.Aggregate.WithDecide((step, state, command) =>
            command is Refund ? [] : Wallet.Decide(step, state, command));
        var report = await VerifyAsync("memory", _ => { }, rule: rule);
        Assert.Equal((ReplayVerdict.Diverged, DivergenceCause.Missing), (report.Verdict, report.Divergence!.Cause));
        // A rule that no longer takes the redacted ones is not asked.
        var other = Wallet.Aggregate.WithDecide((step, state, command) =>
            command is Pay ? throw new InvalidOperationException() : Wallet.Decide(step, state, command));
        Assert.Equal(ReplayVerdict.Incomplete, (await VerifyAsync("memory", _ => { }, rule: other)).Verdict);
    }

    [Theory]
    [InlineData("data", "{\"$redacted\":{\"Amount\":10,\"Digits\":17,\"Numbr\":\"[redacted]\"}}", DivergenceCause.Undecodable)]
    [InlineData("data", "{\"Amount\":10,\"Digits\":17,\"Number\":\"4\"}", DivergenceCause.Payload)]
    [InlineData("type", "\"refunded\"", DivergenceCause.Undecodable)]
    [InlineData("tags", "[\"digits:18\",\"kind:derived\"]", DivergenceCause.Tags)]
    [InlineData("role", "\"fact\"", DivergenceCause.Type)]
    [InlineData("role", "\"refusal\"", null)]
    [InlineData("time", "\"2031-01-01T00:00:00Z\"", DivergenceCause.Header)]
    [InlineData("causationId", "\"11111111-1111-8111-8111-111111111111\"", null)]
    [InlineData("correlationId", "\"11111111-1111-8111-8111-111111111111\"", DivergenceCause.Header)]
    [InlineData("run", "\"another\"", DivergenceCause.Header)]
    public async Task AnEditOfTheEventOfARedactedCommand_IsNamed(string member, string value, DivergenceCause? cause)
    {
        var report = await VerifyAsync("memory", Change("paid", line => Set(line, member, value)), finishes: false);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        if (cause is { } expected) Assert.Equal(expected, report.Divergence!.Cause);
    }

    [Theory]
    [InlineData("type", "\"paye\"")]
    [InlineData("schemaVersion", "7")]
    [InlineData("drawn", "null")]
    [InlineData("tags", "[\"a\"]")]
    [InlineData(
        "data",
        "{\"stream\":\"wallet/9\",\"data\":{\"$redacted\":{\"Amount\":10,\"Card\":{\"Holder\":\"Ada\",\"Number\":\"[redacted]\"}}}}")]
    [InlineData(
        "data", "{\"stream\":\"wallet/1\",\"data\":{\"$redacted\":{\"Amount\":10,\"Card\":{\"Holder\":\"Ada\",\"Number\":\"4\"}}}}")]
    public async Task AnEditOfARedactedCommand_IsNamed(string member, string value)
    {
        var report = await VerifyAsync("memory", Change("pay", line => Set(line, member, value)), finishes: false);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
    }

    [Fact]
    public async Task WhatNobodyCanDecideAgain_IsNeverMatched_AndVouchedForByTheEnd()
    {
        var edit = Change("paid", line => line["data"]!["$redacted"]!["Amount"] = 11);
        var unfinished = await VerifyAsync("memory", edit, finishes: false);
        Assert.Equal((ReplayVerdict.Incomplete, 2L), (unfinished.Verdict, unfinished.NotRedecidable));
        var finished = await VerifyAsync("memory", edit);
        Assert.Equal((ReplayVerdict.Diverged, DivergenceCause.State), (finished.Verdict, finished.Divergence!.Cause));
    }

    [Fact]
    public async Task AnHonestCommandThatIsMarkedAsRedacted_IsNotMatched()
    {
        static void Mark(JsonObject line)
        {
            var data = line["data"]!.AsObject();
            var command = data["data"]!.DeepClone();
            data["data"] = new JsonObject { ["$redacted"] = command };
        }

        var unfinished = await VerifyAsync("memory", Change("refund", Mark), finishes: false);
        Assert.False(unfinished.Matched);
        Assert.Equal(ReplayVerdict.Diverged, (await VerifyAsync("memory", Change("refund", Mark))).Verdict);
        // Also where its codec would have written it so: then nothing differs, and nothing matches.
        var edited = await VerifyAsync("memory", Change("refund", Mark), finishes: false, rule: Of(Wallet.Aggregate.Commands, "$.Amount"));
        Assert.NotEqual(ReplayVerdict.Matched, edited.Verdict);
    }

    [Fact]
    public async Task ARedactedCommandThatLosesItsMark_IsNotMatched()
    {
        var report = await VerifyAsync(
            "memory",
            Change("pay", line => line["data"]!["data"] = line["data"]!["data"]!["$redacted"]!.DeepClone()),
            finishes: false);
        Assert.NotEqual(ReplayVerdict.Matched, report.Verdict);
    }

    [Fact]
    public async Task ARedactedCommandWithoutItsEvents_IsNotMatched()
    {
        var report = await VerifyAsync("memory", lines => lines.RemoveAll(line => line.Contains("\"paid\"", StringComparison.Ordinal)));
        Assert.NotEqual(ReplayVerdict.Matched, report.Verdict);
        Assert.NotEqual(ReplayVerdict.Incomplete, report.Verdict);
    }

    [Fact]
    public async Task ARetryIsTheSame_IfItIsTheSameInTheFormThatIsWritten()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        var (streams, keyed) = (run.Streams(Wallet.Aggregate), new ExecuteOptions { IdempotencyKey = "k" });
        await streams.ExecuteAsync("wallet/1", new Pay(card, 3), keyed);
        var again = await streams.ExecuteAsync("wallet/1", new Pay(new Card("another", "Ada"), 3), keyed);
        Assert.Equal((true, "[redacted]"), (again.IsRepeated, ((Paid)again.Events[0]).Number));
        var reused = await Assert.ThrowsAsync<NotAppendedException>(() => streams.ExecuteAsync("wallet/1", new Pay(card, 4), keyed));
        Assert.IsType<AppendFailure.KeyReused>(reused.Failure);
    }

    private static Aggregate<WalletState, WalletCommand, WalletEvent, Denied> Of(Codec<WalletCommand> commands, params string[] more) =>
        Aggregate.Create(
            "wallet", Wallet.Aggregate.Decider, commands.WithRedaction(more), Wallet.Aggregate.Events, Wallet.Aggregate.Errors,
            Wallet.Aggregate.State, Wallet.Aggregate.Tags);

    private static async Task<ReplayReport> VerifyAsync(
        string store, Action<List<string>> edit, bool finishes = true, Aggregate? rule = null)
    {
        List<string> lines;
        await using (var journal = Stores.Open(store))
        {
            await using var run = await journal.StartAsync();
            var streams = run.Streams(Wallet.Aggregate);
            await streams.ExecuteAsync("wallet/1", new Pay(card, 10));
            await streams.ExecuteAsync("wallet/1", new Refund(4));
            await streams.ExecuteAsync("wallet/1", new Pay(card, 0));
            if (finishes) await run.FinishAsync();
            lines = [.. Exports.Of(journal.ReadAll())];
        }

        edit(lines);
        await using var edited = Stores.Open(store);
        Assert.True(await Exports.TryImportAsync(edited, lines));
        return await edited.VerifyAsync("test", rule ?? Wallet.Aggregate);
    }

    private static Action<List<string>> Change(string type, Action<JsonObject> change) => lines =>
    {
        var index = lines.FindIndex(line => line.Contains("\"type\":\"" + type + "\"", StringComparison.Ordinal));
        var line = JsonNode.Parse(lines[index])!.AsObject();
        change(line);
        lines[index] = line.ToJsonString();
    };

    private static void Set(JsonObject line, string member, string value)
    {
        var data = line["data"]!.DeepClone();
        line.Remove("data");
        line.Remove(member);
        if (member != "data" && value != "null") line[member] = JsonNode.Parse(value);
        // The tag of the kind goes with the role.
        if (member == "role") line["tags"] = new JsonArray();
        line["data"] = member == "data" ? JsonNode.Parse(value) : data;
    }
}

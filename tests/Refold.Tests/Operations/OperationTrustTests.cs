// What edits of a run without an end must not hide: entries of attempts that were taken over, commands claimed twice or by nobody, marks.
// And honest records that were accused: after retention, and where an input got a member. Run by `dotnet test`.
using System.Text;
using System.Text.Json.Nodes;
using Orders;
using Refold.Tests.Runs;
using Xunit;
using static Refold.Tests.Operations.EditedLines;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Operations;

public class OperationTrustTests
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly Codec<string> plain = Codec.Json(ShopJson.Default.String, "text");

    // Two equal commands, and a failure behind them where a number is reached.
    private static Operation<string, string> Draws(int fails = 0, int draws = 2)
    {
        var ends = 0;
        return Of(async (fx, input) =>
        {
            fx.Clock.GetUtcNow();
            for (var draw = 0; draw < draws; draw++) await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            return await Call(fx, "end", () => ++ends <= fails ? throw new TimeoutException("late") : Task.FromResult("done"));
        });
    }

    // An attempt that fails, in the first run, and one that ends, in the second.
    private static async Task<List<string>> RecordAsync(string first = "run", string second = "run")
    {
        await using var journal = new InMemoryJournal();
        var operation = Draws(fails: 1);
        await using var run = await Shop.StartAsync(journal, first);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await using var next = first == second ? null : await Shop.StartAsync(journal, second);
        await (next ?? run).RunAsync(operation, "k", "in", ct);
        return [.. Exports.Of(journal.ReadAll())];
    }

    [Theory]
    [InlineData("run", "run")]
    [InlineData("run", "second")]
    public async Task AnEntryOfAnAttemptThatWasTakenOver_IsNamed(string first, string second)
    {
        var lines = await RecordAsync(first, second);
        await MatchesAsync(lines);
        var (failed, begun) = (At(lines, "$operation.failed", 0), At(lines, "$operation.begun", 1));
        (lines[failed], lines[begun]) = (Placed(lines[begun], lines[failed]), Placed(lines[failed], lines[begun]));
        var position = (long)JsonNode.Parse(lines[begun])!["position"]!;
        await IsNamedAsync(lines, Draws(), position, "");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACommandThatTwoEntriesClaim_IsNamed(bool withKeys)
    {
        var lines = await RecordAsync();
        if (!withKeys)
        {
            for (var index = 0; index < lines.Count; index++) Edit(lines, index, line => line.Remove("idempotencyKey"));
        }

        await MatchesAsync(lines);
        var cause = JsonNode.Parse(lines[At(lines, "$executed", 0)])!["causationId"]!;
        var second = At(lines, "$executed", 1);
        Edit(lines, second, line => line["causationId"] = cause.DeepClone());
        await IsNamedAsync(lines, Draws(), second + 1, "/causationId");
        // The command that nobody claims any more.
        await IsNamedAsync(lines, Draws(), At(lines, "draw", 1) + 1, "");
    }

    // With the keys that the journal still has, a command is that of its place.
    [Fact]
    public async Task TwoCommandsThatChangedPlaces_AreNamed()
    {
        var lines = await RecordAsync();
        var (one, other) = (At(lines, "$executed", 0), At(lines, "$executed", 1));
        Edit(lines, one, line => line["data"]!["ordinal"] = 2);
        Edit(lines, other, line => line["data"]!["ordinal"] = 1);
        Assert.False((await ReplayAsync(lines, "run", Draws())).Matched);
        lines = await RecordAsync();
        foreach (var line in lines.Index().Where(line => (string?)JsonNode.Parse(line.Item)!["idempotencyKey"] is not null).ToList())
            Edit(lines, line.Index, edited => edited["idempotencyKey"] = "op:" + ((long)edited["batch"]!).ToString("D64"));
        await IsNamedAsync(lines, Draws(), At(lines, "draw", 0) + 1, "/idempotencyKey");
    }

    public static TheoryData<string, int, string> Marks => new()
    {
        { "$operation.begun", 0, "redacted" },
        { "$operation.begun", 1, "redacted" },
        { "$clock", 0, "redacted" },
        { "$executed", 0, "redacted" },
        { "$call", 0, "redacted" },
        { "$call", 1, "redacted" },
        { "$operation.failed", 0, "redacted" },
        { "$operation.ended", 0, "redacted" },
        { "$operation.begun", 0, "made" },
        { "$operation.begun", 1, "made" },
    };

    [Theory]
    [MemberData(nameof(Marks))]
    public async Task AMarkThatNothingBearsOut_IsNamed(string type, int number, string mark)
    {
        var lines = await RecordAsync();
        var index = At(lines, type, number);
        Edit(lines, index, line => Insert(line["data"]!.AsObject(), mark));
        await IsNamedAsync(lines, Draws(), index + 1, "/data/" + mark);
    }

    [Fact]
    public async Task AKeyThatWasMade_SaysSo_AndIsNoCallers()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(Draws(), "in", ct);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        await MatchesAsync(lines);
        var begun = At(lines, "$operation.begun", 0);
        var key = (string)JsonNode.Parse(lines[begun])!["data"]!["key"]!;
        await Assert.ThrowsAsync<ArgumentException>(() => run.RunAsync(Draws(), key, "in", ct));
        Edit(lines, begun, line => Assert.True(line["data"]!.AsObject().Remove("made")));
        await IsNamedAsync(lines, Draws(), begun + 1, "/data/made");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    public async Task WhereTheBeginningOfTheEffectsWasDeleted_TheVerdictIsIncomplete(bool ends, int upTo)
    {
        await using var journal = new InMemoryJournal();
        var operation = Draws(fails: 1);
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.RunAsync(operation, "k", "in", ct);
        if (ends) await run.FinishAsync();
        await journal.DeleteToAsync("$fx/run", upTo);
        var report = await journal.ReplayAsync("run", Draws());
        Assert.Equal((ReplayVerdict.Incomplete, null), (report.Verdict, report.Divergence));
        Assert.Contains(report.Findings, finding => finding.Contains("deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatWasDeletedElsewhere_KeepsNothingFromBeingCompared()
    {
        var lines = await RecordAsync("first", "run");
        Edit(lines, At(lines, "$executed", 2), line => line["data"]!["earlier"] = 1);
        await using var journal = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(journal, lines));
        await using (var other = await Shop.StartAsync(journal, "other")) await other.RunAsync(Draws(), "other", "in", ct);
        await journal.DeleteToAsync("$fx/other", 1);
        Assert.Equal(ReplayVerdict.Diverged, (await journal.ReplayAsync("run", Draws())).Verdict);
    }

    [Fact]
    public async Task WhatWasCutOff_IsResumedWithItsInputAsRecorded_WhateverFormItHasNow()
    {
        await using var memory = new InMemoryJournal();
        // Start and begin; killed before the answer is durable.
        var killed = new StagedJournal(memory)
        {
            Before = number => number > 2 ? new AppendResult.NotAppended(new AppendFailure.Unavailable("killed", null)) : null,
        };
        Operation<string, string> Asking(string form) => Operation.Create(
            "op",
            Codec.Create<string>(
                "asked",
                sku => Encoding.UTF8.GetBytes(form.Replace("SKU", sku, StringComparison.Ordinal)),
                payload => (string)JsonNode.Parse(payload.Span)!["Sku"]!),
            plain,
            (fx, sku) => Call(fx, "price", () => Task.FromResult("1"), sku));
        var (before, now) = (Asking("{\"Sku\":\"SKU\"}"), Asking("{\"Note\":null,\"Sku\":\"SKU\"}"));
        var first = await Shop.StartAsync(killed, "first");
        await Assert.ThrowsAsync<NotAppendedException>(() => first.RunAsync(before, "k", "tea", ct));
        await using (var run = await Shop.StartAsync(memory))
        {
            var refused = await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(now, "k", "tea", ct));
            Assert.IsType<AppendFailure.KeyReused>(refused.Failure);
            Assert.Contains("another form", refused.Message, StringComparison.Ordinal);
            Assert.Equal([new ResumedOperation("op", "k", IsKnown: true, null)], await run.ResumeOperationsAsync([now]));
        }

        var report = await memory.ReplayAsync("run", now);
        Assert.True(report.Matched, report + string.Join('\n', report.Findings));
    }

    // Members of a payload stand in the order of their names: nothing but the member differs.
    private static void Insert(JsonObject data, string name) => data.Insert(
        data.Select(item => item.Key).TakeWhile(other => string.CompareOrdinal(other, name) < 0).Count(), name, true);

    // In the place of another; the version too, where both are of one stream.
    private static string Placed(string content, string place)
    {
        var (line, other) = (JsonNode.Parse(content)!.AsObject(), JsonNode.Parse(place)!.AsObject());
        string[] members = (string)line["stream"]! == (string)other["stream"]! ? ["position", "batch", "version"] : ["position", "batch"];
        foreach (var member in members) line[member] = other[member]?.DeepClone();
        return line.ToJsonString();
    }

    private static async Task MatchesAsync(List<string> lines)
    {
        var report = await ReplayAsync(lines, "run", Draws());
        Assert.True(report.Matched, report + string.Join('\n', report.Findings));
    }
}

// Operations of which something is redacted: live with everything, recorded without it, not tried again, and not called a difference.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Operations;
using Refold.Tests.Runs;
using Xunit;

namespace Refold.Tests.Redaction;

public class RedactedOperationTests
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly Codec<string> plain = Codec.Json(ShopJson.Default.String, "text");
    private static readonly Codec<Charge> charges = Wallet.Charges(redacts: true);
    private static readonly Codec<Charged> answers = Wallet.Answers(redacts: true);
    private static readonly Charge charge = new(new Card(Traces.Secret, "Ada"), 5);

    [Fact]
    public async Task ARedactedInput_IsNotTriedAgain_WhetherItFailedOrWasCutOff()
    {
        var seen = new List<string>();
        var operation = Operation.Create("op", charges, plain, (OperationContext fx, Charge input) =>
        {
            seen.Add(input.Card.Number);
            return Task.FromException<string>(new InvalidOperationException("no " + input.Card.Number));
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", charge, ct));
        await Assert.ThrowsAsync<OperationRedactedException>(() => run.RunAsync(operation, "k", charge, ct));
        // Another input is told apart from that as far as it was written.
        await Assert.ThrowsAsync<NotAppendedException>(() => run.RunAsync(operation, "k", charge with { Amount = 6 }, ct));
        Assert.Equal([Traces.Secret], seen);
        var ended = (await journal.ReadAllAsync().ToListAsync()).Last(entry => entry.Type == "$operation.failed");
        Assert.Contains("no [redacted]", System.Text.Encoding.UTF8.GetString(ended.Payload.Span), StringComparison.Ordinal);
        // Without its number it says the same: nothing differs.
        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        var changed = Operation.Create("op", charges, plain, (OperationContext _, Charge _) => Task.FromResult("an output"));
        var report = await journal.ReplayAsync("run", changed);
        Assert.Equal((ReplayVerdict.Incomplete, null), (report.Verdict, report.Divergence));
        Assert.Contains(report.Findings, finding => finding.Contains("is not replayable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ACutOffOperationWithARedactedInput_IsNotResumed()
    {
        await using var journal = new InMemoryJournal();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var operation = Operation.Create("op", charges, plain, async (OperationContext fx, Charge _) =>
        {
            began.SetResult();
            await held.Task;
            return "done";
        });
        await using var first = await Shop.StartAsync(journal, "first");
        var running = first.RunAsync(operation, "k", charge, ct);
        await began.Task;
        await using var second = await Shop.StartAsync(journal, "second");
        var resumed = Task.Run(() => second.ResumeOperationsAsync([operation]));
        var one = Assert.Single(await resumed);
        Assert.Equal((true, true), (one.IsKnown, one.Error is OperationRedactedException));
        held.SetResult();
        Assert.Equal("done", await running);
    }

    [Fact]
    public async Task ARedactedAnswer_IsTheFunctionsLive_AndNotInTheRecord()
    {
        var operation = Operation.Create("op", plain, plain, async (OperationContext fx, string _) =>
        {
            var charged = await fx.CallAsync(
                "charge", charge, charges, (asked, _) => Task.FromResult(new Charged(asked.Card.Number, asked.Amount)), answers);
            return charged.Token == Traces.Secret ? "the token" : "another";
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("the token", await run.RunAsync(operation, "k", "", ct));
        Assert.Equal("the token", await run.RunAsync(operation, "k", "", ct));
        Assert.Equal(ReplayVerdict.Incomplete, (await journal.ReplayAsync("run", operation)).Verdict);
    }

    [Fact]
    public async Task ARequest_IsComparedInTheFormThatIsWritten_AndKeepsNothingFromBeingTriedAgain()
    {
        var (card, calls) = (charge.Card.Number, 0);
        var operation = Operation.Create("op", plain, plain, async (OperationContext fx, string _) =>
        {
            var asked = charge with { Card = new Card(card, "Ada") };
            await fx.CallAsync("charge", asked, charges, (_, _) => Task.FromResult(++calls + " calls"), plain);
            return calls == 1 && card == charge.Card.Number ? throw new InvalidOperationException("first") : "ended";
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(operation, "k", "", ct));
        // The key was changed since; the request is the same as far as it was written.
        card = "another";
        Assert.Equal("ended", await run.RunAsync(operation, "k", "", ct));
        Assert.Equal(1, calls);
        var more = Operation.Create("op", plain, plain, async (OperationContext fx, string _) =>
        {
            await fx.CallAsync("charge", charge with { Amount = 6 }, charges, (_, _) => Task.FromResult(""), plain);
            return "ended";
        });
        var report = await journal.ReplayAsync("run", more);
        Assert.Equal(ReplayVerdict.Diverged, report.Verdict);
        Assert.Empty(Traces.In(report + string.Join('\n', report.Findings)));
    }

    [Fact]
    public async Task ARedactedOutput_IsTheCallersOnce_AndIsComparedAsWritten()
    {
        Operation<string, Charged> Of(int amount) => Operation.Create(
            "op", plain, answers, (OperationContext _, string _) => Task.FromResult(new Charged(Traces.Secret, amount)));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal(Traces.Secret, (await run.RunAsync(Of(1), "k", "", ct)).Token);
        Assert.Equal("[redacted]", (await run.RunAsync(Of(1), "k", "", ct)).Token);
        await run.FinishAsync();
        Assert.True((await journal.ReplayAsync("run", Of(1))).Matched);
        var report = await journal.ReplayAsync("run", Of(2));
        Assert.Equal((ReplayVerdict.Diverged, DivergenceCause.Payload), (report.Verdict, report.Divergence!.Cause));
    }

    [Fact]
    public async Task ACommandOfAnOperation_IsRedactedLikeAnyOther_AndReplayIsIncomplete()
    {
        var operation = Operation.Create("op", plain, plain, async (OperationContext fx, string _) =>
        {
            var paid = await fx.ExecuteAsync(Wallet.Aggregate, "wallet/1", new Pay(charge.Card, 5));
            return ((Paid)paid.Events[0]).Number;
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        Assert.Equal("[redacted]", await run.RunAsync(operation, "k", "", ct));
        await run.FinishAsync();
        var report = await journal.ReplayAsync(RunId.Create("run"), [operation], [Wallet.Aggregate, Order.Aggregate]);
        Assert.Equal((ReplayVerdict.Incomplete, 1L, null), (report.Verdict, report.NotRedecidable, report.Divergence));
    }

    [Fact]
    public async Task WhoeverIsAtARedactedOperation_IsNotAskedToTakeAnotherKey()
    {
        // Two processes over one database.
        await using var memory = new InMemoryJournal();
        var (journal, elsewhere) = (new StagedJournal(memory), new StagedJournal(memory));
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var operation = Operation.Create("op", charges, plain, async (OperationContext fx, Charge _) =>
        {
            began.TrySetResult();
            await held.Task;
            return "done";
        });
        await using var run = await Shop.StartAsync(journal);
        var running = run.RunAsync(operation, "k", charge, ct);
        await began.Task;
        await using var other = await Shop.StartAsync(elsewhere, "other");
        await Assert.ThrowsAsync<OperationInProgressException>(() => other.RunAsync(operation, "k", charge, ct));
        await Assert.ThrowsAsync<OperationRedactedException>(
            () => other.RunAsync(operation, "k", charge, new OperationOptions { TakeOver = true }, ct));
        held.SetResult();
        Assert.Equal("done", await running);
    }
}

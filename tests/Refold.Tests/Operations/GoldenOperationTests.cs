// The bytes of an operation, and of the end of a run with entries beside its steps: what was written once is written so, and read.
// Run by `dotnet test`. The file was written by this test; a change of it is a change of the format.
using Orders;
using Refold.Tests.Redaction;
using Xunit;

namespace Refold.Tests.Operations;

public class GoldenOperationTests
{
    private const string GoldenHead = "0e65dd6ff103e0ba239d123d55831f242d4caca9e54746955238eb6d3d3661b0";

    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly Codec<string> text = Codec.Json(ShopJson.Default.String, "text");
    private static readonly Codec<Charge> charges = Wallet.Charges(redacts: true);

    private static readonly Operation<string, string> failsOnce = Of(0);

    // A reading, a call that fails in the first attempt, two branches, a command, a request in which something is redacted.
    private static Operation<string, string> Of(int fails)
    {
        var left = fails;
        return Operation.Create("golden", text, text, async (OperationContext fx, string input) =>
        {
            var at = fx.Clock.GetUtcNow();
            var charge = new Charge(new Card(Traces.Secret, "Ada"), 5);
            var charged = await fx.Branch("pay").CallAsync("charge", charge, charges, (_, _) => Task.FromResult("paid"), text);
            var drawn = await fx.ExecuteAsync(Order.Aggregate, "order/1", new Draw());
            var late = await fx.Branch("late").CallAsync(
                "late", input, text, (_, _) => left-- > 0 ? throw new TimeoutException("late") : Task.FromResult("in time"), text);
            return string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{at:O} {charged} {drawn.IsAccepted} {late} {fx.NewGuid()} {fx.Random.NextUInt64()}");
        });
    }

    [Fact]
    public async Task AnOperation_IsWrittenByteByByteAsBefore()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { StartTime = new FixedClock().GetUtcNow() });
        var operation = Of(fails: 1);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(operation, "k", "in", ct));
        await run.RunAsync(operation, "k", "in", ct);
        await run.RunAsync(failsOnce, "in", ct);
        await AppendAsync(journal, "order/1", run.Id);
        await AppendAsync(journal, "order/1", null);
        await AppendAsync(journal, "elsewhere/1", run.Id);
        await run.FinishAsync(new FixedClock().GetUtcNow());
        Assert.Equal(await File.ReadAllLinesAsync(Vectors.PathOf("operation.ndjson")), Exports.Of(journal.ReadAll()));
        Assert.Equal(GoldenHead, journal.Head.Hash.ToString());
    }

    [Fact]
    public async Task WhatWasWrittenOnce_IsRead_AndMatches()
    {
        await using var journal = new InMemoryJournal();
        Assert.True(await Exports.TryImportAsync(journal, await File.ReadAllLinesAsync(Vectors.PathOf("operation.ndjson"))));
        Assert.Equal(GoldenHead, journal.Head.Hash.ToString());
        var report = await journal.ReplayAsync("test", [failsOnce], [Order.Aggregate]);
        Assert.True(report.Matched, report + "\n" + string.Join('\n', report.Findings));
    }

    private static async Task AppendAsync(IJournal journal, string stream, RunId? run)
    {
        var happened = Order.Aggregate.Events.Encode(new Won(2));
        var fact = new EntryData(stream, happened.Type, happened.Payload) { Role = EntryRole.Fact, Run = run };
        (await journal.TryAppendAsync(new AppendRequest([fact]))).ReceiptOrThrow();
    }
}

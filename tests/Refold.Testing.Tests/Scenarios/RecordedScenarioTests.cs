// A recorded run as a test: it matches, or diverges where a changed rule changes it.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Testing.Tests.Scenarios;

public class RecordedScenarioTests
{
    [Fact]
    public async Task ARecordedRun_MatchesUnderItsRule_AndDivergesUnderAnother()
    {
        await using var journal = new InMemoryJournal();
        var run = await RecordAsync(journal);
        var report = await journal.Given(run).When(Order.Aggregate).ThenMatchesAsync();
        Assert.Equal(2, report.Derived);
        var changed = Order.Aggregate.WithDecide((step, state, command) =>
            command is Place place ? [new Placed(place.Sku, place.Quantity + 1)] : Order.Decide(step, state, command));
        var divergence = await journal.Given(run).When(changed).ThenDivergesAsync(position: 3, path: "/data/Quantity");
        Assert.Equal(("2", "3"), (divergence.Expected, divergence.Actual));
    }

    [Fact]
    public async Task ADifference_IsTheMessage_WithCommandAndStateBefore()
    {
        await using var journal = new InMemoryJournal();
        var run = await RecordAsync(journal);
        var changed = Order.Aggregate.WithDecide((_, _, _) => OrderError.NotPlaced);
        var failure = await Assert.ThrowsAsync<ScenarioException>(() => journal.Given(run).When(changed).ThenMatchesAsync());
        Assert.Contains("position 3, stream 'order/1' version 1\n", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\ncommand: position 2: place {\"Quantity\":2,\"Sku\":\"sku\"}\n", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\nstate before: {", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\nto do: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherDifferenceThanExpected_AndNone_AreNamed()
    {
        await using var journal = new InMemoryJournal();
        var run = await RecordAsync(journal);
        var changed = Order.Aggregate.WithDecide((_, _, _) => [new Won(1)]);
        var other = await Assert.ThrowsAsync<ScenarioException>(
            () => journal.Given(run).When(changed).ThenDivergesAsync(position: 3, path: "/data/Quantity"));
        Assert.StartsWith(
            "expected a difference at position 3, /data/Quantity; actual:\n", other.Message, StringComparison.Ordinal);
        Assert.Contains("/type", other.Message, StringComparison.Ordinal);
        var none = await Assert.ThrowsAsync<ScenarioException>(
            () => journal.Given(run).When(Order.Aggregate).ThenDivergesAsync(position: 3, path: ""));
        Assert.Contains("matches", none.Message, StringComparison.Ordinal);
    }

    private static async Task<RunId> RecordAsync(InMemoryJournal journal)
    {
        await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1", seed: 42));
        var orders = run.Streams(Order.Aggregate);
        await orders.ExecuteAsync("order/1", new Place("sku", 2));
        await orders.ExecuteAsync("order/1", new Place("sku", 3));
        await run.FinishAsync();
        return run.Id;
    }
}

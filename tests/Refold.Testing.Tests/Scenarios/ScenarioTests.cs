// Given, when, then: what holds passes, and what does not is named by event and field, over the bytes that would be recorded.
// Run by `dotnet test`; the page facade/docs/testing.md shows the same use.
using Orders;
using Xunit;

namespace Refold.Testing.Tests.Scenarios;

public class ScenarioTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void WhatIsSaid_Holds() =>
        Order.Aggregate.Given()
            .When(new Place("sku", 2)).Then(new Placed("sku", 2)).ThenState(new OrderState(true, 2, 0))
            .When(new Place("sku", 3)).ThenRefused(OrderError.AlreadyPlaced)
            .When(new Cancel()).Then().ThenState(new OrderState(true, 2, 0));

    [Fact]
    public void Given_IsFolded() =>
        Order.Aggregate.Given(new Placed("sku", 2), new Won(7)).Given(new Won(1)).ThenState(new OrderState(true, 2, 8));

    [Fact]
    public void AnotherField_IsNamedWithExpectedAndActual()
    {
        var decided = Order.Aggregate.Given(new Won(7)).When(new Place("sku", 2));
        var failure = Assert.Throws<ScenarioException>(() => decided.Then(new Placed("sku", 3)));
        Assert.Equal((1, "/data/Quantity", "3", "2"), (failure.Event, failure.Path, failure.Expected, failure.Actual));
        Assert.Equal(
            """
            event 1, /data/Quantity: expected 3, actual 2
            when: place {"Quantity":2,"Sku":"sku"}
            expected:
            > 1. placed {"Quantity":3,"Sku":"sku"}
            actual:
            > 1. placed {"Quantity":2,"Sku":"sku"}
            given:
              1. won {"Points":7}
            """.ReplaceLineEndings("\n"),
            failure.Message);
    }

    [Fact]
    public void AnotherTypeOfEvent_IsNamed()
    {
        var decided = Order.Aggregate.Given().When(new Place("sku", 2));
        var failure = Assert.Throws<ScenarioException>(() => decided.Then(new Won(2)));
        Assert.StartsWith("event 1, /type: expected won, actual placed\n", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingEvent_AndOneTooMany_AreNamed()
    {
        var decided = Order.Aggregate.Given().When(new Place("sku", 2));
        var missing = Assert.Throws<ScenarioException>(() => decided.Then(new Placed("sku", 2), new Won(1)));
        Assert.StartsWith("event 2: expected won {\"Points\":1}, actual absent\n", missing.Message, StringComparison.Ordinal);
        var extra = Assert.Throws<ScenarioException>(() => decided.Then());
        Assert.StartsWith(
            "event 1: expected absent, actual placed {\"Quantity\":2,\"Sku\":\"sku\"}\n", extra.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARefusal_WhereEventsWereExpected_AndTheOtherWayRound_AreNamed()
    {
        var refused = Order.Aggregate.Given(new Placed("sku", 2)).When(new Place("sku", 2));
        var unexpected = Assert.Throws<ScenarioException>(() => refused.Then(new Placed("sku", 2)));
        Assert.StartsWith(
            "the outcome: expected accepted: placed {\"Quantity\":2,\"Sku\":\"sku\"}, actual refused: order-error \"AlreadyPlaced\"\n",
            unexpected.Message,
            StringComparison.Ordinal);
        var other = Assert.Throws<ScenarioException>(() => refused.ThenRefused(OrderError.NotPlaced));
        Assert.StartsWith(
            "the refusal, /data: expected \"NotPlaced\", actual \"AlreadyPlaced\"\n", other.Message, StringComparison.Ordinal);
        var accepted = Order.Aggregate.Given().When(new Place("sku", 2));
        Assert.Equal("", Assert.Throws<ScenarioException>(() => accepted.ThenRefused(OrderError.NotPlaced)).Path);
    }

    [Fact]
    public void AnotherState_IsNamed()
    {
        var failure = Assert.Throws<ScenarioException>(
            () => Order.Aggregate.Given(new Placed("sku", 2)).ThenState(new OrderState(true, 1, 0)));
        Assert.StartsWith("the state, /data/Quantity: expected 1, actual 2\n", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandomNumbers_FollowFromSeedStreamAndVersion_AndExpectedEventsMayDrawThem()
    {
        var drawing = Order.Aggregate.WithDecide((step, _, _) => [new Won(step.Random.Between(1, 1_000_000_000))]);
        var scenario = drawing.Given(new Placed("sku", 2)).WithSeed(42);
        var decided = scenario.When(new Draw());
        Assert.Equal(1UL, decided.DrawnWords);
        decided.ThenFrom(step => [new Won(step.Random.Between(1, 1_000_000_000))]);
        // Each of the three gives other draws, and a wrong one is named.
        var points = new[] { scenario, scenario.WithSeed(43), scenario.InStream("order/2"), scenario.Given(new Won(1)) }
            .Select(each => Assert.IsType<Won>(Assert.Single(each.When(new Draw()).Decision.Events)).Points);
        Assert.Equal(4, points.Distinct().Count());
        Assert.Throws<ScenarioException>(() => decided.ThenFrom(step => [new Won(0)]));
    }

    [Fact]
    public void Time_AndTheCommandsId_AreTheSteps()
    {
        var timed = Order.Aggregate.WithDecide((step, _, _) => [new Placed($"{step.CommandId:D}", step.Now.Hour)]);
        timed.Given().At(Noon).When(new Draw()).ThenFrom(step => [new Placed($"{step.CommandId:D}", 12)]);
        Assert.Throws<ScenarioException>(() => timed.Given().When(new Draw()).ThenFrom(step => [new Placed($"{step.CommandId:D}", 12)]));
    }

    [Fact]
    public async Task Draws_AreThoseOfARecordedRun_AndItsHistoryCanBeGiven()
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(new RunPin("orders", "acme", "1", seed: 42));
        await run.Streams(Order.Aggregate).ExecuteAsync("order/7", new Place("sku", 2));
        var history = await Order.Aggregate.GivenAsync(journal, "order/7");
        var drawn = await run.Streams(Order.Aggregate).ExecuteAsync("order/7", new Draw());
        history.WithSeed(42).When(new Draw()).Then(drawn.Events);
        (await Order.Aggregate.GivenAsync(journal, "order/7", toVersion: 1)).WithSeed(42).When(new Draw()).Then(drawn.Events);
        Assert.Equal(2, (await Order.Aggregate.GivenAsync(journal, "order/7")).Events.Count);
        var unknown = await Assert.ThrowsAsync<ScenarioException>(() => Order.Aggregate.GivenAsync(journal, "order/8"));
        Assert.StartsWith("The journal has no stream 'order/8'", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADecision_ThatIsNotTheSameTwice_IsNamed()
    {
        int count = 0;
        var unstable = Order.Aggregate.WithDecide((_, _, _) => [new Won(++count)]);
        var failure = Assert.Throws<ScenarioException>(() => unstable.Given().When(new Draw()));
        Assert.StartsWith("Decided twice, two answers: event 1, /data/Points: first 1, then 2.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CodeThatThrows_IsNamedWithTheCommandAndTheHistory()
    {
        var thrown = new InvalidOperationException("out of stock");
        var broken = Order.Aggregate.WithDecide((_, _, _) => throw thrown);
        var failure = Assert.Throws<ScenarioException>(() => broken.Given(new Won(7)).When(new Cancel()));
        Assert.Equal(
            "decide threw InvalidOperationException: out of stock\nwhen: cancel {}\ngiven:\n  1. won {\"Points\":7}", failure.Message);
        Assert.Same(thrown, failure.InnerException);
    }

    [Fact]
    public void AnEventThatCannotBeRecorded_IsNamed()
    {
        var failure = Assert.Throws<ScenarioException>(() => Order.Aggregate.Given(new Placed("\ud800", 1)));
        Assert.StartsWith("the given event cannot be encoded: ", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "the expected event cannot be encoded: ",
            Assert.Throws<ScenarioException>(() => Order.Aggregate.Given().When(new Draw()).Then(new Placed("\ud800", 1))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AStreamOfAnotherCategory_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Order.Aggregate.Given().InStream("invoice/1"));
}

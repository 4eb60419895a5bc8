// Decisions as a C# rule writes them.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Aggregates;

public class DecisionTests
{
    [Fact]
    public void CollectionExpression_OfEvents_IsAcceptedInOrder()
    {
        Decision<OrderEvent, OrderError> decision = [new Placed("a", 1), new Won(2)];
        Assert.True(decision.IsAccepted);
        Assert.False(decision.IsRefused);
        Assert.Equal([new Placed("a", 1), new Won(2)], decision.Events);
        Assert.False(decision.TryGetError(out _));
    }

    [Fact]
    public void EmptyCollectionExpression_IsAcceptedWithoutEvents()
    {
        Decision<OrderEvent, OrderError> decision = [];
        Assert.True(decision.IsAccepted);
        Assert.Empty(decision.Events);
        Assert.True(default(Decision<OrderEvent, OrderError>).IsAccepted);
        Assert.Empty(default(Decision<OrderEvent, OrderError>).Events);
    }

    [Fact]
    public void Spread_OfEvents_IsAccepted()
    {
        IEnumerable<Won> draws = [new(1), new(2)];
        Decision<OrderEvent, OrderError> decision = [new Placed("a", 1), .. draws];
        Assert.Equal(3, decision.Events.Count);
    }

    [Fact]
    public void OneEvent_BecomesADecision()
    {
        Decision<OrderEvent, OrderError> decision = new Won(7);
        Assert.Equal([new Won(7)], decision.Events);
    }

    [Fact]
    public void Error_BecomesARefusal()
    {
        Decision<OrderEvent, OrderError> decision = OrderError.NotPlaced;
        Assert.True(decision.IsRefused);
        Assert.Equal(OrderError.NotPlaced, decision.Error);
        Assert.True(decision.TryGetError(out var error));
        Assert.Equal(OrderError.NotPlaced, error);
        Assert.Empty(decision.Events);
    }

    [Fact]
    public void Error_OfAnAccepted_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Decision.Accept<OrderEvent, OrderError>([]).Error);

    [Fact]
    public void Words_AreForTypesThatCSharpDoesNotConvert()
    {
        Assert.Equal("no", Decision.Refuse<string, string>("no").Error);
        Assert.Equal(["yes"], Decision.Accept<string, string>(["yes"]).Events);
        Assert.Equal([1, 2], Decision.Accept<IComparable, IComparable>(new List<IComparable> { 1, 2 }).Events);
    }

    [Fact]
    public void EventsAndRefusalsOfOneType_AreToldApartByWords()
    {
        // Neither conversion is chosen: `Decision<string, string> decision = "a"` is CS0457.
        Assert.Equal(["a"], Decision.Accept<string, string>("a").Events);
        Assert.Equal(["a", "b"], Decision.Accept<string, string>(["a", "b"]).Events);
        Decision<string, string> written = ["a"];
        Assert.Equal(["a"], written.Events);
        Assert.Equal("a", Decision.Refuse<string, string>("a").Error);
    }

    [Fact]
    public void Null_IsNoError() =>
        Assert.Throws<ArgumentNullException>(() => Decision.Refuse<OrderEvent, string>(null!));

    [Fact]
    public void Text_NamesTheOutcome()
    {
        Assert.Equal("refused: NotPlaced", Decision.Refuse<OrderEvent, OrderError>(OrderError.NotPlaced).ToString());
        Assert.Equal("accepted: nothing", default(Decision<OrderEvent, OrderError>).ToString());
        Assert.Equal("accepted: 1, 2", Decision.Accept<int, string>([1, 2]).ToString());
    }
}

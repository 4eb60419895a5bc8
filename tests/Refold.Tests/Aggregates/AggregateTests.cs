// Aggregates: categories, and arguments that are none.
// Run by `dotnet test`.
using Orders;
using Xunit;

namespace Refold.Tests.Aggregates;

public class AggregateTests
{
    [Theory]
    [InlineData("order", true)]
    [InlineData("order/42", true)]
    [InlineData("order/42/7", true)]
    [InlineData("orders/42", false)]
    [InlineData("Order/42", false)]
    public void Owns_ItsCategoryAndWhatIsBelow(string stream, bool owned) =>
        Assert.Equal(owned, Order.Aggregate.Owns(stream));

    [Theory]
    [InlineData("")]
    [InlineData("$run")]
    [InlineData("a\nb")]
    public void Category_ThatCannotBeginAStream_IsRefused(string category) =>
        Assert.Throws<ArgumentException>(() => Create(category));

    [Fact]
    public void MissingParts_AreRefused()
    {
        Assert.Throws<ArgumentNullException>(() => Aggregate.Create(
            "a", OrderState.Initial, null!, Order.Evolve, Order.Aggregate.Commands, Order.Aggregate.Events, Order.Aggregate.Errors));
        Assert.Throws<ArgumentNullException>(() => Aggregate.Create(
            "a", Order.Aggregate.Decider, null!, Order.Aggregate.Events, Order.Aggregate.Errors, Order.Aggregate.State));
    }

    [Fact]
    public void WithDecide_ChangesTheRuleAndNothingElse()
    {
        var changed = Order.Aggregate.WithDecide((_, _, _) => []);
        Assert.Equal(Order.Aggregate.Category, changed.Category);
        Assert.Same(Order.Aggregate.Events, changed.Events);
        Assert.Same(Order.Aggregate.Decider.Evolve, changed.Decider.Evolve);
        Assert.NotSame(Order.Aggregate.Decider.Decide, changed.Decider.Decide);
    }

    private static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Create(string category) =>
        Aggregate.Create(category, Order.Aggregate.Decider, Order.Aggregate.Commands, Order.Aggregate.Events, Order.Aggregate.Errors);
}

// An order that can be placed once, and a prize draw that comes with it: the whole of an aggregate in plain code.
// Recorded and verified by Program.cs; used by the tests of runs.
using Refold;

namespace Orders;

public abstract record OrderCommand;

public sealed record Place(string Sku, int Quantity) : OrderCommand;

public sealed record Draw : OrderCommand;

public sealed record Cancel : OrderCommand;

public abstract record OrderEvent;

public sealed record Placed(string Sku, int Quantity) : OrderEvent;

public sealed record Won(int Points) : OrderEvent;

public enum OrderError
{
    AlreadyPlaced,
    NotPlaced,
}

public sealed record OrderState(bool Placed, int Quantity, long Points)
{
    public static OrderState Initial { get; } = new(false, 0, 0);
}

public static class Order
{
    public static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Aggregate { get; } = Refold.Aggregate.Create(
        "order",
        OrderState.Initial,
        Decide,
        Evolve,
        Codec.Json(OrderJson.Default.OrderCommand, types => types.Add<Place>("place").Add<Draw>("draw").Add<Cancel>("cancel")),
        Codec.Json(OrderJson.Default.OrderEvent, types => types.Add<Placed>("placed").Add<Won>("won")),
        Codec.Enum<OrderError>("order-error"),
        Codec.Json(OrderJson.Default.OrderState, "order-state"),
        happened => happened is Placed placed ? ["sku:" + placed.Sku] : []);

    public static Decision<OrderEvent, OrderError> Decide(Step step, OrderState s, OrderCommand c) => c switch
    {
        Place when s.Placed => OrderError.AlreadyPlaced,
        Place p => [new Placed(p.Sku, p.Quantity)],
        Draw => [new Won(step.Random.Between(1, 100))],
        _ => [],
    };

    public static OrderState Evolve(OrderState state, OrderEvent happened) => happened switch
    {
        Placed placed => state with { Placed = true, Quantity = placed.Quantity },
        Won won => state with { Points = state.Points + won.Points },
        _ => state,
    };
}

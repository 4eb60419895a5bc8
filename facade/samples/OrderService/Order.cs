// An order: opened before anything is paid, so that what would be refused is not paid; placed with the payment that it got.
// Commanded by PlaceOrder.cs; verified by Replaying.cs.
using System.Text.Json.Serialization;
using Refold;

namespace OrderService;

public abstract record OrderCommand;

public sealed record Open(string Sku, int Quantity) : OrderCommand;

public sealed record Place(int Cents, Guid Payment, DateTimeOffset PaidAt) : OrderCommand;

public abstract record OrderEvent;

public sealed record Opened(string Sku, int Quantity) : OrderEvent;

public sealed record Placed(int Cents, Guid Payment, DateTimeOffset PaidAt) : OrderEvent;

/// <summary>What is sent when an order is placed: the worker packs it.</summary>
public sealed record Shipment(string Sku, int Quantity, Guid Payment);

public enum OrderError
{
    BadQuantity,
    AlreadyOpen,
    NotOpen,
}

public enum OrderStage
{
    None,
    Open,
    Placed,
}

public sealed record OrderState(OrderStage Stage, string Sku, int Quantity, int Cents)
{
    public static OrderState Initial { get; } = new(OrderStage.None, "", 0, 0);
}

public static class Order
{
    public const int MostItems = 100;

    /// <summary>Recorded with the event, handed over by the dispatcher until the worker has confirmed.</summary>
    public static Outbox<Shipment> Shipments { get; } = Outbox.Create("shipments", OrderJson.Default.Shipment);

    public static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Aggregate { get; } = Refold.Aggregate.Create(
        "order",
        OrderState.Initial,
        Decide,
        Evolve,
        Codec.Json(OrderJson.Default.OrderCommand, types => types.Add<Open>("open").Add<Place>("place")),
        Codec.Json(OrderJson.Default.OrderEvent, types => types.Add<Opened>("opened").Add<Placed>("placed")),
        Codec.Enum<OrderError>("order-error"),
        Codec.Json(OrderJson.Default.OrderState, "order-state"));

    public static Decision<OrderEvent, OrderError> Decide(Step step, OrderState state, OrderCommand command) => command switch
    {
        Open { Quantity: < 1 or > MostItems } => OrderError.BadQuantity,
        Open when state.Stage != OrderStage.None => OrderError.AlreadyOpen,
        Open open => [new Opened(open.Sku, open.Quantity)],
        Place when state.Stage != OrderStage.Open => OrderError.NotOpen,
        Place place => Decision.Accept<OrderEvent, OrderError>([new Placed(place.Cents, place.Payment, place.PaidAt)])
            .Send(Shipments, new Shipment(state.Sku, state.Quantity, place.Payment), causedBy: 0),
        _ => [],
    };

    public static OrderState Evolve(OrderState state, OrderEvent happened) => happened switch
    {
        Opened opened => new(OrderStage.Open, opened.Sku, opened.Quantity, 0),
        Placed placed => state with { Stage = OrderStage.Placed, Cents = placed.Cents },
        _ => state,
    };
}

/// <summary>The JSON metadata of everything that is recorded, made when this is compiled.</summary>
[JsonSerializable(typeof(OrderCommand))]
[JsonSerializable(typeof(Open))]
[JsonSerializable(typeof(Place))]
[JsonSerializable(typeof(OrderEvent))]
[JsonSerializable(typeof(Opened))]
[JsonSerializable(typeof(Placed))]
[JsonSerializable(typeof(OrderState))]
[JsonSerializable(typeof(Shipment))]
[JsonSerializable(typeof(OrderRequest))]
[JsonSerializable(typeof(OrderAnswer))]
[JsonSerializable(typeof(Price))]
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(Receipt))]
public sealed partial class OrderJson : JsonSerializerContext;

// What the tests of operations share: a shop that asks for a price, pays, and places an order; what is outside it, counted.
// Used by the tests of this folder.
using System.Text.Json.Serialization;
using Orders;

namespace Refold.Tests.Operations;

public sealed record PlaceRequest(string Id, string Sku, int Quantity);

public sealed record Quote(int Price);

public sealed record Payment(Guid Id, int Amount, string Key);

public sealed record Paid(string Reference);

public sealed record PlacedOrder(string Id, int Price, Guid Payment, DateTimeOffset At, int Luck, bool Accepted);

[JsonSerializable(typeof(PlaceRequest))]
[JsonSerializable(typeof(Quote))]
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(PlacedOrder))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
internal sealed partial class ShopJson : JsonSerializerContext;

/// <summary>What is outside: every call is counted, and what is to happen in one can be said.</summary>
internal sealed class Outside
{
    public List<PlaceRequest> Quotes { get; } = [];

    public List<Payment> Payments { get; } = [];

    public Func<int, Task> InQuote { get; set; } = _ => Task.CompletedTask;

    public Func<int, Task> InPayment { get; set; } = _ => Task.CompletedTask;

    public async Task<Quote> QuoteAsync(PlaceRequest request, CancellationToken cancellationToken)
    {
        int number;
        lock (Quotes)
        {
            Quotes.Add(request);
            number = Quotes.Count;
        }

        await InQuote(number).WaitAsync(cancellationToken);
        return new Quote(10 * request.Quantity);
    }

    public async Task<Paid> PayAsync(Payment payment, CancellationToken cancellationToken)
    {
        int number;
        lock (Payments)
        {
            Payments.Add(payment);
            number = Payments.Count;
        }

        await InPayment(number).WaitAsync(cancellationToken);
        return new Paid("paid " + payment.Amount.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}

internal static class Shop
{
    /// <summary>The operation over what is outside: two calls, a reading of the clock, a command.</summary>
    public static Operation<PlaceRequest, PlacedOrder> Place(Outside outside) => Operation.Create(
        "place",
        ShopJson.Default.PlaceRequest,
        ShopJson.Default.PlacedOrder,
        async (fx, request) =>
        {
            var quote = await fx.CallAsync("quote", request, ShopJson.Default.PlaceRequest, outside.QuoteAsync, ShopJson.Default.Quote);
            var at = fx.Clock.GetUtcNow();
            var payment = new Payment(fx.NewGuid(), quote.Price, fx.Key);
            await fx.CallAsync("pay", payment, ShopJson.Default.Payment, outside.PayAsync, ShopJson.Default.Paid);
            var placed = await fx.ExecuteAsync(Order.Aggregate, "order/" + request.Id, new Place(request.Sku, request.Quantity));
            return new PlacedOrder(request.Id, quote.Price, payment.Id, at, fx.Random.Between(1, 1000), placed.IsAccepted);
        });

    public static PlaceRequest Request(int number) => new(
        number.ToString(System.Globalization.CultureInfo.InvariantCulture), "sku", 1 + number % 3);

    public static RunPin Pin { get; } = new("shop", "acme", "1.0.0", seed: 7);

    public static Task<Run> StartAsync(IJournal journal, string name = "run", RunOptions? options = null) =>
        journal.StartRunAsync(
            Pin, (options ?? new RunOptions()) with { RunId = RunId.Create(name) });

    public static Task<ReplayReport> ReplayAsync(this IJournal journal, string run, params Operation[] operations) =>
        journal.ReplayAsync(RunId.Create(run), operations, [Order.Aggregate]);
}

// What a request does, from its first call to its answer: asks for prices, pays, places the order. Everything outside goes through fx.
// Run by Service.cs for each request, and by Replaying.cs over what was recorded.
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Refold;

namespace OrderService;

/// <summary>The body of a request. Its id is the operation's key: whoever got no answer asks again with the same one.</summary>
public sealed record OrderRequest(string Id, string Sku, int Quantity);

/// <summary>The answer: what was placed, or why not.</summary>
public sealed record OrderAnswer(PlacedOrder? Placed, string? Refused);

public sealed record PlacedOrder(string Id, string Sku, int Quantity, int Cents, Guid Payment, DateTimeOffset PaidAt);

public sealed record Price(int Cents);

public sealed record Payment(Guid Id, int Cents, DateTimeOffset At);

public sealed record Receipt(Guid Payment);

public static class PlaceOrder
{
    /// <summary>The operation over a client of <see cref="Outside"/>.</summary>
    public static Operation<OrderRequest, OrderAnswer> Operation(HttpClient outside) => Refold.Operation.Create(
        "place-order",
        OrderJson.Default.OrderRequest,
        OrderJson.Default.OrderAnswer,
        async (fx, request) =>
        {
            var stream = "order/" + request.Id;
            var opened = await fx.ExecuteAsync(Order.Aggregate, stream, new Open(request.Sku, request.Quantity));
            if (opened.TryGetError(out var error)) return Refused(error.ToString());

            // Two at once: a branch each, so that it does not matter which is answered first.
            var item = GetAsync(outside, fx.Branch("price"), "prices/" + request.Sku);
            var shipping = GetAsync(outside, fx.Branch("shipping"), $"shipping/{request.Sku}?quantity={request.Quantity}");
            await Task.WhenAll(item, shipping);
            if (await item is not { } each || await shipping is not { } carriage) return Refused("NoSuchItem");

            // Both are the same in every attempt: a payment that is sent twice is the same payment.
            var payment = new Payment(fx.NewGuid(), (each.Cents * request.Quantity) + carriage.Cents, fx.Clock.GetUtcNow());
            using var pay = new HttpRequestMessage(HttpMethod.Post, "payments")
            {
                Content = JsonContent.Create(payment, OrderJson.Default.Payment),
                Headers = { { "Idempotency-Key", fx.Key } },
            };
            if (await SendAsync(outside, fx, pay, OrderJson.Default.Receipt) is null) return Refused("PaymentDeclined");

            var placed = await fx.ExecuteAsync(Order.Aggregate, stream, new Place(payment.Cents, payment.Id, payment.At));
            return placed.TryGetError(out error)
                ? Refused(error.ToString())
                : new OrderAnswer(
                    new PlacedOrder(request.Id, request.Sku, request.Quantity, payment.Cents, payment.Id, payment.At), null);
        });

    private static OrderAnswer Refused(string why) => new(null, why);

    private static async Task<Price?> GetAsync(HttpClient outside, OperationContext fx, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(outside, fx, request, OrderJson.Default.Price);
    }

    // Null where the answer is no; an exception where there is none, so that the attempt fails and the next one asks again.
    private static async Task<T?> SendAsync<T>(HttpClient outside, OperationContext fx, HttpRequestMessage request, JsonTypeInfo<T> answer)
        where T : class
    {
        request.Options.Set(OperationContext.HttpOption, fx);
        using var response = await outside.SendAsync(request);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PaymentRequired) return null;
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(answer)
            ?? throw new HttpRequestException("The answer has no content.");
    }
}

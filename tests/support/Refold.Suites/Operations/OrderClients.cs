// Clients of an order service, several at once: each asks with the id of its order until it gets an answer.
// Let loose by OrderServiceCase.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderService;

namespace Refold.Suites;

/// <summary>What a client got in the end.</summary>
/// <param name="Request">What it asked for.</param>
/// <param name="Status">200 or 422.</param>
/// <param name="Body">The answer's body.</param>
internal sealed record AnsweredOrder(OrderRequest Request, int Status, string Body)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>What was placed.</summary>
    public PlacedOrder Placed => JsonSerializer.Deserialize<PlacedOrder>(Body, Web)!;
}

internal sealed class OrderClients : IDisposable
{
    private readonly HttpClient client = new();
    private int answered;
    private int tries;

    /// <summary>Where the service is now; it moves when it is started again.</summary>
    public Uri Address { get; set; } = new("http://127.0.0.1/");

    /// <summary>How many orders have their answer.</summary>
    public int Answered => Volatile.Read(ref answered);

    /// <summary>How many requests were sent for them.</summary>
    public int Tries => Volatile.Read(ref tries);

    public void Dispose() => client.Dispose();

    /// <summary>Some orders, a few of which must be refused: too many of an item, or an item that nobody has.</summary>
    public static OrderRequest[] Draw(SeededRng random, int count) =>
    [
        .. Enumerable.Range(1, count).Select(number => new OrderRequest(
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"o-{number:0000}"),
            random.Chance(0.03) ? FlakyOutside.NoSuchItem : random.Pick(["tea", "rice", "salt"]),
            random.Chance(0.03) ? Order.MostItems + 1 : random.Between(1, 9))),
    ];

    /// <summary>Asks for all of them, so many at once.</summary>
    public async Task<AnsweredOrder[]> AskAllAsync(IReadOnlyList<OrderRequest> requests, int clients)
    {
        var answers = new AnsweredOrder[requests.Count];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (Interlocked.Increment(ref next) is var number && number < requests.Count)
                {
                    answers[number] = await AskAsync(requests[number]);
                    Interlocked.Increment(ref answered);
                }
            }
            catch
            {
                // The others need not go on.
                Volatile.Write(ref next, requests.Count);
                throw;
            }
        })));
        return answers;
    }

    /// <summary>Asks with one id until there is an answer.</summary>
    public async Task<AnsweredOrder> AskAsync(OrderRequest request)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < OrderServiceProcess.Patience; await Task.Delay(25))
        {
            Interlocked.Increment(ref tries);
            try
            {
                using var response = await client.PostAsJsonAsync(new Uri(Address, "orders"), request);
                var body = await response.Content.ReadAsStringAsync();
                if (response.StatusCode == HttpStatusCode.InternalServerError) throw new InvalidOperationException($"{request}: {body}");
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                    return new AnsweredOrder(request, (int)response.StatusCode, body);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                // It was killed, or is not there yet.
            }
        }

        throw new TimeoutException($"No answer for {request}.");
    }
}

// Prices and payments over HTTP on loopback, and not to be relied on: they fail, drop connections, hold answers back, by a seed.
// Asked by the order service of OrderServiceCase; counts payments by idempotency key.
using System.Globalization;
using System.Text;
using System.Text.Json;
using OrderService;

namespace Refold.Suites;

internal sealed class FlakyOutside(RngState root, string token) : LoopbackServer
{
    /// <summary>What is not for sale.</summary>
    public const string NoSuchItem = "gone";

    private enum Fate
    {
        Answered,
        Unavailable,
        Dropped,
        DoneAndDropped,
        DoneAndHeld,
    }

    private static readonly long[] Weights = [60, 14, 10, 14, 1];
    private readonly Dictionary<string, int> asked = [];
    private readonly Dictionary<string, Payment> payments = [];
    private readonly List<string> faults = [];

    /// <summary>How often it was asked for anything.</summary>
    public int Requests { get; private set; }

    /// <summary>How often it gave no answer, or said that it cannot.</summary>
    public int Failures { get; private set; }

    /// <summary>How often payments were sent, again or for the first time.</summary>
    public int PaymentsSent { get; private set; }

    /// <summary>Payments that were made, by idempotency key.</summary>
    public IReadOnlyDictionary<string, Payment> Payments => payments;

    /// <summary>What nobody may ask for: another payment under one key, a request without the token.</summary>
    public IReadOnlyList<string> Faults => faults;

    protected override async Task ConverseAsync(Stream stream, StreamReader reader)
    {
        while (await ReadAsync(reader) is { } request && await AnswerAsync(request) is { } answer)
            await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), End);
    }

    private sealed record Asked(string Method, string Path, Dictionary<string, string> Headers, string Body);

    private async Task<Asked?> ReadAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync(End) is not { } first || first.Split(' ') is not [var method, var path, _]) return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(End) is { Length: > 0 } line)
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var body = new char[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        // Reading nothing would wait for something.
        var isWhole = body.Length == 0 || await reader.ReadBlockAsync(body, End) == body.Length;
        return isWhole ? new Asked(method, path, headers, new string(body)) : null;
    }

    // Null where the connection is dropped, before or after it was done.
    private async Task<string?> AnswerAsync(Asked request)
    {
        var key = request.Headers.GetValueOrDefault("Idempotency-Key", request.Path);
        var (random, fate) = Drawn(key);
        await Task.Delay(random.Between(0, 12), End);
        if (fate == Fate.Dropped) return null;
        var (status, answer) = fate == Fate.Unavailable ? (503, "{}") : Do(request, key, random);
        if (fate == Fate.DoneAndHeld) await Task.Delay(TimeSpan.FromSeconds(3), End);
        return fate is Fate.DoneAndHeld or Fate.DoneAndDropped ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} As-Said\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
    }

    // What becomes of the first, second, ... request of a key, whatever comes between.
    private (SeededRng Random, Fate Fate) Drawn(string key)
    {
        int number;
        lock (payments) asked[key] = number = asked.GetValueOrDefault(key) + 1;
        var random = SeededRng.Deferred(() => root.Named(key).Named(number.ToString(CultureInfo.InvariantCulture)));
        var fate = (Fate)random.WeightedIndex(Weights);
        lock (payments)
        {
            Requests++;
            if (fate != Fate.Answered) Failures++;
        }

        return (random, fate);
    }

    private (int Status, string Answer) Do(Asked request, string key, SeededRng random)
    {
        if (request.Headers.GetValueOrDefault("Authorization") != "Bearer " + token)
            return Fault(401, $"{request.Path} without the token");
        if (request.Method == "GET")
        {
            // Another price each time: what was paid was asked for once.
            return request.Path.Contains(NoSuchItem, StringComparison.Ordinal)
                ? (404, "{}")
                : (200, JsonSerializer.Serialize(new Price(random.Between(100, 999)), OrderJson.Default.Price));
        }

        var payment = JsonSerializer.Deserialize(request.Body, OrderJson.Default.Payment)!;
        if (SeededRng.Deferred(() => root.Named("declines").Named(key)).Chance(0.04)) return (402, "{}");
        lock (payments)
        {
            PaymentsSent++;
            if (!payments.TryAdd(key, payment) && payments[key] != payment)
                return Fault(409, $"'{key}' paid {payments[key]}, and then {payment}");
        }

        return (200, JsonSerializer.Serialize(new OrderService.Receipt(payment.Id), OrderJson.Default.Receipt));
    }

    private (int Status, string Answer) Fault(int status, string what)
    {
        lock (faults) faults.Add(what);
        return (status, "{}");
    }
}

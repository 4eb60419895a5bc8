// The page facade/docs/operations.md as it stands: its C# is the code below, its F# that of properties/OperationExamples.fs.
// Run by `dotnet test`.
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Orders;
using Xunit;

namespace Refold.Tests.Documentation;

public sealed record Purchase(string Id, string Sku, int Quantity);

public sealed record Price(int Cents);

public sealed record Payment(Guid Id, int Cents, DateTimeOffset At);

public sealed record Bought(string Id, Payment Payment);

[JsonSerializable(typeof(Purchase))]
[JsonSerializable(typeof(Price))]
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(Bought))]
[JsonSerializable(typeof(string))]
internal sealed partial class PageJson : JsonSerializerContext;

public partial class OperationsPageTests
{
    private const string Page = "facade/docs/operations.md";
    private static readonly CancellationToken ct = CancellationToken.None;

    private sealed class Shop(bool answers = true)
    {
        public Task<Price> PriceAsync(string sku, CancellationToken cancellationToken) =>
            answers ? Task.FromResult(new Price(250)) : throw new InvalidOperationException("nobody is asked in a replay");

        public Task<string> PayAsync(Payment payment, string idempotencyKey, CancellationToken cancellationToken) =>
            answers ? Task.FromResult("paid " + idempotencyKey) : throw new InvalidOperationException("nobody is paid in a replay");
    }

    private static Operation<Purchase, Bought> Buy(Shop shop) => Operation.Create(
        "buy", PageJson.Default.Purchase, PageJson.Default.Bought, async (fx, purchase) =>
        {
            var price = await fx.CallAsync("price", purchase.Sku, PageJson.Default.String, shop.PriceAsync, PageJson.Default.Price);
            var payment = new Payment(fx.NewGuid(), price.Cents * purchase.Quantity, fx.Clock.GetUtcNow());
            await fx.CallAsync("pay", payment, PageJson.Default.Payment,
                (asked, token) => shop.PayAsync(asked, idempotencyKey: fx.Key, token), PageJson.Default.String);
            await fx.ExecuteAsync(Order.Aggregate, "order/" + purchase.Id, new Place(purchase.Sku, purchase.Quantity));
            return new Bought(purchase.Id, payment);
        });

    [Theory]
    [InlineData("csharp", "tests/Refold.Tests/Documentation/OperationsPageTests.cs", 5)]
    [InlineData("fsharp", "properties/OperationExamples.fs", 4)]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file, int count)
    {
        var code = Flat(SourceTree.Read(file));
        var blocks = Blocks(language);
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsBought_IsRecorded_AndReplayedWithoutTheShop()
    {
        await using var journal = new InMemoryJournal();
        var (buy, purchase) = (Buy(new Shop()), new Purchase("42", "tea", 2));
        var run = await journal.StartOrResumeRunAsync("shop-1.4.0", new RunPin("shop", "acme", "1.4.0", seed: 42));
        await run.ResumeOperationsAsync([buy]);
        Bought bought = await run.RunAsync(buy, key: purchase.Id, purchase, ct);
        Assert.Equal(bought, await run.RunAsync(buy, key: purchase.Id, purchase, ct));
        await run.FinishAsync();
        await run.DisposeAsync();

        ReplayReport report = await journal.ReplayAsync("shop-1.4.0", [Buy(new Shop(answers: false))], [Order.Aggregate]);
        Assert.True(report.Matched, report.ToString());

        var changed = Operation.Create(
            "buy", PageJson.Default.Purchase, PageJson.Default.Bought, async (fx, asked) =>
            {
                await fx.CallAsync(
                    "price", asked.Sku.ToUpperInvariant(), PageJson.Default.String, new Shop().PriceAsync, PageJson.Default.Price);
                return new Bought(asked.Id, new Payment(fx.NewGuid(), 0, default));
            });
        report = await journal.ReplayAsync("shop-1.4.0", [changed], [Order.Aggregate]);
        Assert.Equal(Blocks("text")[0].TrimEnd('\n'), report.ToString());
    }

    [Fact]
    public async Task BranchesAndHttp_AreRecorded()
    {
        await using var journal = new InMemoryJournal();
        var shop = new Shop();
        var operation = Operation.Create("compare", PageJson.Default.String, PageJson.Default.String, async (fx, skus) =>
        {
            var prices = await Task.WhenAll(skus.Split(',').Select(sku =>
                fx.Branch(sku).CallAsync("price", sku, PageJson.Default.String, shop.PriceAsync, PageJson.Default.Price)));

            using var client = new HttpClient(fx.HttpHandler(network, redact: ["Authorization", "?token"]), disposeHandler: false);
            var cheapest = await client.GetStringAsync(new Uri("http://shop.test/cheapest?token=s3cr3t"), fx.CancellationToken);
            return cheapest + prices.Sum(price => price.Cents).ToString(System.Globalization.CultureInfo.InvariantCulture);
        });
        await using var run = await journal.StartRunAsync(new RunPin("shop", "acme", "1.4.0", seed: 42), new RunOptions { RunId = "run" });
        Assert.Equal("tea 500", await run.RunAsync(operation, "k", "tea,milk", ct));
        await run.FinishAsync();
        Assert.Equal(1, network.Requests);
        var report = await journal.ReplayAsync("run", [operation], []);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal(1, network.Requests);
        Assert.All(journal.ReadAll(), entry => Assert.Equal(-1, entry.Payload.Span.IndexOf("s3cr3t"u8)));
    }

    private readonly Network network = new();

    private sealed class Network : HttpMessageHandler
    {
        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent("tea ") });
        }
    }

    private static List<string> Blocks(string language) =>
        [
            .. Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
                .Select(block => block.Groups[2].Value),
        ];

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

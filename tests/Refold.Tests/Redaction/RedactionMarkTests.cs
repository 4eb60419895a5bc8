// The mark of redaction in entries of operations: no edit may use it to hide a difference, and taking it away is one.
// Run by `dotnet test`.
using System.Text.Json;
using System.Text.Json.Nodes;
using Refold.Tests.Operations;
using Xunit;
using static Refold.Tests.Operations.EditedLines;
using static Refold.Tests.Operations.TextOperation;

namespace Refold.Tests.Redaction;

public class RedactionMarkTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Theory]
    [InlineData("$operation.begun", "input")]
    [InlineData("$call", "input")]
    [InlineData("$call", "output")]
    [InlineData("$operation.ended", "output")]
    public async Task AMarkThatWasTakenAway_IsNamed(string type, string member)
    {
        var (charges, answers) = (Wallet.Charges(redacts: true), Wallet.Answers(redacts: true));
        var operation = Operation.Create("op", charges, answers, (OperationContext fx, Charge input) => fx.CallAsync(
            "charge", input, charges, (asked, _) => Task.FromResult(new Charged(asked.Card.Number, asked.Amount)), answers));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(operation, "k", new Charge(new Card("4929 0451 1234", "Ada"), 5), ct);
        Assert.Null((await journal.ReplayAsync("run", operation)).Divergence);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        var index = At(lines, type, 0);
        Edit(lines, index, line => line["data"]![member]!["data"] = line["data"]![member]!["data"]!["$redacted"]!.DeepClone());
        await IsNamedAsync(lines, operation, index + 1, $"/data/{member}/data");
    }

    // What is marked cannot be told to differ, so a mark is worth what stands behind it: nothing may be replaced that is still there.
    [Theory]
    [InlineData("$operation.begun", "input", false)]
    [InlineData("$call", "input", false)]
    [InlineData("$call", "output", false)]
    [InlineData("$operation.ended", "output", false)]
    [InlineData("$operation.begun", "input", true)]
    [InlineData("$call", "input", true)]
    [InlineData("$call", "output", true)]
    [InlineData("$operation.ended", "output", true)]
    public async Task AMarkWithNothingBehindIt_IsNamed(string type, string member, bool redacts)
    {
        // With redaction by a path that leads nowhere in these values.
        Codec<T?> Of<T>(Codec<T?> codec) where T : class => redacts ? codec.WithRedaction("$.Card.Number", "$.Token") : codec;
        var (charges, answers) = (Of(Bare<Charge>("charge")), Of(Bare<Charged>("charged")));
        var operation = Operation.Create("op", charges, answers, (OperationContext fx, Charge? input) => fx.CallAsync(
            "charge", input, charges, (_, _) => Task.FromResult<Charged?>(null), answers));
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(operation, "k", null, ct);
        Assert.True((await journal.ReplayAsync("run", operation)).Matched);
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        var index = At(lines, type, 0);
        Edit(lines, index, line => line["data"]![member]!["data"] = new JsonObject { ["$redacted"] = null });
        await IsNamedAsync(lines, operation, index + 1, $"/data/{member}/data");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AMarkOfAnExchange_StandsForSomethingInIt(bool redacts)
    {
        using var server = new Answering();
        var operation = Of(async (fx, _) =>
        {
            using var client = new HttpClient(fx.HttpHandler(server, redacts ? ["$.token"] : []), disposeHandler: false);
            return "" + (await client.GetStringAsync("http://shop.test/login")).Length;
        });
        await using var journal = new InMemoryJournal();
        await using var run = await Shop.StartAsync(journal);
        await run.RunAsync(operation, "k", "in", ct);
        Assert.Null((await journal.ReplayAsync("run", operation)).Divergence);
        if (redacts) return;
        List<string> lines = [.. Exports.Of(journal.ReadAll())];
        var index = At(lines, "$call", 0);
        Edit(lines, index, line =>
        {
            var answer = line["data"]!["output"]!["data"]!;
            line["data"]!["output"]!["data"] = new JsonObject { ["$redacted"] = answer.DeepClone() };
        });
        await IsNamedAsync(lines, operation, index + 1, "/data/output/data");
    }

    // As a program of the user's writes it: any bytes, any value.
    private static Codec<T?> Bare<T>(string name) where T : class => Codec.Create<T?>(
        name,
        value => JsonSerializer.SerializeToUtf8Bytes(value),
        payload => JsonSerializer.Deserialize<T>(payload.Span));

    private sealed class Answering : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent("{\"token\":\"0451-0451\"}") });
    }


}

// The page facade/docs/delivery.md as it stands: its C# is the code below, its F# that of properties/DeliveryExamples.fs.
// Run by `dotnet test`.
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class DeliveryPageTests
{
    private const string Page = "facade/docs/delivery.md";
    private static readonly CancellationToken ct = CancellationToken.None;
    private static readonly Outbox<string> Mails = Outbox.Create("mails", Codec.Text("mail"));
    private readonly List<string> indexed = [];

    internal sealed record Charge(string Sku, int Cents);

    [JsonSerializable(typeof(Charge))]
    private sealed partial class DeliveryPageJson : JsonSerializerContext;

    private sealed class Bank
    {
        public List<(Charge Charge, Guid Key)> Paid { get; } = [];

        public Task PayAsync(Charge charge, Guid idempotencyKey, CancellationToken cancellationToken)
        {
            lock (Paid) Paid.Add((charge, idempotencyKey));
            return Task.CompletedTask;
        }
    }

    private static readonly Outbox<Charge> Payments = Outbox.Create("payments", DeliveryPageJson.Default.Charge);

    private static Decision<string, string> Decide(Step step, int placed, string sku) =>
        placed > 0
            ? Decision.Refuse<string, string>("already placed")
            : Decision.Accept<string, string>(["placed " + sku])
                .Send(Payments, new Charge(sku, 250), recipient: "bank", causedBy: 0)
                .Send(Mails, "thank you", deliverAfter: step.Now.AddHours(1));

    [Theory]
    [InlineData("csharp", "tests/Refold.Tests/Documentation/DeliveryPageTests.cs", 4)]
    [InlineData("fsharp", "properties/DeliveryExamples.fs", 2)]
    public void ItsCode_IsTheCodeOfTheTests(string language, string file, int count)
    {
        var code = Flat(SourceTree.Read(file));
        var blocks = Fence().Matches(SourceTree.Read(Page)).Where(block => block.Groups[1].Value == language)
            .Select(block => block.Groups[2].Value).ToList();
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsPlaced_IsPaid_AndIndexed()
    {
        var shop = Aggregate.Create(
            "shop", 0, Decide, (placed, _) => placed + 1, Codec.Text("command"), Codec.Text("event"), Codec.Text("refusal"));
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(new RunPin("shop", "acme", "1", seed: 1), new RunOptions { RunId = "run" });
        Assert.True((await run.Streams(shop).ExecuteAsync("shop/1", "tea")).IsAccepted);
        Assert.False((await run.Streams(shop).ExecuteAsync("shop/1", "tea")).IsAccepted);
        var bank = new Bank();
        using var stopping = new CancellationTokenSource();
        var dispatcher = new OutboxDispatcher<Charge>(journal, Payments, (message, token) =>
            bank.PayAsync(message.Message, idempotencyKey: message.Id, token), new OutboxDispatcherOptions { Name = "till-1" });
        var dispatching = dispatcher.RunAsync(stopping.Token);
        await stopping.CancelAsync();
        await dispatching;
        Assert.Equal(new Charge("tea", 250), Assert.Single(bank.Paid).Charge);

        var status = await journal.OutboxStatusAsync("payments", ct);
        await journal.DeleteToAsync(Payments.Stream, status.SettledTo, ct);
        Assert.True((await journal.VerifyAsync("run", shop)).Matched);

        var last = journal.ReadStream("shop/1").Last().Position;
        var consumer = new JournalConsumer(journal, "search", new JournalCheckpointStore(journal), Query.OfTypes("event"));
        await consumer.CreateAsync(cancellationToken: ct);
        await foreach (var entry in consumer.ReadAsync(ct))
        {
            Index(entry);
            await consumer.SaveAsync(entry, ct);
            if (entry.Position == last) break;
        }

        Assert.Equal(["event"], indexed);
    }

    private void Index(JournalEntry entry) => indexed.Add(entry.Type);

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

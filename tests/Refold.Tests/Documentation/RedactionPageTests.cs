// The page facade/docs/redaction.md as it stands: its code is the code below and of the wallet, and does what the page says.
// Run by `dotnet test`.
using System.Text;
using System.Text.RegularExpressions;
using Refold.Tests.Redaction;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class RedactionPageTests
{
    [Fact]
    public void ItsCode_IsTheCodeOfTheTests()
    {
        var code = Flat(SourceTree.Read("tests/Refold.Tests/Documentation/RedactionPageTests.cs"));
        var blocks = Fence().Matches(SourceTree.Read("facade/docs/redaction.md")).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(3, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task APayload_ShowsWhatIsWritten()
    {
        var commands = Codec.Json(WalletJson.Default.WalletCommand, types => types.Add<Pay>("pay").Add<Refund>("refund"))
            .WithRedaction("$.Card.Number");
        var events = Codec.Json(WalletJson.Default.WalletEvent, types => types.Add<Paid>("paid").Add<Refunded>("refunded"))
            .WithRedaction("$.Number");
        var wallet = Aggregate.Create("wallet", new WalletState(0, ""), Wallet.Decide, Wallet.Evolve, commands, events, Wallet.Errors);
        await using var journal = Journal.Open("memory:");
        await using var run = await journal.StartAsync();
        var paid = await run.Streams(wallet).ExecuteAsync("wallet/1", new Pay(new Card("4929 0451 1234", "Ada"), 5));
        Assert.Equal(new Paid("[redacted]", 14, 5), paid.Events[0]);

        var encoded = commands.Encode(new Pay(new Card("4929 0451 1234", "Ada"), 5));
        Assert.Equal(
            "{\"$redacted\":{\"Amount\":5,\"Card\":{\"Holder\":\"Ada\",\"Number\":\"[redacted]\"}}}",
            Encoding.UTF8.GetString(encoded.Payload.Span));
    }

    [Fact]
    public async Task AnOperation_GetsWhatIsNotWritten()
    {
        var (charges, answers) = (Wallet.Charges(redacts: true), Wallet.Answers(redacts: true));
        var (gateway, card) = (new Gateway(), new Card("4929 0451 1234", "Ada"));
        await using var journal = Journal.Open("memory:");
        await using var run = await journal.StartAsync();
        var charge = Operation.Create("charge", charges, answers, async (fx, input) =>
            await fx.CallAsync("gateway", input, charges, gateway.ChargeAsync, answers));
        Charged charged = await run.RunAsync(charge, key: "request-1", new Charge(card, 5), CancellationToken.None);
        Assert.Equal(("token of 4929 0451 1234", 5), (charged.Token, charged.Amount));
    }

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    private sealed class Gateway
    {
        public Task<Charged> ChargeAsync(Charge charge, CancellationToken cancellationToken) =>
            Task.FromResult(new Charged("token of " + charge.Card.Number, charge.Amount));
    }
}

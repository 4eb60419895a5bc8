// Verification of what was recorded before redaction was added, moved or taken off, with a raised schema version.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Tests.Redaction;

public class RedactionVersionTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    private static Codec<WalletCommand> Commands =>
        Codec.Json(WalletJson.Default.WalletCommand, types => types.Add<Pay>("pay").Add<Refund>("refund"));

    private static Codec<WalletEvent> Events =>
        Codec.Json(WalletJson.Default.WalletEvent, types => types.Add<Paid>("paid").Add<Refunded>("refunded"));

    private static Codec<T> Second<T>(Codec<T> codec, string type) => codec.WithVersion(type, 2).WithUpcast(type, 1, payload => payload);

    private static Aggregate<WalletState, WalletCommand, WalletEvent, Denied> Of(
        Codec<WalletCommand> commands, Codec<WalletEvent> events, Codec<Denied> errors) =>
        Aggregate.Create("wallet", new WalletState(0, ""), Wallet.Decide, Wallet.Evolve, commands, events, errors);

    private static async Task<ReplayReport> ReportAsync(
        Aggregate<WalletState, WalletCommand, WalletEvent, Denied> before, Aggregate<WalletState, WalletCommand, WalletEvent, Denied> after)
    {
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = "run" });
        var streams = run.Streams(before);
        await streams.ExecuteAsync("wallet/1", new Pay(new Card("4929-0451", "Ada"), 10));
        await streams.ExecuteAsync("wallet/1", new Pay(new Card("4929-0451", "Ada"), 0));
        await run.FinishAsync();
        Assert.NotEqual(ReplayVerdict.Diverged, (await journal.VerifyAsync("run", before)).Verdict);
        return await journal.VerifyAsync("run", after);
    }

    [Fact]
    public async Task RedactionAdded_Matches()
    {
        var report = await ReportAsync(
            Of(Commands, Events, Wallet.Errors),
            Of(Second(Commands.WithRedaction("$.Card.Number"), "pay"), Second(Events.WithRedaction("$.Number"), "paid"),
                Second(Wallet.Errors.WithRedaction("$.Number"), "denied")));
        Assert.True(report.Matched, report + "\n" + string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task AllRedactionTakenOff_IsNoDifference()
    {
        var report = await ReportAsync(
            Of(Commands.WithRedaction("$.Card.Number"), Events.WithRedaction("$.Number"), Wallet.Errors.WithRedaction("$.Number")),
            Of(
                Second(Commands.WithRedaction(), "pay"), Second(Events.WithRedaction(), "paid"),
                Second(Wallet.Errors.WithRedaction(), "denied")));
        Assert.True(report.Verdict != ReplayVerdict.Diverged, report + "\n" + string.Join('\n', report.Findings));
    }

    [Fact]
    public async Task OtherPaths_AreNoDifference()
    {
        var report = await ReportAsync(
            Of(Commands.WithRedaction("$.Card.Number"), Events, Wallet.Errors),
            Of(Second(Commands.WithRedaction("$.Card.Holder"), "pay"), Events, Wallet.Errors));
        Assert.True(report.Verdict != ReplayVerdict.Diverged, report + "\n" + string.Join('\n', report.Findings));
    }

    // No codec of JSON, after redaction was taken off.
    [Fact]
    public async Task ACodecThatIsNoJson_AndRedactsNothing_Serves()
    {
        var text = Codec.Create<string>("t", value => Encoding.UTF8.GetBytes(value), payload => Encoding.UTF8.GetString(payload.Span))
            .WithRedaction();
        Assert.Equal("abc"u8.ToArray(), text.Encode("abc").Payload.ToArray());
        var aggregate = Aggregate.Create<int, string, string, string>(
            "x", 0, (_, _, command) => Decision.Accept<string, string>([command]), (state, _) => state + 1, text, text, text);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = "run" });
        await run.Streams(aggregate).ExecuteAsync("x/1", "abc");
    }
}

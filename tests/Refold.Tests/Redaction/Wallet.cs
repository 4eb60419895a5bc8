// A wallet that is paid from by cards whose numbers must not be written, and an operation that charges one.
// Used by the tests of this folder; public, as the tool loads it.
using System.Text.Json.Serialization;

namespace Refold.Tests.Redaction;

public sealed record Card(string Number, string Holder);

public abstract record WalletCommand;

public sealed record Pay(Card Card, int Amount) : WalletCommand;

public sealed record Refund(int Amount) : WalletCommand;

public abstract record WalletEvent;

public sealed record Paid(string Number, int Digits, int Amount) : WalletEvent;

public sealed record Refunded(int Amount) : WalletEvent;

public sealed record Denied(string Number, string Why);

public sealed record WalletState(long Total, string LastNumber);

public sealed record Charge(Card Card, int Amount);

public sealed record Charged(string Token, int Amount);

[JsonSerializable(typeof(WalletCommand))]
[JsonSerializable(typeof(Pay))]
[JsonSerializable(typeof(Refund))]
[JsonSerializable(typeof(WalletEvent))]
[JsonSerializable(typeof(Paid))]
[JsonSerializable(typeof(Refunded))]
[JsonSerializable(typeof(Denied))]
[JsonSerializable(typeof(WalletState))]
[JsonSerializable(typeof(Charge))]
[JsonSerializable(typeof(Charged))]
[JsonSerializable(typeof(List<Card>))]
[JsonSerializable(typeof(long))]
internal sealed partial class WalletJson : JsonSerializerContext;

public static class Wallet
{
    private static readonly Codec<WalletCommand> Commands =
        Codec.Json(WalletJson.Default.WalletCommand, types => types.Add<Pay>("pay").Add<Refund>("refund"));

    private static readonly Codec<WalletEvent> Events =
        Codec.Json(WalletJson.Default.WalletEvent, types => types.Add<Paid>("paid").Add<Refunded>("refunded"));

    internal static Codec<Denied> Errors { get; } = Codec.Json(WalletJson.Default.Denied, "denied");

    /// <summary>The wallet that does not write numbers.</summary>
    public static Aggregate<WalletState, WalletCommand, WalletEvent, Denied> Aggregate { get; } = Of(
        Commands.WithRedaction("$.Card.Number"), Events.WithRedaction("$.Number"), Errors.WithRedaction("$.Number"));

    /// <summary>The wallet that writes everything.</summary>
    internal static Aggregate<WalletState, WalletCommand, WalletEvent, Denied> Open { get; } = Of(Commands, Events, Errors);

    internal static Codec<Charge> Charges(bool redacts) => Of(Codec.Json(WalletJson.Default.Charge, "charge"), redacts, "$.Card.Number");

    internal static Codec<Charged> Answers(bool redacts) => Of(Codec.Json(WalletJson.Default.Charged, "charged"), redacts, "$.Token");

    private static Codec<T> Of<T>(Codec<T> codec, bool redacts, string path) => redacts ? codec.WithRedaction(path) : codec;

    private static Aggregate<WalletState, WalletCommand, WalletEvent, Denied> Of(
        Codec<WalletCommand> commands, Codec<WalletEvent> events, Codec<Denied> errors) => Refold.Aggregate.Create(
            "wallet",
            new WalletState(0, ""),
            Decide,
            Evolve,
            commands,
            events,
            errors,
            Codec.Json(WalletJson.Default.WalletState, "wallet-state"),
            happened => happened is Paid paid ? ["digits:" + paid.Digits.ToString(System.Globalization.CultureInfo.InvariantCulture)] : []);

    internal static Decision<WalletEvent, Denied> Decide(Step step, WalletState state, WalletCommand command) => command switch
    {
        Pay { Amount: 0 } pay => new Denied(pay.Card.Number, "nothing to pay"),
        Pay { Amount: < 0 } pay => throw new InvalidOperationException($"the card {pay.Card.Number} is not paid back"),
        Pay pay => [new Paid(pay.Card.Number, pay.Card.Number.Length, pay.Amount)],
        Refund refund when refund.Amount > state.Total => new Denied(state.LastNumber, "more than was paid"),
        Refund refund => [new Refunded(refund.Amount)],
        _ => [],
    };

    internal static WalletState Evolve(WalletState state, WalletEvent happened) => happened switch
    {
        Paid paid => new WalletState(state.Total + paid.Amount, paid.Number),
        Refunded refunded => state with { Total = state.Total - refunded.Amount },
        _ => state,
    };
}

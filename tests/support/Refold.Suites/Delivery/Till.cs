// A till whose sales send payments and mails.
// Used by the tests of delivery and by the process that is killed.
using System.Globalization;
using System.Text.Json.Serialization;

namespace Refold.Suites;

internal sealed record TillCharge(string Order, int Cents);

[JsonSerializable(typeof(TillCharge))]
internal sealed partial class TillJson : JsonSerializerContext;

internal static class Till
{
    public static Outbox<TillCharge> Payments { get; } = Outbox.Create("payments", TillJson.Default.TillCharge);

    public static Outbox<string> Mails { get; } = Outbox.Create("mails", Codec.Text("mail"));

    /// <summary>"sell N" makes an event and sends a payment, and a mail that is due an hour later; "remind" sends a mail and makes none;
    /// "pay N" sends N payments; anything else is refused.</summary>
    public static Aggregate<int, string, string, string> Aggregate { get; } = Refold.Aggregate.Create(
        "till", 0, Decide, (state, happened) => state + 1, Codec.Text("command"), Codec.Text("event"), Codec.Text("refusal"), Codec.Create(
            "count", Write, bytes => int.Parse(System.Text.Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture)));

    public static RunPin Pin { get; } = new("till", "acme", "1", seed: 7);

    public static Decision<string, string> Decide(Step step, int state, string command) => command.Split(' ') switch
    {
        ["sell", var cents] => Decision.Accept<string, string>(["sold " + cents])
            .Send(Payments, new TillCharge("order " + Text(state), int.Parse(cents, CultureInfo.InvariantCulture)), "bank", causedBy: 0)
            .Send(Mails, "thank you for " + cents, deliverAfter: step.Now.AddHours(1)),
        ["remind"] => Decision.Accept<string, string>([]).Send(Mails, "think of us"),
        ["pay", var many] => Enumerable.Range(1, int.Parse(many, CultureInfo.InvariantCulture)).Aggregate(
            Decision.Accept<string, string>(["paid " + many]),
            (decision, index) => decision.Send(Payments, new TillCharge("order " + Text(state), index))),
        _ => Decision.Refuse<string, string>("no"),
    };

    public static AggregateStreams<int, string, string, string> Tills(this Run run) => run.Streams(Aggregate);

    private static ReadOnlyMemory<byte> Write(int count) => System.Text.Encoding.UTF8.GetBytes(Text(count));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

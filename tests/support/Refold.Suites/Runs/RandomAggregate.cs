// Aggregates of random rules: they refuse, draw, make no event or many, send messages, look at time and ids, depend on facts and order.
// Used by EditedRuns, whose recorded runs they decide.
using System.Globalization;
using System.Text.Json.Serialization;

namespace Refold.Suites;

/// <summary>What is asked for.</summary>
internal sealed record Ask(string What, long Amount);

/// <summary>What happens, or is said from outside.</summary>
internal sealed record Told(string What, long Amount, string Note);

/// <summary>Why not.</summary>
internal sealed record Denied(string Why, long At);

/// <summary>What is known.</summary>
internal sealed record Known(long Sum, int Events, string Last)
{
    public static Known Nothing { get; } = new(0, 0, "");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Ask))]
[JsonSerializable(typeof(Told))]
[JsonSerializable(typeof(Denied))]
[JsonSerializable(typeof(Known))]
internal sealed partial class RandomAggregateJson : JsonSerializerContext;

internal static class RandomAggregate
{
    private static readonly string[] Words = ["add", "roll", "many", "look", "when", "who", "last", "deny", "send", "post"];

    /// <summary>The form of events and facts.</summary>
    public static Codec<Told> Events { get; } = Codec.Json(RandomAggregateJson.Default.Told, "told");

    /// <summary>What is sent, by both aggregates.</summary>
    public static Outbox<Told> Mails { get; } = Outbox.Create("mails", Codec.Json(RandomAggregateJson.Default.Told, "mail"));

    public static Outbox<string> Bills { get; } = Outbox.Create("bills", Codec.Text("bill"));

    public static Aggregate<Known, Ask, Told, Denied> Create(string category, SeededRng rng)
    {
        long factor = rng.Between(1, 5), limit = rng.Between(5, 200);
        int sides = rng.Between(2, 30), tagEvery = rng.Between(0, 3);
        var state = rng.Between(0, 3) == 0 ? null : Codec.Json(RandomAggregateJson.Default.Known, "known");
        return Aggregate.Create(
            category,
            Known.Nothing,
            (step, known, ask) => Decide(step, known, ask, factor, limit, sides),
            (known, told) => new Known(unchecked(known.Sum + told.Amount), known.Events + 1, told.What + told.Note),
            Codec.Json(RandomAggregateJson.Default.Ask, "ask"),
            Events,
            Codec.Json(RandomAggregateJson.Default.Denied, "denied"),
            state,
            told => tagEvery > 0 && told.Amount % tagEvery == 0 ? ["of:" + told.What, "even"] : []);
    }

    public static Ask NextCommand(SeededRng rng) => new(Words[rng.Between(0, Words.Length - 1)], rng.Between(0, 40));

    private static Decision<Told, Denied> Decide(Step step, Known known, Ask ask, long factor, long limit, int sides)
    {
        switch (ask.What)
        {
            case "add" when known.Sum > limit: return new Denied("limit", known.Sum);
            case "add": return new Told("added", ask.Amount * factor, "");
            case "roll": return new Told("rolled", step.Random.Between(1, sides), "");
            case "many":
                return Decision.Accept<Told, Denied>(
                    Enumerable.Range(0, (int)(ask.Amount % 4)).Select(index => new Told("many", index, "")));
            case "when": return new Told("at", 0, step.Now.ToString("O", CultureInfo.InvariantCulture));
            case "who": return new Told("by", known.Events, step.CommandId.ToString());
            case "last": return new Told("after", 1, known.Last.Length > 20 ? known.Last[..20] : known.Last);
            case "send":
                return Decision.Accept<Told, Denied>([new Told("sent", ask.Amount, "")])
                    .Send(Mails, new Told("mail", known.Sum, known.Last), "to " + sides, step.Now.AddMinutes(ask.Amount), causedBy: 0)
                    .Send(Bills, ask.Amount.ToString(CultureInfo.InvariantCulture));
            case "post":
                // Messages alone, or nothing at all.
                return Enumerable.Range(0, (int)(ask.Amount % 4)).Aggregate(
                    Decision.Accept<Told, Denied>([]),
                    (decision, index) => decision.Send(Mails, new Told("post", step.Random.Between(1, sides) + index, "")));
            case "deny": return new Denied("asked", known.Events);
            default: return [];
        }
    }
}

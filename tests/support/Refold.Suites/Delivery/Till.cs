// A till whose sales send payments and mails, and a clock with timers that goes on when it is told to.
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

/// <summary>Time and timers by hand.</summary>
internal sealed class MovedClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    /// <summary>Timers that are set and have not gone off.</summary>
    public int Waiting
    {
        get { lock (gate) return timers.Count; }
    }

    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (gate)
        {
            now += time;
            due = [.. timers.Where(timer => timer.Due <= now)];
            timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.GoOff();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(MovedClock clock, Action goOff) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public Action GoOff { get; } = goOff;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.now + dueTime;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

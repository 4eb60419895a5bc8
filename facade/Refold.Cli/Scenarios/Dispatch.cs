// The scenario `dispatch`: requests of a web access log are spread over backends by the power of several choices
// (Mitzenmacher 2001, "The power of two choices in randomized load balancing").
// Recorded by `refold record`, verified by `refold replay`; an aggregate as any user would write it.
namespace Refold.Cli.Scenarios;

/// <summary>The decider of the scenario and how it is recorded.</summary>
public static class Dispatch
{
    /// <summary>The one stream, and the category.</summary>
    public const string Category = "dispatch";

    /// <summary>Changes whenever the same log and settings would give other entries.</summary>
    public const string Version = "1";

    /// <summary>How many backends a step draws, where nothing else is said.</summary>
    public const int DefaultChoices = 2;

    /// <summary>How many backends there are, where nothing else is said.</summary>
    public const int DefaultBackends = 8;

    /// <summary>The most backends a run may have.</summary>
    public const int MostBackends = 10_000;

    /// <summary>A response this large or larger takes no longer, so that a size of any number of digits gives a time.</summary>
    private const long LargestSize = 1L << 40;

    /// <summary>The aggregate with the default settings.</summary>
    public static Aggregate<DispatchState, DispatchCommand, Dispatched, DispatchRefusal> Aggregate { get; } =
        Create(DefaultChoices, DefaultBackends);

    /// <summary>The aggregate with given settings. They decide the outcome, so they belong in the pin.</summary>
    /// <param name="choices">How many different backends a step draws, from 1 to <paramref name="backends"/>.</param>
    /// <param name="backends">How many backends there are, from 1 to <see cref="MostBackends"/>.</param>
    /// <returns>The aggregate.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static Aggregate<DispatchState, DispatchCommand, Dispatched, DispatchRefusal> Create(int choices, int backends)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(backends, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(backends, MostBackends);
        ArgumentOutOfRangeException.ThrowIfLessThan(choices, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(choices, backends);
        int[] indices = [.. Enumerable.Range(0, backends)];
        return Refold.Aggregate.Create(
            Category,
            new DispatchState([.. indices.Select(_ => Array.Empty<DateTimeOffset>())]),
            (Step step, DispatchState state, DispatchCommand command) => Decide(step, state, command, choices, indices),
            Evolve,
            Codec.Json(DispatchJson.Default.DispatchCommand, types => types.Add<Request>("Request").Add<RawLine>("RawLine")),
            Codec.Json(DispatchJson.Default.Dispatched, "Dispatched"),
            Codec.Create("Refused", EncodeRefusal, DecodeRefusal),
            Codec.Json(DispatchJson.Default.DispatchState, "DispatchState"));
    }

    private static Decision<Dispatched, DispatchRefusal> Decide(
        Step step, DispatchState state, DispatchCommand command, int choices, int[] indices)
    {
        if (command is not Request request)
            return DispatchRefusal.Malformed;
        int Outstanding(int backend) => state.Backends[backend].Count(until => until > step.Now);
        // Of equally busy backends the one that was drawn first is taken: MinBy keeps the first.
        int chosen = step.Random.Sample(indices, choices).MinBy(Outstanding);
        return new Dispatched(chosen, Outstanding(chosen), step.Now, step.Now + ServiceTime(step.Random, request.Size));
    }

    private static DispatchState Evolve(DispatchState state, Dispatched happened) => new(
        [.. state.Backends.Select((busy, backend) => Outstanding(busy, backend, happened))]);

    private static IReadOnlyList<DateTimeOffset> Outstanding(IReadOnlyList<DateTimeOffset> busy, int backend, Dispatched happened)
    {
        if (backend != happened.Backend && busy.All(until => until > happened.At))
            return busy;
        var left = busy.Where(until => until > happened.At);
        return [.. backend == happened.Backend ? left.Append(happened.Until) : left];
    }

    /// <summary>Exponential; the mean is half a second and another second for every 64 KiB. In whole microseconds.</summary>
    private static TimeSpan ServiceTime(SeededRng random, long size)
    {
        double seconds = 0.5 + (Math.Min(size, LargestSize) / 65536.0);
        return TimeSpan.FromMicroseconds((long)(random.Exponential(seconds) * 1_000_000));
    }

    private static ReadOnlyMemory<byte> EncodeRefusal(DispatchRefusal refusal) => refusal switch
    {
        DispatchRefusal.Malformed => "\"malformed\""u8.ToArray(),
        _ => throw new FormatException("no such refusal"),
    };

    private static DispatchRefusal DecodeRefusal(ReadOnlyMemory<byte> payload) =>
        payload.Span.SequenceEqual("\"malformed\""u8) ? DispatchRefusal.Malformed : throw new FormatException("no such refusal");
}

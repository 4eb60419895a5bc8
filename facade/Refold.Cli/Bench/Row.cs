// A row of the benchmarks: what is measured, against what, and which ratio is asked for.
// Made by the classes named ...Rows; run by BenchRun.
namespace Refold.Bench;

/// <summary>How a figure of ours and one of the peer give a ratio that is better when larger.</summary>
internal enum Better
{
    /// <summary>Ours divided by the peer's: rates.</summary>
    Larger,

    /// <summary>The peer's, or the limit, divided by ours: times and bytes.</summary>
    Smaller,
}

/// <summary>A row.</summary>
/// <param name="Name">Its name; <c>--row</c> takes it or how it begins.</param>
/// <param name="What">What is measured, in one sentence.</param>
/// <param name="Unit">The unit of both figures.</param>
/// <param name="Better">Which figure is better.</param>
/// <param name="PeerName">What it is measured against.</param>
/// <param name="Target">The ratio that is asked for; null where none is.</param>
/// <param name="Run">Measures.</param>
internal sealed record Row(
    string Name, string What, string Unit, Better Better, string PeerName, double? Target, Func<BenchSession, Figures> Run)
{
    /// <summary>A row against a limit or a floor, not a peer: it holds if its ratio is at least 1.</summary>
    public static Row Limit(string name, string what, string unit, double limit, Func<BenchSession, double> ours) =>
        new(name, what, unit, Better.Smaller, "limit", 1, session => new Figures(ours(session), limit));

    /// <summary>A figure with nothing to hold it against.</summary>
    public static Row Alone(string name, string what, string unit, Func<BenchSession, double> ours) =>
        new(name, what, unit, Better.Smaller, "none", null, session => new Figures(ours(session), null));
}

/// <summary>What a row measured.</summary>
/// <param name="Ours">Our median; null where it cannot be measured here.</param>
/// <param name="Peer">The peer's median of the same run, or the limit; null where there is none.</param>
internal sealed record Figures(double? Ours, double? Peer)
{
    /// <summary>What stands beside the figures: for durable rows the raw flush of the same run.</summary>
    public string Beside { get; init; } = "";

    /// <summary>Why a figure is missing.</summary>
    public string? Absent { get; init; }
}

/// <summary>A row with its figures.</summary>
internal sealed record RowResult(Row Row, Figures Figures)
{
    /// <summary>Better when larger; null where a figure is missing.</summary>
    public double? Ratio => Figures switch
    {
        { Ours: { } ours, Peer: { } peer } when Row.Better == Better.Larger => Divided(ours, peer),
        // Nothing at all meets every limit.
        { Ours: 0, Peer: not null } => 1,
        { Ours: { } ours, Peer: { } peer } => Divided(peer, ours),
        _ => null,
    };

    /// <summary>Whether the target is reached; null where there is none, or no ratio.</summary>
    public bool? Holds => Row.Target is { } target && Ratio is { } ratio ? ratio >= target : null;

    private static double? Divided(double figure, double by) => by == 0 ? null : figure / by;
}

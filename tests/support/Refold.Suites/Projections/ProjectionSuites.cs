// The suites of projections.
// Run by the tests of Refold in the short form, and by Soak.
namespace Refold.Suites;

internal static class ProjectionSuites
{
    /// <summary>A case is a history of 60 steps, in the short form of 40.</summary>
    public static Suite EqualProjections { get; } = new(
        "equal-projections", 16, 400, (tally, seed) => Suites.EqualProjections.RunAsync(tally, seed, 60))
    {
        Short = (tally, seed) => Suites.EqualProjections.RunAsync(tally, seed, 40),
        Missing = tally => tally["comparisons"] == 0 || tally["restarts"] == 0 || tally["rebuilds"] == 0 || tally["refusals"] == 0
            ? "nothing was compared, restarted, made anew or refused"
            : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [EqualProjections];
}

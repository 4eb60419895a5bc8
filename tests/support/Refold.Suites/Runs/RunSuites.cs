// The suites of runs: whatever becomes of their snapshots, and of their exports.
// Run by the tests of runs in the short form, and by Soak.
namespace Refold.Suites;

internal static class RunSuites
{
    public static Suite Snapshots { get; } = new("snapshot-chaos", 20, 1000, SnapshotChaos.RunAsync);

    public static Suite Edits { get; } = new("edited-runs", 24, 5000, EditedRuns.RunAsync)
    {
        Missing = tally =>
            tally["imported"] < tally["refused"] ? "fewer than half of the edits were imported"
            : tally["found"] == 0 || tally["named"] == 0 ? "no edit was found, or none named"
            : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [Snapshots, Edits];
}

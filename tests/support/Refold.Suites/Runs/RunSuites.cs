// The suites of runs: whatever becomes of their snapshots, and of their exports.
// Run by the tests of runs in the short form, and by Soak.
namespace Refold.Suites;

internal static class RunSuites
{
    public static Suite Snapshots { get; } = new("snapshot-chaos", 20, 1000, SnapshotChaos.RunAsync);

    public static Suite Edits { get; } = new("edited-runs", 24, 5000, EditedRuns.RunAsync) { Missing = MissingOfEdits };

    public static Suite EditedOperations { get; } = new("edited-operations", 10, 5000, EditedRuns.RunWithOperationsAsync)
    {
        // An edit of what came from outside is rare, and often found by what the operation makes of it.
        Missing = tally => tally.Cases < 200 && tally["found"] > 0 && tally["imported"] >= tally["refused"] ? null : MissingOfEdits(tally),
    };

    public static IReadOnlyList<Suite> All { get; } = [Snapshots, Edits, EditedOperations];

    private static string? MissingOfEdits(Tally tally) =>
        tally["imported"] < tally["refused"] ? "fewer than half of the edits were imported"
        : tally["found"] == 0 || tally["named"] == 0 ? "no edit was found, or none named"
        : null;
}

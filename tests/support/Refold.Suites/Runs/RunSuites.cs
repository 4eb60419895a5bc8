// The suites of runs: whatever becomes of their snapshots.
// Run by the tests of runs in the short form, and by Soak.
namespace Refold.Suites;

internal static class RunSuites
{
    public static Suite Snapshots { get; } = new("snapshot-chaos", 20, 1000, SnapshotChaos.RunAsync);

    public static IReadOnlyList<Suite> All { get; } = [Snapshots];
}

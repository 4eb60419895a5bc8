// The rows that need nothing besides Refold and .NET: raw loops, limits, and openssl where it is installed.
// Run by an installed tool; the benchmark program has them beside those with peers.
namespace Refold.Bench;

internal static class OwnRows
{
    public static IReadOnlyList<Row> All =>
        [.. RandomRows.All, .. DurableRows.All, .. OpenRows.All, .. FoldRows.All, .. RunRows.All, .. AllocationRows.All, .. MemoryRows.All];
}

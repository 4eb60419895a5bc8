// Counts what a call sets aside on its thread, and the least of several calls.
// Called by: tests of folds in place and of growth.

namespace Refold.Segments.Tests;

internal static class Allocations
{
    /// <summary>The bytes that a call sets aside on its thread.</summary>
    public static long Of(Action call)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        call();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>The fewest of twelve calls. What the runtime sets aside for itself, for code that it compiles anew, comes with some of them
    /// only.</summary>
    public static long Least(Action call) => Enumerable.Range(0, 12).Min(_ => Of(call));
}

// Measuring: two sides in turn within one process, medians, and bytes that were allocated.
// Used by every row and by the guard.
using System.Diagnostics;

namespace Refold.Bench;

internal static class Measure
{
    /// <summary>Figures of both sides, in turn, after one round that does not count; each round begins with the other side.</summary>
    /// <returns>The medians.</returns>
    public static Figures Interleaved(int rounds, Func<double> ours, Func<double> peer)
    {
        ours();
        peer();
        double[] mine = new double[rounds], other = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            if (round % 2 == 0) mine[round] = ours();
            other[round] = peer();
            if (round % 2 != 0) mine[round] = ours();
        }

        return new Figures(Median(mine), Median(other));
    }

    /// <summary>The median of several rounds, after one that does not count.</summary>
    public static double Repeated(int rounds, Func<double> figure)
    {
        figure();
        return Median([.. Enumerable.Range(0, rounds).Select(_ => figure())]);
    }

    public static double Median(double[] figures)
    {
        double[] sorted = [.. figures.Order()];
        int half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    public static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>How many of something happen in a second.</summary>
    public static double Rate(long count, Action work) => count / Seconds(work);

    /// <summary>Nanoseconds of one of them.</summary>
    public static double Nanoseconds(long count, Action work) => Seconds(work) * 1e9 / count;

    /// <summary>Bytes that all threads allocated for one of them: the least of several rounds, as the runtime compiles methods again
    /// while it learns, and allocates for itself.</summary>
    public static double Allocated(int rounds, long count, Action work)
    {
        double least = double.MaxValue;
        for (int round = 0; round <= rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            work();
            double bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)count;
            if (round > 0) least = Math.Min(least, bytes);
        }

        return least;
    }

    /// <summary>The answer, waited for: benchmarks have a thread of their own.</summary>
    public static T Wait<T>(this ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();

    /// <summary>The end, waited for.</summary>
    public static void Wait(this ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    /// <summary>The answer, waited for.</summary>
    public static T Answer<T>(this Task<T> task) => task.GetAwaiter().GetResult();
}

// The flush that comes by itself some time after an answer, in the mode that answers before it.
// Used by SegmentJournal; armed by SegmentLog after each group that leaves something to flush.
namespace Refold.Segments;

/// <summary>Asks for a flush when its time is up. Safe for use by many threads.</summary>
internal sealed class DelayedFlush : IDisposable
{
    private readonly ITimer timer;
    private int armed;

    /// <param name="clock">Measures the delay.</param>
    /// <param name="flush">Queues a flush; must not throw.</param>
    public DelayedFlush(TimeProvider clock, Action flush)
    {
        timer = clock.CreateTimer(
            _ =>
            {
                Interlocked.Exchange(ref armed, 0);
                flush();
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>The first of the answers that wait for a flush decides when it comes.</summary>
    public void Arm()
    {
        if (Interlocked.Exchange(ref armed, 1) == 0) timer.Change(SegmentJournal.MaxUnflushedTime, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => timer.Dispose();
}

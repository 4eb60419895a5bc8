// Looks at COMMIT while a subscription of this process waits for what another process writes; sleeps while none does.
// Made by SegmentJournal for a journal opened for reading.
namespace Refold.Segments;

/// <summary>A thread that looks every millisecond or two, as long as somebody waits.</summary>
/// <param name="reader">What looks.</param>
/// <param name="subscriptions">Who waits.</param>
internal sealed class CommitWatch(LiveReader reader, Subscriptions subscriptions) : IDisposable
{
    // New entries have to be seen within 5 ms; a timer of the thread pool is late when the pool is busy.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly Lock gate = new();
    private readonly SemaphoreSlim wanted = new(0);
    private readonly ManualResetEvent closed = new(initialState: false);
    private Thread? thread;
    private bool isClosed;

    /// <summary>Somebody waits.</summary>
    public void Wake()
    {
        lock (gate)
        {
            if (isClosed) return;
            if (thread is null)
            {
                thread = new Thread(Run) { IsBackground = true, Name = "Refold reader" };
                thread.Start();
            }

            if (wanted.CurrentCount == 0) wanted.Release();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (isClosed) return;
            isClosed = true;
            closed.Set();
            wanted.Release();
        }

        thread?.Join();
        wanted.Dispose();
        closed.Dispose();
    }

    private void Run()
    {
        do
        {
            wanted.Wait();
            while (subscriptions.IsAwaited && !closed.WaitOne(Pause)) Look();
        }
        while (!closed.WaitOne(TimeSpan.Zero));
    }

    private void Look()
    {
        try
        {
            reader.Refresh();
        }
#pragma warning disable CA1031 // Whatever was thrown: it belongs to those who wait, and must not end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            subscriptions.Fail(exception);
        }
    }
}

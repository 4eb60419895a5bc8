// Where a run goes on when it must not go on where it is: on the pool; or, where callers block all of its threads, on a thread of
// Refold's own. Called by RunPipeline.
using System.Collections.Concurrent;

namespace Refold;

/// <summary>What the pool does not begin in time is done on one thread for the whole process. Safe for use by many threads.</summary>
internal static class Elsewhere
{
    // A pool that has a free thread begins at once; one that was found blocked is not waited for again.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BlockedPatience = TimeSpan.FromMilliseconds(1);

    private static readonly ConcurrentQueue<Item> Queued = new();
    private static readonly SemaphoreSlim Wanted = new(0);
    private static readonly ManualResetEventSlim Never = new();
    private static int started;
    private static int idle;
    private static volatile bool isBlocked;

    /// <summary>Does something on another thread.</summary>
    /// <param name="action">What it does.</param>
    /// <param name="state">What it is given.</param>
    public static void Do<T>(Action<T> action, T state)
    {
        var item = new Item<T>(action, state);
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        Queued.Enqueue(item);
        // Looked at behind a full fence, so that either this wakes the watching thread, or that thread sees the item.
        if (Interlocked.CompareExchange(ref idle, 0, 1) == 1) Wanted.Release();
        if (Volatile.Read(ref started) == 0 && Interlocked.Exchange(ref started, 1) == 0)
            new Thread(Watch) { IsBackground = true, Name = "Refold run watch" }.UnsafeStart();
    }

    private static void Watch()
    {
        while (true)
        {
            while (Queued.TryDequeue(out var item)) Await(item);
            Interlocked.Exchange(ref idle, 1);
            // Taken back where something came meanwhile and nobody has woken this thread for it.
            if (!Queued.IsEmpty && Interlocked.CompareExchange(ref idle, 0, 1) == 1) continue;
            Wanted.Wait();
        }
    }

    private static void Await(Item item)
    {
        while (!item.IsTaken)
        {
            var left = (isBlocked ? BlockedPatience : Patience) - TimeProvider.System.GetElapsedTime(item.Queued);
            if (left > TimeSpan.Zero)
            {
                Never.Wait(left + TimeSpan.FromMilliseconds(1));
                continue;
            }

            if (!item.TryTake()) return;
            isBlocked = true;
            item.Run();
        }
    }

    private abstract class Item : IThreadPoolWorkItem
    {
        private int taken;

        public long Queued { get; } = TimeProvider.System.GetTimestamp();

        public bool IsTaken => Volatile.Read(ref taken) == 1;

        public bool TryTake() => Interlocked.Exchange(ref taken, 1) == 0;

        /// <summary>On the pool.</summary>
        public void Execute()
        {
            if (!TryTake()) return;
            isBlocked = false;
            Run();
        }

        public abstract void Run();
    }

    private sealed class Item<T>(Action<T> action, T state) : Item
    {
        public override void Run() => action(state);
    }
}

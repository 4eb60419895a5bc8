// Where a run goes on when it must not go on where it is: on the pool; or, where callers block all of its threads, on threads of Refold's
// own. Called by RunPipeline, and by what leaves the caller's thread.
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>What the pool does not begin in time is done on threads for the whole process: one watches, and hands the watch on before it
/// does something, as that may take long or block. Safe for use by many threads.</summary>
internal static class Elsewhere
{
    // Beyond that, what is queued waits until one of them is done.
    private const int MostThreads = 64;

    // A pool that has a free thread begins at once; one that was found blocked is not waited for again.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BlockedPatience = TimeSpan.FromMilliseconds(1);

    private static readonly ConcurrentQueue<Item> Queued = new();
    private static readonly SemaphoreSlim Wanted = new(0);
    private static readonly SemaphoreSlim Watch = new(1, 1);
    private static readonly ManualResetEventSlim Never = new();
    private static int threads;
    private static int spare;
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
        if (Volatile.Read(ref threads) == 0 && Interlocked.CompareExchange(ref threads, 1, 0) == 0) StartThread();
    }

    /// <summary>Goes on elsewhere: <c>await Elsewhere.Switch()</c>.</summary>
    public static Leaving Switch() => default;

    private static void StartThread() => new Thread(Serve) { IsBackground = true, Name = "Refold run watch" }.UnsafeStart();

    private static void Serve()
    {
        while (true)
        {
            Interlocked.Increment(ref spare);
            Watch.Wait();
            Interlocked.Decrement(ref spare);
            var item = Next();
            if (Volatile.Read(ref spare) == 0 && Volatile.Read(ref threads) < MostThreads)
            {
                // This thread has the watch: no other counts.
                Interlocked.Increment(ref threads);
                StartThread();
            }

            Watch.Release();
            item.Run();
        }
    }

    // The next that the pool does not begin in time; it is this thread's then.
    private static Item Next()
    {
        while (true)
        {
            while (Queued.TryDequeue(out var item))
            {
                if (IsOurs(item)) return item;
            }

            Interlocked.Exchange(ref idle, 1);
            // Taken back where something came meanwhile and nobody has woken this thread for it.
            if (!Queued.IsEmpty && Interlocked.CompareExchange(ref idle, 0, 1) == 1) continue;
            Wanted.Wait();
        }
    }

    private static bool IsOurs(Item item)
    {
        while (!item.IsTaken)
        {
            var left = (isBlocked ? BlockedPatience : Patience) - TimeProvider.System.GetElapsedTime(item.Queued);
            if (left > TimeSpan.Zero)
            {
                Never.Wait(left + TimeSpan.FromMilliseconds(1));
                continue;
            }

            if (!item.TryTake()) return false;
            isBlocked = true;
            return true;
        }

        return false;
    }

    /// <summary>What is awaited to go on elsewhere; never completed before.</summary>
    public readonly struct Leaving : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Leaving GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => Do(static next => next(), continuation);

        public void UnsafeOnCompleted(Action continuation) => Do(static next => next(), continuation);
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

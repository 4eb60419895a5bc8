// The segment journal as the simulator opens it, in each durability, and batches for it.
// Used by the crash tests and suites.
using Refold.Segments;

namespace Refold.Suites;

internal static class CrashStore
{
    /// <summary>Segments so small that most workloads rotate, and checkpoints after so few bytes that most segments get one.</summary>
    public static JournalOptions Small { get; } = new()
    {
        Segments = new()
        {
            SegmentBytes = 2048,
            CheckpointBytes = 500,
            Background = InlineTaskScheduler.Instance,
        },
    };

    /// <summary>The same without checkpoints.</summary>
    public static JournalOptions Plain { get; } = Small.With(s => s with { CheckpointBytes = 0 });

    /// <summary>The same with checkpoints, on fresh blocks, so that a segment holds a few flushes.</summary>
    public static JournalOptions Padded { get; } = Small.With(s => s with { Durability = Durability.Padded, SegmentBytes = 5 * 4096 });

    /// <summary>The same without a flush for each answer; the flush that comes by itself never does.</summary>
    public static JournalOptions Unflushed { get; } = Small with
    {
        TimeProvider = new StoppedTime(),
        Segments = Small.Segments with
        {
            Durability = Durability.PowerCutLosesNewest,
            SegmentBytes = 8192,
        },
    };

    public static ILocalJournal Open(IStorageDevice device) => SegmentJournal.Open(device, Small);

    public static ILocalJournal OpenForReading(IStorageDevice device) => SegmentJournal.Open(device, Small with { ReadOnly = true });

    /// <summary>Every byte of what is left is in order, once it was opened for writing.</summary>
    public static string? Inspect(SimulatedDevice device) =>
        SegmentJournal.Verify(device).First is { } fault ? $"After recovery the files are not in order: {fault}" : null;

    public static CrashSimulation Simulation(Action<SimulatedDevice>? prepare = null) =>
        new(Open) { OpenForReading = OpenForReading, Inspect = Inspect, Prepare = prepare ?? (_ => { }) };

    /// <summary>The promises of <see cref="Durability.Padded"/>, or what becomes of others' where blocks turn to garbage.</summary>
    public static CrashSimulation Garbling(JournalOptions options, bool garbles = true) =>
        new(device => SegmentJournal.Open(device, options)) { OpenForReading = OpenForReading, Inspect = Inspect, GarblesBlocks = garbles };

    /// <summary>The promises of <see cref="Durability.PowerCutLosesNewest"/>.</summary>
    public static CrashSimulation LosingNewest(bool isTold = true, Action<SimulatedDevice>? prepare = null) =>
        new(device => SegmentJournal.Open(device, Unflushed))
        {
            OpenForReading = OpenForReading,
            Inspect = Inspect,
            SettledBy = isTold ? IsSegment : null,
            Prepare = prepare ?? (_ => { })
        };

    public static bool IsSegment(string name) => name.EndsWith(".seg", StringComparison.Ordinal);

    public static EntryData Entry(string stream, string payload = "{}") =>
        new(stream, "Happened", System.Text.Encoding.UTF8.GetBytes(payload));

    public static AppendRequest Batch(string stream, int entries, int payloadBytes = 8, string? key = null) =>
        new([.. Enumerable.Range(0, entries).Select(number => Entry(stream, $"{stream} {number} {new string('x', payloadBytes)}"))])
        {
            IdempotencyKey = key
        };
}

/// <summary>A clock whose timers do not fire unless they are told to.</summary>
internal sealed class StoppedTime : TimeProvider
{
    private readonly List<Timer> timers = [];

    /// <summary>The time of every timer that was set is up.</summary>
    public void Fire()
    {
        lock (timers)
        {
            foreach (var timer in timers) timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (timers)
        {
            timers.Add(new Timer(this, callback, state));
            return timers[^1];
        }
    }

    private sealed class Timer(StoppedTime owner, TimerCallback callback, object? state) : ITimer
    {
        private bool isSet;

        public void Fire()
        {
            if (isSet) callback(state);
            isSet = false;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => isSet = dueTime >= TimeSpan.Zero;

        // Forgotten too: otherwise the device of every journal that was ever opened stays in memory.
        public void Dispose()
        {
            isSet = false;
            lock (owner.timers) owner.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

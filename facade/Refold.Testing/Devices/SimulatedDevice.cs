// A directory in memory that crashes: it keeps apart what reads see and what is durable, counts operations, and fails where it is told to.
// Used by CrashSimulation, and by tests of stores that take an IStorageDevice.
using System.Globalization;
using Refold.Segments;

namespace Refold.Testing;

/// <summary>A simulated directory with a page cache: contents since the last flush of their file, and names since the last flush of the
/// directory, are not durable.</summary>
/// <threadsafety>All members are safe for use by many threads; what a seed names is the same only where operations
/// come in the same order.</threadsafety>
public sealed partial class SimulatedDevice : IStorageDevice
{
    private readonly Lock gate = new();
    private readonly List<StorageOperation> log = [];
    private readonly HashSet<string> locks = new(StringComparer.Ordinal);
    private readonly SeededRng rng;
    private readonly ulong seed;
    private readonly SimulatedDevice? before;
    private string origin;
    private SimulatedNames names = new();
    private long count;
    private bool stopped;

    /// <summary>Makes an empty device.</summary>
    /// <param name="seed">Names the lengths of short writes and what failed flushes drop.</param>
    public SimulatedDevice(ulong seed)
        : this(seed, null, string.Create(CultureInfo.InvariantCulture, $"new SimulatedDevice({seed})"))
    {
    }

    private SimulatedDevice(ulong seed, SimulatedDevice? before, string origin)
    {
        (this.seed, this.before, this.origin) = (seed, before, origin);
        rng = SeededRng.FromSeed(seed);
    }

    /// <summary>The index of the changing operation during which everything stops: it has begun, and what it would change is unflushed. It
    /// and all later operations throw <see cref="SimulatedCrashException"/>.</summary>
    /// <value>Default: null, never.</value>
    public long? CrashAt { get; set; }

    /// <summary>Asked before each operation how it ends.</summary>
    /// <value>Default: all succeed.</value>
    public Func<StorageOperation, StorageFault> Faults { get; set; } = _ => StorageFault.None;

    /// <summary>Called when an operation begins, before it changes anything; it may use the store, as another thread would.</summary>
    /// <value>Default: does nothing.</value>
    public Action<StorageOperation> Begun { get; set; } = _ => { };

    /// <summary>Which flushes return without doing anything: the control that shows that a flush is needed.</summary>
    /// <value>Default: none.</value>
    public Func<StorageOperation, bool> SkipsFlush { get; set; } = _ => false;

    /// <summary>Whether flushes know their <see cref="StorageOperation.CallSite"/>; costs a stack trace each.</summary>
    /// <value>Default: false.</value>
    public bool TracksCallSites { get; set; }

    /// <summary>How many bytes all files together may have.</summary>
    /// <value>Default: null, no limit.</value>
    public long? Capacity { get; set; }

    /// <summary>Whether room is looked for only when a file is flushed, as file systems with delayed allocation do.</summary>
    /// <value>Default: false, when it is written.</value>
    public bool AllocatesAtFlush { get; set; }

    /// <inheritdoc/>
    public string Place => origin;

    /// <inheritdoc/>
    public bool Exists { get; private set; }

    /// <summary>How many changing operations there were, over all crashes.</summary>
    public long OperationCount
    {
        get
        {
            lock (gate) return count;
        }
    }

    /// <summary>How many operations failed because <see cref="Faults"/> or <see cref="Capacity"/> said so.</summary>
    public int FaultCount { get; private set; }

    /// <summary>Whether nothing works any more: <see cref="CrashAt"/> was reached, or <see cref="Stop"/> was called.</summary>
    public bool HasStopped
    {
        get
        {
            lock (gate) return stopped;
        }
    }

    /// <summary>Everything that was asked since this device was made, in order.</summary>
    public IReadOnlyList<StorageOperation> Log
    {
        get
        {
            lock (gate) return [.. log];
        }
    }

    /// <summary>Ends the process that uses the device: from now on every operation throws <see cref="SimulatedCrashException"/>.</summary>
    public void Stop()
    {
        lock (gate) stopped = true;
    }

    /// <summary>What reads see of every file.</summary>
    /// <returns>A copy.</returns>
    public SortedDictionary<string, byte[]> Image()
    {
        lock (gate) return new(names.Names.ToDictionary(pair => pair.Key, pair => pair.Value.Cache.ToArray()), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public void CreateDirectory()
    {
        if (!Exists) Run(StorageOperationKind.CreateDirectory, "", () => Exists = true);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        lock (gate)
        {
            RequireRunning();
            return Exists
                ? [.. names.Names.Keys.Order(StringComparer.Ordinal)]
                : throw new DirectoryNotFoundException($"{Place} is not there.");
        }
    }

    /// <inheritdoc/>
    public IStorageFile Open(string name, bool writable) =>
        new SimulatedFile(this, Run(StorageOperationKind.Open, name, () => names.Find(name)), writable);

    /// <inheritdoc/>
    public IStorageFile Create(string name) =>
        new SimulatedFile(this, Run(StorageOperationKind.Create, name, () => names.Create(name)), writable: true);

    /// <inheritdoc/>
    public void Rename(string from, string to) => Run(StorageOperationKind.Rename, to, () => names.Rename(from, to));

    /// <inheritdoc/>
    public void Delete(string name) => Run(StorageOperationKind.Delete, name, () => names.Delete(name));

    /// <inheritdoc/>
    public void FlushDirectory() => Run(StorageOperationKind.FlushDirectory, "", () => names.Flush());

    /// <inheritdoc/>
    public IStorageLock? TryLock(string name) => Run(StorageOperationKind.Lock, name, () =>
    {
        if (!names.Names.ContainsKey(name)) names.Create(name);
        return locks.Add(name) ? new HeldLock(this, name) : null;
    });

    private void Run(StorageOperationKind kind, string name, Action apply) => Run(kind, name, () =>
    {
        apply();
        return true;
    });

    private T Run<T>(StorageOperationKind kind, string name, Func<T> apply)
    {
        var operation = Begin(kind, name);
        lock (gate)
        {
            var fault = Enter(operation);
            // A flush that a crash interrupts changes nothing by itself: what it has written by then is the crash's to choose.
            var isFlush = kind == StorageOperationKind.FlushDirectory;
            if (fault == StorageFault.None && isFlush && !stopped && SkipsFlush(operation)) return default!;
            if (fault == StorageFault.None && !(isFlush && stopped))
            {
                if (!Exists && kind != StorageOperationKind.CreateDirectory) throw new DirectoryNotFoundException($"{Place} is not there.");
                var result = apply();
                RequireRunning();
                return result;
            }

            if (isFlush && !stopped)
            {
                names.FailFlush(rng);
                LossCount++;
            }

            throw Failure(fault);
        }
    }

    private StorageOperation Begin(StorageOperationKind kind, string name, long offset = 0, int length = 0)
    {
        var operation = new StorageOperation(OperationCount, kind, name, offset, length)
        {
            CallSite = TracksCallSites && kind is (StorageOperationKind.Flush or StorageOperationKind.FlushDirectory)
                ? CallSites.OfCaller(kind)
                : ""
        };
        if (!HasStopped) Begun(operation);
        return operation;
    }

    /// <summary>Counts and logs an operation; under the lock.</summary>
    private StorageFault Enter(StorageOperation operation)
    {
        RequireRunning();
        operation = operation with { Index = count };
        log.Add(operation);
        if (operation.Changes)
        {
            stopped = CrashAt == count++;
            if (stopped) return StorageFault.None;
        }

        var fault = Faults(operation);
        if (fault != StorageFault.None) FaultCount++;
        return fault;
    }

    private void RequireRunning()
    {
        if (stopped) throw new SimulatedCrashException();
    }

    private IOException Failure(StorageFault fault) =>
        stopped ? new SimulatedCrashException()
        : fault == StorageFault.NoRoom ? new IOException("No space left on device (simulated).")
        : new IOException("Input/output error (simulated).");

    private sealed class HeldLock(SimulatedDevice device, string name) : IStorageLock
    {
        public bool TryHold(string name) => true;

        public void RequireHeld(string? file)
        {
        }

        public void Dispose()
        {
            lock (device.gate) device.locks.Remove(name);
        }
    }
}

/// <summary>The simulated process has ended: no operation does anything any more.</summary>
public sealed class SimulatedCrashException() : IOException("The device has stopped: a simulated crash.");

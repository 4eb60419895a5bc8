// Journals whose reads are released by hand, or take their time, fail and have other writers between.
// Used by the tests of loading and of the order of steps.
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Refold.Tests.Runs;

/// <summary>A journal whose reads of streams and keys wait until the test releases them. Runs' own streams are read at once.</summary>
internal sealed class HeldJournal(ILocalJournal inner) : ForwardingJournal(inner)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<TaskCompletionSource<Exception?>>> held = [];
    private readonly List<TaskCompletionSource> watchers = [];
    private int waiting;
    private int cancelled;
    private int appends;

    /// <summary>Whether reads begun from now on wait.</summary>
    public bool Holds { get; set; } = true;

    /// <summary>Reads that wait now.</summary>
    public int Waiting
    {
        get { lock (gate) return waiting; }
    }

    /// <summary>Reads that ended because their token was cancelled.</summary>
    public int Cancelled
    {
        get { lock (gate) return cancelled; }
    }

    public int Appends => Volatile.Read(ref appends);

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref appends);
        return Inner.TryAppendAsync(batch, cancellationToken);
    }

    public override async ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        await HoldAsync(key, cancellationToken);
        return await Inner.FindByKeyAsync(key, cancellationToken);
    }

    public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (!stream.IsSystem) await HoldAsync(stream.Value, cancellationToken);
        await foreach (var entry in Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
            yield return entry;
    }

    /// <summary>Done when something is true of the journal; fails after a minute.</summary>
    public async Task UntilAsync(Func<HeldJournal, bool> isSo)
    {
        while (true)
        {
            var change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (gate) watchers.Add(change);
            if (isSo(this))
                return;
            await change.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Whether a read of a stream or a key waits.</summary>
    public bool IsHeld(string name)
    {
        lock (gate) return held.ContainsKey(name);
    }

    /// <summary>Lets the reads of a stream or a key that wait go on, or fail.</summary>
    public void Release(string name, Exception? error = null)
    {
        List<TaskCompletionSource<Exception?>>? reads;
        lock (gate)
        {
            if (!held.Remove(name, out reads)) throw new InvalidOperationException($"No read of '{name}' waits.");
        }

        foreach (var read in reads) read.SetResult(error);
    }

    private async Task HoldAsync(string name, CancellationToken cancellationToken)
    {
        if (!Holds)
            return;
        var read = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (!held.TryGetValue(name, out var reads)) held[name] = reads = [];
            reads.Add(read);
            waiting++;
            Changed();
        }

        try
        {
            if (await read.Task.WaitAsync(cancellationToken) is { } error) throw error;
        }
        catch (OperationCanceledException)
        {
            lock (gate)
            {
                cancelled++;
                if (held.TryGetValue(name, out var reads) && reads.Remove(read) && reads.Count == 0) held.Remove(name);
            }

            throw;
        }
        finally
        {
            lock (gate)
            {
                waiting--;
                Changed();
            }
        }
    }

    private void Changed()
    {
        foreach (var watcher in watchers) watcher.TrySetResult();
        watchers.Clear();
    }
}

/// <summary>A journal that answers late, now and then has another writer between, and fails reads, as the seed says.</summary>
internal sealed class SlowJournal(ILocalJournal inner, SeededRng random) : ForwardingJournal(inner)
{
    private readonly Lock gate = new();

    /// <summary>How likely a read fails.</summary>
    public double Faults { get; init; }

    /// <summary>How likely another writer comes before a read or an append.</summary>
    public double OtherWriters { get; init; }

    /// <summary>The streams "order/0" and so on that other writers append to.</summary>
    public int OtherStreams { get; init; } = 1;

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        Task<AppendResult> append;
        lock (gate)
        {
            // Appended in the order of the calls, answered when it will be.
            Interfere();
            append = Inner.TryAppendAsync(batch, cancellationToken).AsTask();
        }

        await PauseAsync(CancellationToken.None);
        return await append;
    }

    public override async ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default)
    {
        await ReadAsync(cancellationToken);
        return await Inner.FindByKeyAsync(key, cancellationToken);
    }

    public override async ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        await ReadAsync(cancellationToken);
        return await Inner.HighestVersionAsync(stream, cancellationToken);
    }

    public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await ReadAsync(cancellationToken);
        await foreach (var entry in Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
            yield return entry;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await PauseAsync(cancellationToken);
        bool fails;
        lock (gate)
        {
            Interfere();
            fails = Faults > 0 && random.Chance(Faults);
        }

        if (fails) throw new IOException("the line is gone");
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        int pause;
        lock (gate) pause = random.Between(0, 3);
        if (pause == 0)
            return;
        if (pause == 1)
            await Task.Yield();
        else
            await Task.Delay(pause - 1, cancellationToken);
    }

    private void Interfere()
    {
        if (OtherWriters <= 0 || !random.Chance(OtherWriters))
            return;
        StreamId stream = "order/" + random.Between(0, OtherStreams - 1).ToString(CultureInfo.InvariantCulture);
        RunFixture.AppendFact(Inner, stream, 1);
    }
}

// What a run knows without waiting: the run's version and the states of streams after steps that may still be on their way.
// Used by the thread that pumps RunPipeline, and by nobody else at that time.
using Refold.Interop;

namespace Refold;

/// <summary>A state that was kept between steps.</summary>
internal sealed class KeptState
{
    public required object Aggregate { get; init; }

    /// <summary>A <see cref="FoldedState{TState}"/> of the aggregate's state type.</summary>
    public required object Folded { get; init; }

    /// <summary>The version of the last snapshot that was taken of it or that it was made from; 0 for none.</summary>
    public required long SnapshotAt { get; init; }

    /// <summary>The number of the last step that went into it.</summary>
    public required long Step { get; init; }
}

internal sealed class RunMemory(IJournal journal, RunId run, RecordMode mode, int cachedStreams)
{
    private readonly Dictionary<StreamId, KeptState> states = [];
    private long settledVersion = 1;
    private long? version;
    private long settled;

    /// <summary>The run's highest version after every step made so far. In mode Off nothing holds it but this, and the entry that would
    /// have started the run counts, so that ids are the same in both modes.</summary>
    /// <exception cref="RunEndedException">The run was ended, by whomever.</exception>
    public long RunVersion => version ??= mode == RecordMode.Record ? ReadRunVersion() : settledVersion;

    /// <summary>How many steps were begun.</summary>
    public long Begun { get; set; }

    /// <summary>Up to which of them all are settled.</summary>
    public long Settled
    {
        get => Volatile.Read(ref settled);
        set => Volatile.Write(ref settled, value);
    }

    public KeptState? Find(StreamId stream) => states.GetValueOrDefault(stream);

    /// <summary>Moves on to what is true once the step being made is committed.</summary>
    public void Advance(StreamId stream, object aggregate, object folded, long snapshotAt, long runVersion)
    {
        if (states.Count >= cachedStreams && !states.ContainsKey(stream))
            LetGo();
        states[stream] = new KeptState { Aggregate = aggregate, Folded = folded, SnapshotAt = snapshotAt, Step = Begun };
        version = runVersion;
    }

    /// <summary>Moves the run's own version on.</summary>
    public void Advance(long runVersion) => version = runVersion;

    /// <summary>A step is committed that ends at this version of the run.</summary>
    public void Settle(long runVersion) => settledVersion = Math.Max(settledVersion, runVersion);

    /// <summary>Throws away everything that was built on a step which is not committed.</summary>
    public void Forget()
    {
        states.Clear();
        version = null;
    }

    private long ReadRunVersion()
    {
        var highest = journal.HighestVersion(run.Stream);
        return journal.ReadStream(run.Stream, highest).Any(RunTranslation.IsEnd) ? throw new RunEndedException(run) : highest;
    }

    // What is on its way cannot be read back yet, so it stays.
    private void LetGo()
    {
        foreach (var (stream, kept) in states)
        {
            if (kept.Step <= Settled)
                states.Remove(stream);
        }
    }
}

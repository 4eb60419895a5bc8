// What a run knows without asking the journal: the run's version and the states of streams after steps that may still be on their way.
// Used by RunPipeline under its lock.
namespace Refold;

/// <summary>A stream's state: kept between steps, or loaded for the next one. Immutable.</summary>
/// <param name="Aggregate">The aggregate whose it is.</param>
/// <param name="Folded">A <see cref="FoldedState{TState}"/> of the aggregate's state type.</param>
/// <param name="SnapshotAt">The version of the last snapshot that was taken of it or that it was made from; 0 for none.</param>
/// <param name="StoodOn">The snapshot that it was just loaded from, which the next step records; null where a step did already, and for
/// none.</param>
/// <param name="IsRedacted">Whether something in an event of the stream is redacted, so that no snapshot is taken of it.</param>
internal sealed record KeptState(
    object Aggregate, object Folded, long SnapshotAt, Snapshot? StoodOn = null, bool IsRedacted = false);

internal sealed class RunMemory(RecordMode mode, long? version, int cachedStreams)
{
    private readonly Dictionary<StreamId, (KeptState State, long Step)> states = [];

    // Whose hooks were called: those with a state, and those whose state is just being made or made anew; with what cancels hooks that
    // have not ended.
    private readonly Dictionary<StreamId, CancellationToken> recovered = [];
    private long settledVersion = 1;
    private long? version = version;

    /// <summary>The run's highest version after every step made so far; null where the journal must be asked. In mode Off nothing holds
    /// it but this, and the entry that would have started the run counts, so that ids are the same in both modes.</summary>
    public long? RunVersion => version ??= mode == RecordMode.Off ? settledVersion : null;

    /// <summary>How many steps were begun. A step's number is this after it was.</summary>
    public long Begun { get; set; }

    /// <summary>Up to which of them all are settled.</summary>
    public long Settled { get; set; }

    /// <summary>The kept state of a stream, if it is that aggregate's.</summary>
    public KeptState? Find(StreamId stream, object aggregate) =>
        states.TryGetValue(stream, out var kept) && ReferenceEquals(kept.State.Aggregate, aggregate) ? kept.State : null;

    /// <summary>Whether a stream's hooks are to be called: it was not recovered since its state was let go, or not to the end.</summary>
    public bool BeginRecovery(StreamId stream, Predicate<StreamId> isWaitedFor, CancellationToken cancellationToken)
    {
        if (recovered.TryGetValue(stream, out var before) && !before.IsCancellationRequested) return false;
        // Those of which no step was ever made, and nobody waits for.
        if (recovered.Count >= states.Count + cachedStreams)
        {
            foreach (var other in recovered.Keys)
            {
                if (!states.ContainsKey(other) && !isWaitedFor(other)) recovered.Remove(other, out _);
            }
        }

        recovered[stream] = cancellationToken;
        return true;
    }

    /// <summary>The hooks of a stream have ended.</summary>
    public void EndRecovery(StreamId stream) => recovered[stream] = CancellationToken.None;

    /// <summary>Moves on to what is true once the step begun last is committed.</summary>
    /// <param name="stream">The step's stream; null where it has none.</param>
    /// <param name="made">The step.</param>
    /// <param name="isWaitedFor">Whether a command waits for a stream's state, so that it is not let go.</param>
    public void Advance(StreamId? stream, StepMade made, Predicate<StreamId> isWaitedFor)
    {
        version = made.RunVersion;
        if (stream is null || made.After is null)
            return;
        if (states.Count >= cachedStreams && !states.ContainsKey(stream))
            LetGo(isWaitedFor);
        states[stream] = (made.After, Begun);
    }

    /// <summary>A step is committed that ends at this version of the run.</summary>
    public void Settle(long runVersion) => settledVersion = Math.Max(settledVersion, runVersion);

    /// <summary>The journal's answer to what the run's version is.</summary>
    public void Learn(long runVersion) => version = runVersion;

    /// <summary>Throws the state of a stream away that another writer appended to.</summary>
    public void Forget(StreamId stream) => states.Remove(stream);

    /// <summary>Throws away everything that was built on a step which is not committed.</summary>
    /// <param name="step">Its number.</param>
    public void ForgetFrom(long step)
    {
        foreach (var (stream, kept) in states)
        {
            if (kept.Step >= step)
                states.Remove(stream);
        }

        version = null;
    }

    // What is on its way cannot be read back yet, so it stays.
    private void LetGo(Predicate<StreamId> isWaitedFor)
    {
        foreach (var (stream, kept) in states)
        {
            if (kept.Step > Settled || isWaitedFor(stream)) continue;
            states.Remove(stream);
            recovered.Remove(stream);
        }
    }
}

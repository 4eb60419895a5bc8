// The snapshots of a run: when one is due, taking it, and what is logged about them. A cache, so nothing that fails here fails the run, and
// nothing waits for it. Used by StreamState, ExecuteWork and AggregateStreams.
using System.Collections.Concurrent;
using Refold.Interop;

namespace Refold;

/// <summary>What a run does with snapshots. Safe for use by many threads.</summary>
internal sealed class RunSnapshots
{
    private readonly RunCore run;
    private readonly long interval;
    private readonly SnapshotSaving? saving;
    private readonly ConcurrentDictionary<string, bool> withoutCodec = new(StringComparer.Ordinal);

    /// <param name="run">The run.</param>
    /// <param name="store">Where they are; null for none.</param>
    /// <param name="interval">After how many versions one is due; 0 for never.</param>
    public RunSnapshots(RunCore run, ISnapshotStore? store, long interval)
    {
        (this.run, Store, this.interval) = (run, store, interval);
        if (store is null) return;
        Loading = new PatientSnapshots(store, run.Options.SnapshotLoadTimeout);
        saving = new SnapshotSaving(store, (due, head) => Make(due.Stream, due.Version, head, due.State!), run.Logger);
    }

    /// <summary>Where they are; null for none.</summary>
    public ISnapshotStore? Store { get; }

    /// <summary>The same, to load from: it answers within a bound.</summary>
    public ISnapshotStore? Loading { get; }

    /// <summary>The snapshot that a step ends with, encoded before anything can change the state; null where none is due.</summary>
    public DueSnapshot? Due<TState>(StreamId stream, Codec<TState>? codec, FoldedState<TState> after, long lastSnapshotAt, bool isRedacted)
    {
        if (saving is null || codec is null || !SnapshotTranslation.IsDue(after.Version, lastSnapshotAt, interval))
            return null;
        var due = new DueSnapshot(stream, after.Version, null, null, isRedacted ? StreamRedactedException.Reason : saving.WhyNot(stream));

        if (due.Skipped is not null)
            return due;
        try
        {
            return due with { State = codec.Encode(after.State) };
        }
#pragma warning disable CA1031 // Whatever a codec throws: the command has nothing to do with it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return due with { Failure = exception };
        }
    }

    /// <summary>Keeps the snapshot of a step that is committed, or says why not; both elsewhere.</summary>
    public void Keep(DueSnapshot due, Head head)
    {
        if (due.State is not null)
        {
            if (saving!.TryAdd(due, head, out var replaced) is { } reason) due = due with { State = null, Skipped = reason };
            if (replaced is not null) Lose(replaced with { State = null, Skipped = "a newer one was due before it was saved" }, "replaced");
        }

        if (due.State is null) Lose(due, due.Failure is null ? "skipped" : "failed");
    }

    /// <summary>Takes no more, and waits for those on their way.</summary>
    public Task CloseAsync(TimeSpan bound, CancellationToken cancellationToken) =>
        saving?.CloseAsync(bound, cancellationToken) ?? Task.CompletedTask;

    /// <summary>Says, once, that an aggregate's states cannot be kept.</summary>
    public void Meet<TState, TCommand, TEvent, TError>(Aggregate<TState, TCommand, TEvent, TError> aggregate)
    {
        if (aggregate.State is null && interval > 0 && Store is not (null or NoSnapshotStore)
            && withoutCodec.TryAdd(aggregate.Category, true))
            run.Logger?.NoStateCodec(aggregate.Category);
    }

    /// <summary>Says why snapshots were not used, and whether one was.</summary>
    public void Tell(StreamId stream, IReadOnlyList<SnapshotFinding> findings, bool isUsed)
    {
        if (Store is not (null or NoSnapshotStore))
            SnapshotObservation.Loaded(isUsed ? "used" : findings.Count > 0 ? "not-used" : "none");
        foreach (var finding in findings) run.Logger?.SnapshotNotUsed(stream, finding.Reason);
    }

    /// <summary>A snapshot taken in this run.</summary>
    public Snapshot Make(StreamId stream, long version, Head head, Encoded state) =>
        new(stream, version, head, state, run.Id, run.Pin, run.Context.Root);

    // Under the pipeline's lock: nothing is told here.
    private void Lose(DueSnapshot due, string outcome) =>
        ThreadPool.UnsafeQueueUserWorkItem(told => Tell(told.due, told.outcome), (due, outcome), preferLocal: false);

    private void Tell(DueSnapshot due, string outcome)
    {
        SnapshotObservation.Ended(outcome);
        if (due.Failure is { } failure)
            run.Logger?.SnapshotNotSaved(failure, due.Stream, due.Version);
        else
            run.Logger?.SnapshotSkipped(due.Stream, due.Version, due.Skipped ?? "");
    }
}

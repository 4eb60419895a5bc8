// One command on its way through a run.
// Made by Aggregates.ExecuteAsync, driven by RunPipeline.
using Refold.Interop;

namespace Refold;

internal sealed class ExecuteWork<TState, TCommand, TEvent, TError>(
    RunCore run,
    Aggregate<TState, TCommand, TEvent, TError> aggregate,
    StreamId stream,
    TCommand command,
    DateTimeOffset now,
    ExecuteOptions options,
    CancellationToken cancellationToken)
    : RunWork<ExecutionResult<TState, TEvent, TError>>(cancellationToken)
{
    private ExecutionResult<TState, TEvent, TError>? repeated;
    private MadeStep<TState, TEvent, TError>? made;
    private FoldedState<TState>? dueSnapshot;
    private long? builtOn;

    public override StreamId Stream => stream;

    public override string? Key => options.IdempotencyKey;

    public override bool MustReload(RunMemory memory) =>
        memory.Find(stream) is { } kept && !ReferenceEquals(kept.Aggregate, aggregate);

    public override AppendRequest? Make(RunMemory memory)
    {
        (made, builtOn) = (null, null);
        dueSnapshot = null;
        repeated = Key is { } key ? Repetition.Find(run, aggregate, stream, command, key) : null;
        if (repeated is not null)
            return null;
        var (before, snapshotAt) = memory.Find(stream) is { } kept && ReferenceEquals(kept.Aggregate, aggregate)
            ? ((FoldedState<TState>)kept.Folded, kept.SnapshotAt)
            : StreamState.Load(run, aggregate, stream);
        builtOn = before.Version;
        made = run.Context.Make(aggregate, stream, before, command, now, memory.RunVersion, options);
        var after = new FoldedState<TState>(made.State, made.Version);
        if (aggregate.State is not null && after.Version > before.Version && run.Snapshots.IsDue(after.Version, snapshotAt))
            (dueSnapshot, snapshotAt) = (after, after.Version);
        memory.Advance(stream, aggregate, after, snapshotAt, made.RunVersion);
        return made.Batch;
    }

    // The batch ends in the stream or the run where the step did; a repeated key's batch lies before.
    public override bool IsFresh(Receipt receipt) =>
        made is { } step && receipt.Versions.All(versions => versions.Last == (versions.Stream == stream ? step.Version : step.RunVersion));

    public override AppendFailure.Conflict? FindConflict(IJournal journal)
    {
        if (builtOn is not { } version)
            return null;
        var actual = journal.HighestVersion(stream);
        return actual == version
            ? null
            : new AppendFailure.Conflict(stream, version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version), actual);
    }

    /// <summary>Keeps the snapshot that is due, if one is; once the step is committed.</summary>
    public async Task<ExecutionResult<TState, TEvent, TError>> WithSnapshotAsync(Task<ExecutionResult<TState, TEvent, TError>> execution)
    {
        var result = await execution.ConfigureAwait(false);
        if (dueSnapshot is { } due && result.Receipt is { } receipt)
            await run.Snapshots.TrySaveAsync(stream, aggregate.State!, due.State, due.Version, receipt.Head).ConfigureAwait(false);
        return result;
    }

    protected override ExecutionResult<TState, TEvent, TError> Result(Receipt? receipt) =>
        repeated ?? new ExecutionResult<TState, TEvent, TError>(made!.Outcome, made.State, made.Version, made.DrawnWords, receipt, isRepeated: false);
}

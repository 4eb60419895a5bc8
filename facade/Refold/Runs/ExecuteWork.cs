// One command on its way through a run.
// Made by AggregateStreams.ExecuteAsync, driven by RunPipeline.
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
    private const long NotBuilt = -1;

    private ExecutionResult<TState, TEvent, TError>? repeated;
    private ExecutionResult<TState, TEvent, TError>? made;
    private long madeRunVersion;
    private DueSnapshot? dueSnapshot;
    private long builtOn = NotBuilt;
    private OutboxReservation? reserved;

    public override StreamId Stream => stream;

    public override object Aggregate => aggregate;

    public override string? Key => options.IdempotencyKey;

    protected override bool IsWaitedOut => options.IsOfOperation;

    public override bool IsRepeated => repeated is not null;

    public override long? BuiltOn => builtOn == NotBuilt ? null : builtOn;

    public override bool HasToLookUp => Key is not null || run.Gauges is not null;

    public override async Task LookUpAsync(CancellationToken cancellationToken)
    {
        if (run.Gauges is { } gauges) await gauges.RefreshAsync(cancellationToken).ConfigureAwait(false);
        if (Key is { } key)
            repeated = await Repetition.FindAsync(run, aggregate, stream, command, key, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<KeptState?> LoadAsync(CancellationToken cancellationToken) =>
        await run.Recoveries.RecoverAsync(aggregate, stream, Activity, cancellationToken).ConfigureAwait(false);

    public override StepMade Make(KeptState? before, long runVersion)
    {
        (made, builtOn, dueSnapshot) = (null, NotBuilt, null);
        Free(null);
        if (repeated is not null)
            return new StepMade(null, null, runVersion);
        var state = (FoldedState<TState>)before!.Folded;
        builtOn = state.Version;
        // Where the journal has another version, the state is loaded again before this is told.
        options.CheckVersion(stream, state.Version);
        var mayLend = run.Journal is LocalJournal { GivesBatchesBack: true };
        var settings = new StepSettings(run.Options.CheckCodecs, before.StoodOn, Beside: options.Beside, MayLend: mayLend);
        var step = run.Context.Make(aggregate, stream, state, command, now, runVersion, options, settings);
        // Nobody sees it before it is completed with the receipt.
        made = new ExecutionResult<TState, TEvent, TError>(
            step.Events, step.Refusal, step.State, step.Version, step.DrawnWords);
        madeRunVersion = step.RunVersion;
        if (step.Messages.Count > 0) reserved = run.Gauges?.Reserve(step.Messages);
        var after = new FoldedState<TState>(step.State, step.Version);
        var (snapshotAt, isRedacted) = (before.SnapshotAt, before.IsRedacted || step.IsRedacted);
        if (after.Version > state.Version && run.Snapshots.Due(stream, aggregate.State, after, snapshotAt, isRedacted) is { } due)
            (dueSnapshot, snapshotAt) = (due, after.Version);
        return new StepMade(step.Batch, new KeptState(aggregate, after, snapshotAt, IsRedacted: isRedacted), step.RunVersion);
    }

    // The batch ends in the stream or the run where the step did; a repeated key's batch lies before. In outboxes others may have sent.
    public override bool IsFresh(Receipt receipt)
    {
        if (made is not { } step) return false;
        var effects = RunTranslation.EffectsOf(run.Id);
        return receipt.EndsAll((step.Version, madeRunVersion, stream, effects), static (made, found, last) =>
            found == made.effects || DeliveryTranslation.IsOutbox(found)
            || last == (found == made.stream ? made.Version : made.madeRunVersion));
    }

    // Committed: now the snapshot may be kept, whether or not anybody waits for the command any more.
    public override void Complete(Receipt? receipt)
    {
        if (dueSnapshot is { } due && receipt is not null) run.Snapshots.Keep(due, receipt.Head);
        Free(receipt);
        base.Complete(receipt);
    }

    public override void Fail(Exception error)
    {
        Free(null);
        base.Fail(error);
    }

    public override void Cancel()
    {
        // Also where only waiting is cancelled and the step goes on: then it is counted when the journal shows it.
        Free(null);
        base.Cancel();
    }

    private void Free(Receipt? receipt)
    {
        if (reserved is { } held) run.Gauges!.Free(held, receipt);
        reserved = null;
    }

    protected override ExecutionResult<TState, TEvent, TError> Result(Receipt? receipt) =>
        repeated ?? made!.With(receipt);
}

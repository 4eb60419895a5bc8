// The streams of one aggregate's category inside a run, as commands are given to them.
// Handed out by Run.Streams.
using Refold.Interop;

namespace Refold;

/// <summary>The streams of an aggregate's category inside a run.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TCommand">The command.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class AggregateStreams<TState, TCommand, TEvent, TError>
{
    private static readonly ExecuteOptions NoOptions = new();
    private readonly Run owner;
    private readonly Aggregate<TState, TCommand, TEvent, TError> aggregate;

    internal AggregateStreams(Run owner, Aggregate<TState, TCommand, TEvent, TError> aggregate) =>
        (this.owner, this.aggregate) = (owner, aggregate);

    private RunCore run => owner.Inner;

    /// <summary>Decides a command, and appends its outcome. Commands of one stream are decided in the order of their calls, those of
    /// different streams as <see cref="RunOptions.Order"/> says; awaiting each before the next is not needed.</summary>
    /// <param name="stream">One of the category's streams.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Cancels the command until its step is made: loading its state ends, and nothing is appended.
    /// Afterwards it cancels waiting, never the write.</param>
    /// <returns>Events or a refusal, once they are durable.</returns>
    /// <exception cref="ArgumentException">The stream is not one of the category.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside decide, evolve or a codec of this run.</exception>
    /// <exception cref="StepFailedException">Decide, evolve or a codec failed; nothing was appended, and the run continues.</exception>
    /// <exception cref="ConcurrencyException">Other writers came between, as often as <see cref="RunOptions.MaxAttempts"/> allows;
    /// nothing was appended.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended, for another reason.</exception>
    /// <exception cref="OutboxFullException">It would send more than <see cref="RunOptions.MaxUnconfirmed"/> allows; nothing was
    /// appended.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the step was written: resume the run.</exception>
    /// <exception cref="RunStoppedException">The device failed before; nothing was appended: resume the run.</exception>
    /// <exception cref="RunEndedException">The run has ended.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync(
        StreamId stream, TCommand command, CancellationToken cancellationToken = default) =>
        ExecuteAsync(stream, command, NoOptions, cancellationToken);

    /// <summary>Decides a command with a time, ids or an idempotency key of its own, and appends the outcome.</summary>
    /// <param name="stream">One of the category's streams.</param>
    /// <param name="command">The command.</param>
    /// <param name="options">Time, ids, idempotency key.</param>
    /// <param name="cancellationToken">Cancels the command until its step is made: loading its state ends, and nothing is appended.
    /// Afterwards it cancels waiting, never the write.</param>
    /// <returns>Events or a refusal, once they are durable; for a known key those recorded under it
    /// (<see cref="ExecutionResult{TState, TEvent, TError}.IsRepeated"/>).</returns>
    /// <exception cref="ArgumentException">The stream is not one of the category, or the key breaks a rule.</exception>
    /// <exception cref="NotAppendedException">The key was used for another command (<see cref="AppendFailure.KeyReused"/>), or another
    /// reason; nothing was appended.</exception>
    /// <remarks>Throws the same as the overload without options. In mode <see cref="RecordMode.Off"/> a step without events and
    /// messages leaves no trace, so its key is not known later.</remarks>
    public Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync(
        StreamId stream, TCommand command, ExecuteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(options);
        Check(stream);
        run.CheckOutside();
        if (!options.IsOfOperation) OperationScope.CheckOutside(run, "Give the command with fx.ExecuteAsync.");
        RunTranslation.CheckKey(options.IdempotencyKey, nameof(options));
        var now = options.Time ?? run.TimeProvider.GetUtcNow();
        var work = new ExecuteWork<TState, TCommand, TEvent, TError>(run, aggregate, stream, command, now, options, cancellationToken);
        return run.DoObserved(work, aggregate.Category);
    }

    /// <summary>The state of a stream after every command that was given to the run before.</summary>
    /// <param name="stream">One of the category's streams.</param>
    /// <param name="cancellationToken">Cancels waiting and reading.</param>
    /// <returns>State and version; the initial state at version 0 for a stream without entries.</returns>
    /// <exception cref="ArgumentException">The stream is not one of the category.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside decide, evolve or a codec of this run.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public async Task<FoldedState<TState>> LoadAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        Check(stream);
        run.CheckOutside();
        OperationScope.CheckOutside(run, "Load before the operation, or take the state that fx.ExecuteAsync answers.");
        await run.Do(new BarrierWork(cancellationToken)).ConfigureAwait(false);
        return (await StreamState.LoadAsync(run, aggregate, stream, long.MaxValue, cancellationToken).ConfigureAwait(false)).Folded;
    }

    /// <summary>Takes a snapshot of a stream after every command that was given to the run before, regardless of the interval.</summary>
    /// <param name="stream">One of the category's streams.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>The snapshot, once it is durable; null where the stream has no entry that one could end with.</returns>
    /// <exception cref="ArgumentException">The stream is not one of the category, or the aggregate has no state codec.</exception>
    /// <exception cref="InvalidOperationException">Neither the run's options nor the journal's name a snapshot store, or the call is made
    /// inside decide, evolve or a codec of this run.</exception>
    /// <exception cref="StateUnreadableException">The stream's entries cannot be folded.</exception>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    /// <exception cref="StreamRedactedException">Something in an event of the stream is redacted.</exception>
    /// <exception cref="SnapshotStoreException">It was not kept.</exception>
    public async Task<Snapshot?> TakeSnapshotAsync(StreamId stream, CancellationToken cancellationToken = default)
    {
        Check(stream);
        run.CheckOutside();
        var store = run.Snapshots.Store
            ?? throw new InvalidOperationException("The run has no snapshots; set RunOptions.Snapshots or JournalOptions.Snapshots.");
        await run.Do(new BarrierWork(cancellationToken)).ConfigureAwait(false);
        return await SnapshotExtensions.TakeAsync(
            run.Journal,
            stream,
            aggregate,
            store,
            token => StreamState.UnderPermitAsync(
                run, aggregate, stream, new RehydrationRange(run.Snapshots.Loading), token),
            (version, head, state) => run.Snapshots.Make(stream, version, head, state),
            cancellationToken).ConfigureAwait(false);
    }

    private void Check(StreamId stream)
    {
        if (aggregate.Owns(stream))
            return;
        var category = aggregate.Category;
        throw new ArgumentException(
            $"'{stream}' is no stream of the category '{category}': it is named {category} or begins with {category}/.", nameof(stream));
    }
}

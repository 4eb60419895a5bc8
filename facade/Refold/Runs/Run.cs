// A run: one recorded execution of aggregates in a journal.
// Started or resumed by the extensions of IJournal in RunExtensions.
using System.Collections.Concurrent;

namespace Refold;

/// <summary>One recorded execution. Commands are decided one at a time, in the order that <see cref="RunOptions.Order"/> names; a call
/// need not wait for the one before it, so that many of them share a flush.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class Run : IAsyncDisposable
{
    private readonly HostedStart? start;
    private readonly RunCore? given;
    private readonly ConcurrentDictionary<string, Aggregate> aggregates = new(StringComparer.Ordinal);

    internal Run(RunCore core) => given = core;

    /// <summary>The run of a host, injected before the host has started it.</summary>
    internal Run(HostedStart start) => this.start = start;

    /// <summary>What its parts share.</summary>
    /// <exception cref="InvalidOperationException">It is a host's, which has not started it.</exception>
    internal RunCore Inner => given ?? start!.Core;

    private RunCore core => Inner;

    /// <summary>The run's name.</summary>
    public RunId Id => core.Id;

    /// <summary>The pin of the recording.</summary>
    public RunPin Pin => core.Pin;

    /// <summary>The root of all its random numbers.</summary>
    public RngState Root => core.Context.Root;

    /// <summary>Whether commands and refusals are recorded.</summary>
    public RecordMode Mode => core.Options.Mode;

    /// <summary>The streams of an aggregate's category, as commands are given to them.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="aggregate">The aggregate. Keep one value of it: the state between steps is kept for that value.</param>
    /// <returns>The streams. The call is cheap and starts nothing.</returns>
    /// <exception cref="ArgumentException">A recovery hook of the category is for another type of state.</exception>
    /// <example><code>
    /// var result = await run.Streams(Order.Aggregate).ExecuteAsync("order/42", new Place("sku", 1));
    /// </code></example>
    public AggregateStreams<TState, TCommand, TEvent, TError> Streams<TState, TCommand, TEvent, TError>(
        Aggregate<TState, TCommand, TEvent, TError> aggregate)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        if (start is null)
            Meet(core);
        else
            start.When(Meet);
        return new AggregateStreams<TState, TCommand, TEvent, TError>(this, aggregate);

        void Meet(RunCore started)
        {
            started.Recoveries.Check(aggregate);
            aggregates[aggregate.Category] = aggregate;
            started.Snapshots.Meet(aggregate);
        }
    }

    /// <summary>Ends the run: after everything before, records its end with the state hash over every stream that a command of it was
    /// for. The aggregates of these streams must have been given to <see cref="Streams"/> of this object, also after resuming; where one
    /// was not, or has no state codec, no state hash is recorded. The states are folded from every entry, and from snapshots only where
    /// entries were deleted. In mode <see cref="RecordMode.Off"/> nothing is recorded. Snapshots on their way are not waited for.</summary>
    /// <param name="time">The time of the entry; default: that of the run's time provider.</param>
    /// <param name="cancellationToken">Cancels until the entry is made: nothing is appended, and the run continues. Afterwards it cancels
    /// waiting, never the write.</param>
    /// <returns>The record of the end.</returns>
    /// <exception cref="RunEndedException">It has ended.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside decide, evolve or a codec of this run.</exception>
    /// <exception cref="OperationsRunningException">Operations of the run do not end within <see cref="RunOptions.DisposeTimeout"/>; the
    /// run continues.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended, and the run continues.</exception>
    /// <exception cref="OutcomeUnknownException">The device failed while the end was written.</exception>
    public async Task<RunEnd> FinishAsync(DateTimeOffset? time = null, CancellationToken cancellationToken = default)
    {
        core.CheckOutside();
        OperationScope.CheckOutside(core, "Let the operation end first.");
        var now = time ?? core.TimeProvider.GetUtcNow();
        if (!await core.Operations.CloseAsync(core.Options.DisposeTimeout, cancellationToken).ConfigureAwait(false))
        {
            core.Operations.Reopen();
            cancellationToken.ThrowIfCancellationRequested();
            throw new OperationsRunningException(Id, core.Operations.Count, core.Options.DisposeTimeout);
        }

        var ending = core.Do(new FinishWork(core, [.. aggregates.Values], now, cancellationToken));
        RunEnd end;
        try
        {
            end = await ending.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _ = ReopenUnlessEndedAsync(ending);
            throw;
        }

        core.Logger?.RunFinished(Id, end.Streams, end.StateHash);
        return end;
    }

    // A wait that was cancelled says nothing of an end that is on its way: until that is known, no operation begins behind it.
    private async Task ReopenUnlessEndedAsync(Task<RunEnd> ending)
    {
        await ((Task)ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ending.IsCompletedSuccessfully && ending.Exception?.InnerException is not (RunEndedException or ObjectDisposedException))
            core.Operations.Reopen();
    }

    /// <summary>Takes no more commands, and waits for those that were taken and for snapshots on their way, for as long as
    /// <see cref="RunOptions.DisposeTimeout"/> says. The run does not end by this: it can be resumed.</summary>
    /// <returns>A task that is done when everything is settled. A snapshot that is not kept in time is logged and left.</returns>
    /// <exception cref="RunNotClosedException">A step does not end, or its write is not answered, in time.</exception>
    /// <exception cref="InvalidOperationException">The call is made inside decide, evolve or a codec of this run.</exception>
    public ValueTask DisposeAsync()
    {
        if (start is { IsStarted: false }) return ValueTask.CompletedTask;
        core.CheckOutside();
        OperationScope.CheckOutside(core, "Let the operation end first.");
        // That of a host which did not start, or did not stop, goes with its container, and its operations' clients with it.
        return core.CloseAsync(cutsOff: start is not null);
    }

    /// <summary>Name and pin.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => start is { IsStarted: false } ? "a run that its host has not started" : $"run {Id} ({Pin})";
}

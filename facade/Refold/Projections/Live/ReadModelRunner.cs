// Keeps a read model of the application's up to date, for as long as its process runs: follows the journal, mends faults, tells its lag.
// Made by applications, and run by them or by a host; ReadModelRunner.Following.cs has the way through the journal.
using Microsoft.Extensions.Logging;
using Refold.Interop;

namespace Refold;

/// <summary>Keeps a read model up to date: each entry of the journal that the query matches is applied once, in position order, from the
/// place that the read model keeps. A place of another history is refused; so is going on where entries that could match were deleted
/// or dropped meanwhile.</summary>
/// <remarks>One runner at a time writes a read model. It holds nothing that the read model does not keep, so a process may be killed at any
/// moment.</remarks>
/// <threadsafety>All members are safe for use by many threads; <see cref="RunAsync"/> runs once at a time.</threadsafety>
/// <example><code>
/// var runner = new ReadModelRunner(journal, "stock", new StockTable(connection), new() { Query = Query.OfTypes("Sold") });
/// var running = runner.RunAsync(stopping);
/// await runner.WaitForAsync(receipt.Head.Position);   // what was just appended is in the table now
/// </code></example>
public sealed partial class ReadModelRunner
{
    private const int MostNameBytes = 256;

    private readonly IJournal journal;
    private readonly ReadModelRunnerOptions options;
    private readonly Core.Selection selection;
    private readonly TimeProvider clock;
    private readonly ILogger? logger;
    // Around each step, so that what is made anew can take the place of the live one between two of them.
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Lock statusGate = new();
    private ReadModelSteps steps;
    private ReadModelStatus status = new(ReadModelState.NotStarted, default, 0, 0, null);
    private TaskCompletionSource moved = NewSignal();
    private long? behindSince;
    private int running;
    private int rebuilding;
    // Whether the place of the live one is known: under the gate.
    private bool isLoaded;

    /// <summary>Makes a runner. It does nothing until <see cref="RunAsync"/> is called.</summary>
    /// <param name="journal">The journal. It stays the caller's.</param>
    /// <param name="name">The name of the read model, for metrics, logs and errors: 1 to 256 UTF-8 bytes without control
    /// characters.</param>
    /// <param name="model">The read model.</param>
    /// <param name="options">How it is kept up to date.</param>
    /// <exception cref="ArgumentException">The name breaks a rule, or an option is outside its range.</exception>
    public ReadModelRunner(IJournal journal, string name, IReadModel model, ReadModelRunnerOptions? options = null)
        : this(journal, name, model, options, null)
    {
    }

    internal ReadModelRunner(
        IJournal journal, string name, IReadModel model, ReadModelRunnerOptions? options, Core.Selection? selection)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(name);
        Core.Text.validate("read model", MostNameBytes, name).ValueOrThrow(nameof(name));
        (this.journal, Name, this.options) = (journal, name, (options ?? new ReadModelRunnerOptions()).Validated());
        this.selection = selection ?? Core.SelectionModule.create(
            this.options.Query.Value, Microsoft.FSharp.Collections.FSharpList<Core.ProjectionSourceRef>.Empty);
        var observer = JournalObserver.Of(journal);
        clock = this.options.TimeProvider ?? observer?.TimeProvider ?? TimeProvider.System;
        logger = QuietLogger.Of(this.options.LoggerFactory ?? observer?.LoggerFactory, LogLines.ReadModelCategory);
        steps = StepsOf(model);
    }

    /// <summary>The name of the read model.</summary>
    public string Name { get; }

    /// <summary>How far it has come.</summary>
    public ReadModelStatus Status
    {
        get
        {
            lock (statusGate) return status;
        }
    }

    /// <summary>Called when the runner has stopped or failed.</summary>
    internal Func<Task> Ended { private get; init; } = () => Task.CompletedTask;

    /// <summary>Tells the log that a state is not kept.</summary>
    internal void TellNotKept(string reason) => logger?.ReadModelNotKept(Name, reason);

    /// <summary>The lag now, and since when there is one: for metrics.</summary>
    internal (long Entries, TimeSpan Age) Lag
    {
        get
        {
            var head = (journal as ILocalJournal)?.Head.Position;
            lock (statusGate)
            {
                var behind = Math.Max(0, Math.Max(head ?? 0, status.HeadPosition) - status.Place.Position);
                return (behind, behind > 0 && behindSince is { } since ? clock.GetElapsedTime(since) : TimeSpan.Zero);
            }
        }
    }

    /// <summary>Keeps the read model up to date until it is to stop, or the journal is closed. Faults are mended by going on from the place
    /// that was kept, as often as the options allow.</summary>
    /// <param name="stopping">Ends it: a batch that is being applied may end first, within
    /// <see cref="ReadModelRunnerOptions.StopTimeout"/>.</param>
    /// <returns>Done when it has stopped.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    /// <exception cref="ForeignHistoryException">The place of the read model is of another history than the journal.</exception>
    /// <exception cref="ReadModelException">Entries that could match were deleted or dropped before they were read.</exception>
    /// <exception cref="Exception">Whatever the read model or the journal throws, once more often than is mended.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (Interlocked.Exchange(ref running, 1) == 1) throw new InvalidOperationException($"The runner of '{Name}' runs already.");
        using var applying = new CancellationTokenSource();
        ITimer? bound = null;
        using var stop = stopping.UnsafeRegister(
            _ => bound = clock.CreateTimer(_ => applying.Cancel(), null, options.StopTimeout, Timeout.InfiniteTimeSpan), null);
        ReadModelObservation.Add(this);
        try
        {
            // A journal in this process answers at once: whoever calls this is not to read all of it.
            await Task.Run(() => RestartingAsync(stopping, applying.Token), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            ReadModelObservation.Remove(this);
            await Ended().ConfigureAwait(false);
            await stop.DisposeAsync().ConfigureAwait(false);
            if (bound is not null) await bound.DisposeAsync().ConfigureAwait(false);
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>Waits until the read model is as of a position or a later one: what was appended up to there can be read in it.</summary>
    /// <param name="position">The position, such as that of a receipt's head.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The status then.</returns>
    /// <exception cref="ReadModelException">The runner has stopped, or failed, before it came so far.</exception>
    public async Task<ReadModelStatus> WaitForAsync(long position, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadModelStatus now;
            Task next;
            lock (statusGate) (now, next) = (status, moved.Task);
            if (now.Place.Position >= position && now.State != ReadModelState.NotStarted) return now;
            if (now.State is ReadModelState.Stopped or ReadModelState.Faulted)
                throw ReadModelException.NotThere(Name, position, now.Error);
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the read model anew beside the live one, which goes on meanwhile, and switches when both are at the same
    /// place.</summary>
    /// <remarks>From then on this runner applies entries to <paramref name="beside"/>, and asks the one before nothing any more. So where
    /// the switch renames tables or files, the object given here has to write to the live names afterwards.</remarks>
    /// <param name="beside">The new one, such as other tables: at its own place, or at none.</param>
    /// <param name="switchOver">Called when both are at one place and nothing moves: compares them, and makes the new one the one that
    /// <see cref="IReadModel.LoadPlaceAsync"/> of the next process speaks of, in one transaction. What it throws leaves the live one
    /// where it is.</param>
    /// <param name="cancellationToken">Ends it; the live one goes on.</param>
    /// <returns>The place at which it was switched.</returns>
    /// <exception cref="InvalidOperationException">The runner does not run, or makes one anew already.</exception>
    /// <exception cref="ForeignHistoryException">The place of the new one is of another history, or ahead of the live one.</exception>
    /// <exception cref="ReadModelException">Entries that could match were deleted or dropped: it cannot be made anew.</exception>
    public async Task<Head> RebuildAsync(
        IReadModel beside, Func<Head, CancellationToken, ValueTask> switchOver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(beside);
        ArgumentNullException.ThrowIfNull(switchOver);
        if (Interlocked.Exchange(ref rebuilding, 1) == 1)
            throw new InvalidOperationException($"'{Name}' is made anew already.");
        try
        {
            return await Task.Run(() => MakeAnewAsync(StepsOf(beside), switchOver, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref rebuilding, 0);
        }
    }

    private async Task<Head> MakeAnewAsync(
        ReadModelSteps made, Func<Head, CancellationToken, ValueTask> switchOver, CancellationToken cancellationToken)
    {
        await made.LoadAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var live = LiveStatus().Place;
            if (made.Place.Position >= live.Position) break;
            await made.StepAsync(live, cancellationToken, cancellationToken).ConfigureAwait(false);
        }

        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var place = LiveStatus().Place;
            if (!isLoaded) throw NotRunning();
            while (made.Place.Position < place.Position)
                await made.StepAsync(place, cancellationToken, cancellationToken).ConfigureAwait(false);
            if (made.Place != place) throw new ForeignHistoryException(made.Place);
            await steps.KeepAsync(cancellationToken).ConfigureAwait(false);
            await made.KeepAsync(cancellationToken).ConfigureAwait(false);
            await switchOver(place, cancellationToken).ConfigureAwait(false);
            steps = made;
            logger?.ReadModelSwitched(Name, place.Position);
            return place;
        }
        finally
        {
            gate.Release();
        }
    }

    private ReadModelSteps StepsOf(IReadModel model) => new(journal, Name, model, options, selection);

    // While it waits after a fault its place may not be the one that is kept.
    private ReadModelStatus LiveStatus() => Status is { State: ReadModelState.CatchingUp or ReadModelState.Live } now
        ? now
        : throw NotRunning();

    private InvalidOperationException NotRunning() =>
        new($"The runner of '{Name}' is {Status.State}; it has to follow the journal to be switched: wait for it with WaitForAsync.");

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

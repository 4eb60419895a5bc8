// Verifying runs and folding streams in any journal.
// Called by applications, tests and the tool.
using Refold.Interop;

namespace Refold;

/// <summary>What can be replayed in any journal. Nothing here writes.</summary>
public static class ReplayExtensions
{
    /// <summary>Decides every command of a run again, and compares what comes of it with what was recorded.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <returns>The verdict, with the first difference.</returns>
    public static Task<ReplayReport> VerifyAsync(this IJournal journal, RunId run, params Aggregate[] aggregates) =>
        journal.VerifyAsync(run, aggregates, new VerifyOptions());

    /// <summary>Decides every command of a run again, on a thread of the pool: it is work for a processor, with synchronous reads between.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <param name="options">What is compared besides.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The verdict, with the first difference.</returns>
    public static Task<ReplayReport> VerifyAsync(
        this IJournal journal,
        RunId run,
        IReadOnlyList<Aggregate> aggregates,
        VerifyOptions options,
        CancellationToken cancellationToken = default)
    {
        CheckArguments(journal, run, aggregates, options);
        return Task.Run(() => Verify(journal, run, aggregates, options, cancellationToken), cancellationToken);
    }

    /// <summary>Decides every command of a run again, on the calling thread.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <param name="options">What is compared besides; default: nothing.</param>
    /// <returns>The verdict, with the first difference.</returns>
    public static ReplayReport Verify(this IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions? options = null)
    {
        options ??= new VerifyOptions();
        CheckArguments(journal, run, aggregates, options);
        return Verify(journal, run, aggregates, options, CancellationToken.None);
    }

    /// <summary>Folds a stream's entries to its state at a version. Nothing is decided and nothing drawn.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">What is asked for.</typeparam>
    /// <typeparam name="TEvent">What happens.</typeparam>
    /// <typeparam name="TError">Why it is refused.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="toVersion">The last version to fold; beyond the stream's end: all of it.</param>
    /// <returns>The state, and what is not as it should be.</returns>
    /// <exception cref="EntriesDroppedException">The stream's beginning was deleted.</exception>
    public static FoldReport<TState> Fold<TState, TCommand, TEvent, TError>(
        this IJournal journal,
        StreamId stream,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        long toVersion = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(aggregate);
        return ReplayObservation.Folded(aggregate.Value.Fold(journal.ReadStream(stream, 1, toVersion)));
    }

    /// <summary>Folds a stream on a thread of the pool; the twin of <see cref="Fold"/>.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">What is asked for.</typeparam>
    /// <typeparam name="TEvent">What happens.</typeparam>
    /// <typeparam name="TError">Why it is refused.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="toVersion">The last version to fold; beyond the stream's end: all of it.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The state, and what is not as it should be.</returns>
    /// <exception cref="EntriesDroppedException">The stream's beginning was deleted.</exception>
    public static Task<FoldReport<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        this IJournal journal,
        StreamId stream,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        long toVersion = long.MaxValue,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(aggregate);
        return Task.Run(
            () => ReplayObservation.Folded(aggregate.Value.Fold(UntilCancelled(journal.ReadStream(stream, 1, toVersion), cancellationToken))),
            cancellationToken);
    }

    private static ReplayReport Verify(IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions options, CancellationToken cancellationToken)
    {
        // One moment for all streams: a run that goes on meanwhile must not show events whose commands are not read.
        var last = journal.Head.Position;
        return ReplayObservation.Verified(journal, () => ReplayTranslation.Verify(
            run,
            aggregates,
            stream => UntilCancelled(ReadFromFloor(journal, stream), cancellationToken).TakeWhile(entry => entry.Position <= last),
            journal.HeadAt,
            options));
    }

    // What was deleted is missing then, and the report says so.
    private static IEnumerable<JournalEntry> ReadFromFloor(IJournal journal, StreamId stream)
    {
        try
        {
            return journal.ReadStream(stream);
        }
        catch (EntriesDroppedException dropped)
        {
            return journal.ReadStream(stream, dropped.UpTo + 1);
        }
    }

    private static IEnumerable<JournalEntry> UntilCancelled(IEnumerable<JournalEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    private static void CheckArguments(IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(aggregates);
        ArgumentNullException.ThrowIfNull(options);
    }
}

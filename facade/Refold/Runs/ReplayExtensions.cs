// Verifying runs and folding streams in any journal.
// Called by applications, tests and the tool.
using Refold.Interop;

namespace Refold;

/// <summary>Verifying runs and folding streams in any journal. Nothing here writes.</summary>
public static class ReplayExtensions
{
    /// <summary>Decides every command of a run again, and compares the outcome with the recorded entries.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <returns>The verdict, with the first difference.</returns>
    /// <exception cref="RunNotFoundException">No entry of the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command of the run was for a stream whose aggregate is not among those
    /// given.</exception>
    public static Task<ReplayReport> VerifyAsync(this IJournal journal, RunId run, params Aggregate[] aggregates) =>
        journal.VerifyAsync(run, aggregates, new VerifyOptions());

    /// <summary>Decides every command of a run again, on a thread of the pool: reading does not block, deciding is work for a
    /// processor. The run's entries and those of its streams are in memory meanwhile. The whole journal is read, as entries under the run's
    /// name may lie anywhere.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="run">The run.</param>
    /// <param name="aggregates">The aggregates of every category that the run gave commands to.</param>
    /// <param name="options">Pin, starting snapshots and progress.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The verdict, with the first difference.</returns>
    /// <exception cref="RunNotFoundException">No entry of the journal is of such a run.</exception>
    /// <exception cref="AggregateNotGivenException">A command of the run was for a stream whose aggregate is not among those
    /// given.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No batch of the journal holds the position of
    /// <see cref="VerifyOptions.UpTo"/>.</exception>
    public static Task<ReplayReport> VerifyAsync(
        this IJournal journal,
        RunId run,
        IReadOnlyList<Aggregate> aggregates,
        VerifyOptions options,
        CancellationToken cancellationToken = default)
    {
        CheckArguments(journal, run, aggregates, options);
        return Task.Run(
            () => ReplayObservation.VerifiedAsync(journal, async () =>
            {
                var recording = await RecordedRun.ReadAsync(journal, run, aggregates, options, cancellationToken).ConfigureAwait(false);
                return ReplayTranslation.Verify(
                    run, aggregates, recording, stream => recording.Entries(stream, cancellationToken), options);
            }),
            cancellationToken);
    }

    /// <summary>Folds a stream's entries to its state at a version, on a thread of the pool. Nothing is decided and nothing
    /// drawn.</summary>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TCommand">The command.</typeparam>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="TError">The refusal.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="toVersion">The last version to fold; beyond the stream's end: all of it.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    /// <returns>The state, and the findings of the fold.</returns>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted: its state needs a snapshot
    /// (<see cref="SnapshotExtensions"/>).</exception>
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
            async () =>
            {
                var range = new FoldRange(stream, toVersion);
                try
                {
                    return ReplayObservation.Folded(
                        await aggregate.Fresh().FoldAsync(journal, range, null, cancellationToken).ConfigureAwait(false));
                }
                catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException)
                {
                    throw new HistoryDroppedException(stream, dropped.UpTo, []);
                }
            },
            cancellationToken);
    }

    private static void CheckArguments(IJournal journal, RunId run, IReadOnlyList<Aggregate> aggregates, VerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(aggregates);
        ArgumentNullException.ThrowIfNull(options);
    }
}

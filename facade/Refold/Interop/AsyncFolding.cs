// Folding the entries of a stream as they come: in place where the journal has them so, as objects otherwise.
// Called by Rehydration, and by ReplayExtensions for whole streams.
namespace Refold.Interop;

/// <summary>What of a stream is folded.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="ToVersion">The last version that may be in the state.</param>
/// <param name="ToPosition">The last position that may be in the state.</param>
internal sealed record FoldRange(StreamId Stream, long ToVersion = long.MaxValue, long ToPosition = long.MaxValue);

internal static class AsyncFolding
{
    // A store that answers at once holds its caller's thread for so many at most.
    private const int ChunkSize = 1024;

    /// <summary>Folds the entries of one stream of a journal from a state, or from the beginning. Reading stops where the fold had to
    /// end.</summary>
    /// <exception cref="EntriesDroppedException">The first of them were deleted.</exception>
    public static async ValueTask<FoldReport<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IJournal journal,
        FoldRange range,
        FoldedState<TState>? start,
        CancellationToken cancellationToken)
    {
        var fold = aggregate.FoldFrom(start);
        await fold.TakeAsync(journal, range, (start?.Version ?? 0) + 1, cancellationToken).ConfigureAwait(false);
        return fold.ToFacade();
    }

    /// <summary>Folds the entries of one stream from a state; they follow its version without gaps. Reading stops
    /// where the fold had to end.</summary>
    public static async ValueTask<FoldReport<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IAsyncEnumerable<JournalEntry> entries,
        FoldedState<TState>? start,
        CancellationToken cancellationToken)
    {
        var fold = aggregate.FoldFrom(start);
        await fold.TakeAsync(entries, cancellationToken).ConfigureAwait(false);
        return fold.ToFacade();
    }

    /// <summary>Folds a stream from its beginning, on a thread of the pool, to a report of the core.</summary>
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted.</exception>
    public static Task<Core.FoldReport<TState>> ReportAsync<TState, TCommand, TEvent, TError>(
        Core.Aggregate<TState, TCommand, TEvent, TError> aggregate, IJournal journal, StreamId stream) =>
        Task.Run(async () =>
        {
            var fold = aggregate.FoldFrom(null);
            try
            {
                await fold.TakeAsync(journal, new FoldRange(stream), 1, CancellationToken.None).ConfigureAwait(false);
            }
            catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException)
            {
                throw new HistoryDroppedException(dropped.Stream, dropped.UpTo, []);
            }

            return fold.Report();
        });

    private static async ValueTask TakeAsync<TState, TCommand, TEvent, TError>(
        this Core.StreamFold<TState, TCommand, TEvent, TError> fold,
        IJournal journal,
        FoldRange range,
        long from,
        CancellationToken cancellationToken)
    {
        if (journal is LocalJournal { ScansInPlace: true } local)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Math.Min(local.HighestVersion(range.Stream), range.ToVersion) - from >= ChunkSize) await Elsewhere.Switch();
            new FoldInPlace<TState, TCommand, TEvent, TError>(fold, local, range, cancellationToken).Take(from);
            return;
        }

        var entries = journal.ReadStreamAsync(range.Stream, from, range.ToVersion, cancellationToken: cancellationToken);
        if (range.ToPosition < long.MaxValue) entries = entries.TakeWhile(entry => entry.Position <= range.ToPosition);
        await fold.TakeAsync(entries, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask TakeAsync<TState, TCommand, TEvent, TError>(
        this Core.StreamFold<TState, TCommand, TEvent, TError> fold,
        IAsyncEnumerable<JournalEntry> entries,
        CancellationToken cancellationToken)
    {
        var taken = 0;
        await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!fold.Add(entry.Value)) break;
            if (++taken % ChunkSize == 0) await Elsewhere.Switch();
        }
    }
}

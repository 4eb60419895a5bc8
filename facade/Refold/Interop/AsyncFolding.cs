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
        if (journal is not LocalJournal { ScansInPlace: true } local)
        {
            var entries = journal.ReadStreamAsync(
                range.Stream, (start?.Version ?? 0) + 1, range.ToVersion, cancellationToken: cancellationToken);
            if (range.ToPosition < long.MaxValue) entries = entries.TakeWhile(entry => entry.Position <= range.ToPosition);
            return await aggregate.FoldAsync(entries, start, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var from = (start?.Version ?? 0) + 1;
        if (Math.Min(local.HighestVersion(range.Stream), range.ToVersion) - from >= ChunkSize) await Elsewhere.Switch();
        return new FoldInPlace<TState, TCommand, TEvent, TError>(aggregate.FoldFrom(start), local, range, cancellationToken).Take(from);
    }

    /// <summary>Folds the entries of one stream from a state; they follow its version without gaps. Reading stops
    /// where the fold had to end.</summary>
    public static async ValueTask<FoldReport<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IAsyncEnumerable<JournalEntry> entries,
        FoldedState<TState>? start,
        CancellationToken cancellationToken)
    {
        var (fold, taken) = (aggregate.FoldFrom(start), 0);
        await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!fold.Add(entry.Value)) break;
            if (++taken % ChunkSize == 0) await Elsewhere.Switch();
        }

        return fold.ToFacade();
    }
}

// Folding entries as they arrive: chunk by chunk over the core's fold, so that a long stream holds no more than a chunk.
// Called by Rehydration, and by ReplayExtensions for whole streams.
namespace Refold.Interop;

internal static class AsyncFolding
{
    // Large enough that the state hash after each chunk costs little beside the entries.
    private const int ChunkSize = 1024;

    /// <summary>Folds the entries of one stream from a state; they follow its version without gaps. Reading stops
    /// where the fold had to end.</summary>
    public static async ValueTask<FoldReport<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        IAsyncEnumerable<JournalEntry> entries,
        FoldedState<TState>? start,
        CancellationToken cancellationToken)
    {
        FoldReport<TState>? report = null;
        var chunk = new List<JournalEntry>();
        await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            chunk.Add(entry);
            if (chunk.Count < ChunkSize) continue;
            var next = aggregate.Fold(chunk, StartOf(report, start));
            report = report.Followed(next);
            if (next.Entries < chunk.Count) return report;
            chunk.Clear();
            // A store that answers at once holds its caller's thread for one chunk at most.
            await Elsewhere.Switch();
        }

        return report is null || chunk.Count > 0 ? report.Followed(aggregate.Fold(chunk, StartOf(report, start))) : report;
    }

    private static FoldedState<TState>? StartOf<TState>(FoldReport<TState>? report, FoldedState<TState>? start) =>
        report is null ? start : new FoldedState<TState>(report.State, report.Version);

    private static FoldReport<TState> Followed<TState>(this FoldReport<TState>? report, FoldReport<TState> next) =>
        report is null
            ? next
            : next with
            {
                Entries = report.Entries + next.Entries,
                Applied = report.Applied + next.Applied,
                Upcast = report.Upcast + next.Upcast,
                Redacted = report.Redacted + next.Redacted,
                Checked = report.Checked + next.Checked,
                Divergence = report.Divergence ?? next.Divergence,
            };
}

// Bringing a stream's state up to its end by the core's rule, whose questions a journal and a snapshot store answer.
// Called by StreamState for runs, and by SnapshotExtensions.
using Refold.Interop;

namespace Refold;

/// <summary>How far a state is to go, and what it may start from.</summary>
/// <param name="Snapshots">Where snapshots are; null for none.</param>
/// <param name="ToVersion">The last version that may be in the state.</param>
/// <param name="ToPosition">The last position that may be in the state.</param>
/// <param name="Pin">What the asking run is recorded under; null outside runs.</param>
internal sealed record RehydrationRange(
    ISnapshotStore? Snapshots, long ToVersion = long.MaxValue, long ToPosition = long.MaxValue, RunPin? Pin = null);

internal static class Rehydration
{
    /// <exception cref="HistoryDroppedException">The stream's beginning was deleted, and no snapshot can stand in for it.</exception>
    public static async ValueTask<RehydratedState<TState>> RunAsync<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        RehydrationRange range,
        CancellationToken cancellationToken)
    {
        var floor = 0L;
        while (true)
        {
            try
            {
                // Without snapshots the read itself says what was deleted.
                if (range.Snapshots is not null) floor = await FloorAsync(journal, stream, cancellationToken).ConfigureAwait(false);
                return await FollowAsync(journal, aggregate, stream, range, floor, cancellationToken).ConfigureAwait(false);
            }
            catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException && dropped.UpTo > floor)
            {
                // Deleted while it was read: what is left now may have a snapshot.
                floor = dropped.UpTo;
            }
        }
    }

    /// <summary>Whether nothing is wrong that ends a fold.</summary>
    public static bool IsWhole<TState>(FoldReport<TState> fold) => Core.Folding.isWhole(fold.Divergence?.Value.ToOption());

    /// <summary>Answers what the core's rule asks for, until it has the state.</summary>
    private static async ValueTask<RehydratedState<TState>> FollowAsync<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        RehydrationRange range,
        long floor,
        CancellationToken cancellationToken)
    {
        var findings = new List<SnapshotFinding>();
        var step = aggregate.Fresh().Rehydrate(stream, floor, range);
        while (true)
        {
            switch (step)
            {
                case Core.Rehydration<TState, FoldReport<TState>>.Newest ask:
                    step = ask.Answer(
                        await AskAsync(range.Snapshots, stream, ask.toVersion, findings, cancellationToken).ConfigureAwait(false));
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.Highest ask:
                    step = ask.next.Invoke(await journal.HighestVersionAsync(stream, cancellationToken).ConfigureAwait(false));
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.HeadAt ask:
                    var head = await journal.HeadAtAsync(ask.position, cancellationToken).ConfigureAwait(false);
                    step = ask.next.Invoke(head.ToOption());
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.Around ask:
                    var around = await journal
                        .ReadStreamAsync(stream, ask.fromVersion, maxCount: 2, cancellationToken: cancellationToken)
                        .ToListAsync(cancellationToken)
                        .ConfigureAwait(false);
                    step = ask.next.Invoke(around.Select(entry => entry.Value));
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.Fold ask:
                    var start = new FoldedState<TState>(ask.start.State, ask.start.Version);
                    var part = new FoldRange(stream, range.ToVersion, range.ToPosition);
                    step = ask.next.Invoke(await aggregate.Value.FoldAsync(journal, part, start, cancellationToken).ConfigureAwait(false));
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.Doubt told:
                    findings.Add(told.finding.ToFacade());
                    step = told.next;
                    break;
                case Core.Rehydration<TState, FoldReport<TState>>.Found found:
                    return new RehydratedState<TState>(found.report, found.from?.Value.Version ?? 0, findings)
                    {
                        From = found.from is { } from ? new Snapshot(from.Value) : null,
                    };
                default:
                    throw new HistoryDroppedException(stream, floor, findings);
            }
        }
    }

    /// <summary>The snapshot that the store has, or how it failed.</summary>
    private static async ValueTask<(Snapshot? Found, string? Failure)> AskAsync(
        ISnapshotStore? store,
        StreamId stream,
        long toVersion,
        List<SnapshotFinding> findings,
        CancellationToken cancellationToken)
    {
        if (store is null) return (null, null);
        try
        {
            var answer = await store.LoadAsync(stream, toVersion, cancellationToken).ConfigureAwait(false);
            findings.AddRange(answer?.Findings ?? []);
            return (answer?.Snapshot, null);
        }
#pragma warning disable CA1031 // Whatever a cache throws: there is the journal.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (null, $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static async ValueTask<long> FloorAsync(IJournal journal, StreamId stream, CancellationToken cancellationToken)
    {
        try
        {
            _ = await journal.ReadStreamAsync(stream, maxCount: 0, cancellationToken: cancellationToken)
                .AnyAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }
        catch (EntriesDroppedException dropped)
        {
            return dropped.UpTo;
        }
    }
}

// Bringing a stream's state up to its end from the newest snapshot that may be used, else from its beginning:
// any doubt costs time, never the state.
// Called by StreamState for runs, and by SnapshotExtensions.
using System.Runtime.CompilerServices;
using Refold.Interop;

namespace Refold;

/// <summary>How far a state is to go, and what it may start from.</summary>
/// <param name="Snapshots">Where snapshots are; null for none.</param>
/// <param name="ToVersion">The last version that may be in the state.</param>
/// <param name="ToPosition">The last position that may be in the state.</param>
internal sealed record RehydrationRange(ISnapshotStore? Snapshots, long ToVersion = long.MaxValue, long ToPosition = long.MaxValue);

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
                return await FoldAsync(journal, aggregate, stream, range, floor, cancellationToken).ConfigureAwait(false);
            }
            catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException && dropped.UpTo > floor)
            {
                // Deleted while it was read: what is left now may have a snapshot.
                floor = dropped.UpTo;
            }
        }
    }

    /// <summary>Whether nothing is wrong that ends a fold.</summary>
    public static bool IsWhole<TState>(FoldReport<TState> fold) => fold.Divergence is null or { Cause: DivergenceCause.CodecNotFaithful };

    private static async ValueTask<RehydratedState<TState>> FoldAsync<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        RehydrationRange range,
        long floor,
        CancellationToken cancellationToken)
    {
        var findings = new List<SnapshotFinding>();
        RehydratedState<TState>? doubtful = null;
        await foreach (
            var start in UsableAsync(journal, aggregate, stream, range, floor, findings, cancellationToken).ConfigureAwait(false))
        {
            var fold = await aggregate.Value.FoldAsync(Entries(start.Version), start, cancellationToken).ConfigureAwait(false);
            if (IsWhole(fold)) return new RehydratedState<TState>(fold, start.Version, findings);
            doubtful ??= new RehydratedState<TState>(fold, start.Version, findings);
            findings.Add(new SnapshotFinding(
                SnapshotDoubt.NotFoldable,
                FormattableString.Invariant(
                    $"the snapshot at version {start.Version} is not used: the entries after it cannot be applied to it")));
        }

        if (floor > 0) return doubtful ?? throw new HistoryDroppedException(stream, floor, findings);
        var whole = await aggregate.Value.FoldAsync(Entries(0), null, cancellationToken).ConfigureAwait(false);
        return new RehydratedState<TState>(whole, 0, findings);

        IAsyncEnumerable<JournalEntry> Entries(long after) => journal
            .ReadStreamAsync(stream, after + 1, range.ToVersion, cancellationToken: cancellationToken)
            .TakeWhile(entry => entry.Position <= range.ToPosition);
    }

    // The states of the snapshots that may be used, newest first; asked for one by one, since the first will do.
    private static async IAsyncEnumerable<FoldedState<TState>> UsableAsync<TState, TCommand, TEvent, TError>(
        IJournal journal,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        RehydrationRange range,
        long floor,
        List<SnapshotFinding> findings,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (range.Snapshots is null) yield break;
        var below = range.ToVersion;
        while (
            below >= 1 && await AskAsync(range.Snapshots, stream, below, findings, cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            below = snapshot.Version - 1;
            // Not doubtful, but of a later time than is asked for.
            if (snapshot.Head.Position > range.ToPosition) continue;
            var history = await HistoryAsync(journal, stream, floor, snapshot, cancellationToken).ConfigureAwait(false);
            var (state, finding) = aggregate.Value.Judge(history, snapshot);
            if (state is not null) yield return state;
            else findings.Add(finding!);
        }
    }

    private static async ValueTask<Snapshot?> AskAsync(
        ISnapshotStore store,
        StreamId stream,
        long toVersion,
        List<SnapshotFinding> findings,
        CancellationToken cancellationToken)
    {
        SnapshotAnswer? answer;
        try
        {
            answer = await store.LoadAsync(stream, toVersion, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a cache throws: there is the journal.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var reason = $"no more snapshots of '{stream}' are used: the store failed with {exception.GetType().Name}: {exception.Message}";
            findings.Add(new SnapshotFinding(SnapshotDoubt.StoreFailed, reason));
            return null;
        }

        if (answer is null) return null;
        findings.AddRange(answer.Findings);
        if (answer.Snapshot is not { } snapshot || (snapshot.Stream == stream && snapshot.Version <= toVersion)) return answer.Snapshot;
        findings.Add(new SnapshotFinding(
            SnapshotDoubt.NotAsked,
            FormattableString.Invariant(
                $"no more snapshots of '{stream}' are used: asked for one up to version {toVersion}, the store gave {snapshot}")));
        return null;
    }

    /// <summary>What a snapshot is judged by, as the journal is now.</summary>
    private static async ValueTask<SnapshotHistory> HistoryAsync(
        IJournal journal,
        StreamId stream,
        long floor,
        Snapshot snapshot,
        CancellationToken cancellationToken)
    {
        var highest = await journal.HighestVersionAsync(stream, cancellationToken).ConfigureAwait(false);
        // One of other versions than the stream has is refused by its version.
        if (snapshot.Version > highest || snapshot.Version < floor) return new SnapshotHistory(stream, highest, floor, null, []);
        var head = await journal.HeadAtAsync(snapshot.Head.Position, cancellationToken).ConfigureAwait(false);
        var around = await journal
            .ReadStreamAsync(stream, Math.Max(snapshot.Version, floor + 1), maxCount: 2, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken)
            .ConfigureAwait(false);
        return new SnapshotHistory(stream, highest, floor, head, around);
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

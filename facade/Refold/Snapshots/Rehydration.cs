// Bringing a stream's state up to its end from the newest snapshot that may be used, else from its beginning: any doubt costs time, never the state.
// Called by StreamState for runs, and by SnapshotExtensions.
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
    public static RehydratedState<TState> Run<TState, TCommand, TEvent, TError>(
        IJournal journal, Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, RehydrationRange range)
    {
        while (true)
        {
            var floor = Floor(journal, stream);
            try
            {
                return Fold(journal, aggregate, stream, range, floor);
            }
            catch (EntriesDroppedException dropped) when (dropped is not HistoryDroppedException && dropped.UpTo > floor)
            {
                // Deleted while it was read: what is left now may have a snapshot.
            }
        }
    }

    private static RehydratedState<TState> Fold<TState, TCommand, TEvent, TError>(
        IJournal journal, Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, RehydrationRange range, long floor)
    {
        var findings = new List<SnapshotFinding>();
        RehydratedState<TState>? doubtful = null;
        foreach (var start in Usable(journal, aggregate, stream, range, floor, findings))
        {
            var fold = aggregate.Value.Fold(Entries(start.Version), start);
            if (IsWhole(fold)) return new RehydratedState<TState>(fold, start.Version, findings);
            doubtful ??= new RehydratedState<TState>(fold, start.Version, findings);
            findings.Add(new SnapshotFinding(SnapshotDoubt.NotFoldable, FormattableString.Invariant($"the snapshot at version {start.Version} is not used: the entries after it cannot be applied to it")));
        }

        if (floor == 0) return new RehydratedState<TState>(aggregate.Value.Fold(Entries(0)), 0, findings);
        return doubtful ?? throw new HistoryDroppedException(stream, floor, findings);

        IEnumerable<JournalEntry> Entries(long after) =>
            journal.ReadStream(stream, after + 1, range.ToVersion).TakeWhile(entry => entry.Position <= range.ToPosition);
    }

    /// <summary>Whether nothing is wrong that ends a fold.</summary>
    public static bool IsWhole<TState>(FoldReport<TState> fold) => fold.Divergence is null or { Cause: DivergenceCause.CodecNotFaithful };

    // The states of the snapshots that may be used, newest first; asked for one by one, since the first will do.
    private static IEnumerable<FoldedState<TState>> Usable<TState, TCommand, TEvent, TError>(
        IJournal journal, Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, RehydrationRange range, long floor, List<SnapshotFinding> findings)
    {
        if (range.Snapshots is null) yield break;
        var below = range.ToVersion;
        while (below >= 1 && Ask(range.Snapshots, stream, below, findings) is { } snapshot)
        {
            below = snapshot.Version - 1;
            // Not doubtful, but of a later time than is asked for.
            if (snapshot.Head.Position > range.ToPosition) continue;
            var (state, finding) = aggregate.Value.Judge(journal, stream, floor, snapshot);
            if (state is not null) yield return state;
            else findings.Add(finding!);
        }
    }

    private static Snapshot? Ask(ISnapshotStore store, StreamId stream, long toVersion, List<SnapshotFinding> findings)
    {
        SnapshotAnswer? answer;
        try
        {
            answer = store.Load(stream, toVersion);
        }
#pragma warning disable CA1031 // Whatever a cache throws: there is the journal.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            findings.Add(new SnapshotFinding(SnapshotDoubt.StoreFailed, $"no more snapshots of '{stream}' are used: the store failed with {exception.GetType().Name}: {exception.Message}"));
            return null;
        }

        if (answer is null) return null;
        findings.AddRange(answer.Findings);
        if (answer.Snapshot is not { } snapshot || (snapshot.Stream == stream && snapshot.Version <= toVersion)) return answer.Snapshot;
        findings.Add(new SnapshotFinding(SnapshotDoubt.NotAsked, FormattableString.Invariant($"no more snapshots of '{stream}' are used: asked for one up to version {toVersion}, the store gave {snapshot}")));
        return null;
    }

    private static long Floor(IJournal journal, StreamId stream)
    {
        try
        {
            _ = journal.ReadStream(stream, maxCount: 0);
            return 0;
        }
        catch (EntriesDroppedException dropped)
        {
            return dropped.UpTo;
        }
    }
}

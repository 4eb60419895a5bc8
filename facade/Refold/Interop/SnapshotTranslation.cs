// Between snapshots and the core's Snapshot: making, reading, judging.
// Used by Snapshot and Rehydration.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>What a snapshot is judged by: its stream as the journal has it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Highest">Its highest version; 0 for none.</param>
/// <param name="Floor">The highest version that was deleted; 0 for none.</param>
/// <param name="Head">The journal's head after the batch that holds the snapshot's position; null beyond the journal's end.</param>
/// <param name="Around">The entry of the snapshot's version, if it is there, and the next one.</param>
internal sealed record SnapshotHistory(StreamId Stream, long Highest, long Floor, Head? Head, IReadOnlyList<JournalEntry> Around);

internal static class SnapshotTranslation
{
    public static Core.Snapshot Make(
        StreamId stream, long version, Head head, Encoded state, (RunId Run, RunPin Pin, RngState Root)? origin)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(head.Position, 1, nameof(head));
        var run = origin is var (id, pin, root) ? FSharpOption<Tuple<RunId, RunPin, RngState>>.Some(new(id, pin, root)) : null;
        return Core.SnapshotModule.make(
            stream, version, head, run, new Core.Encoded(state.Type, state.SchemaVersion, Core.Bytes.Wrap(state.Payload)));
    }

    public static (Snapshot? Snapshot, string? Reason) Read(ReadOnlyMemory<byte> bytes)
    {
        var read = Core.SnapshotModule.ofBytes(bytes);
        return read.IsOk ? (new Snapshot(read.ResultValue), null) : (null, read.ErrorValue.ToString());
    }

    /// <summary>The sentence of <see cref="HistoryDroppedException"/>.</summary>
    public static string HistoryDropped(StreamId stream, long upTo, IEnumerable<SnapshotFinding> findings) =>
        Core.HistoryError.NewHistoryDropped(stream.Value, upTo, findings.Select(finding => finding.Reason).ToFSharpList()) + ".";

    /// <summary>Whether a snapshot is due: at least so many versions since the last one; 0 for none.</summary>
    public static bool IsDue(long version, long lastSnapshotAt, long interval) =>
        Core.SnapshotModule.shouldTake(version, lastSnapshotAt, interval);

    /// <summary>The state of a snapshot that may be used for a stream, or why it may not. Reads nothing.</summary>
    public static (FoldedState<TState>? State, SnapshotFinding? Finding) Judge<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate,
        SnapshotHistory known,
        Snapshot snapshot)
    {
        var history = new Core.StreamHistory(
            known.Stream,
            known.Highest,
            known.Floor,
            FuncConvert.FromFunc((long _) => known.Head is { } head ? FSharpOption<Head>.Some(head) : null),
            FuncConvert.FromFunc((long _) => known.Around.Select(entry => entry.Value)));
        var (usable, findings) = Core.SnapshotModule.newest(aggregate, history, [snapshot.Value]);
        return usable is { } found
            ? (new FoldedState<TState>(found.Value.Item2, snapshot.Version), null)
            : (null, findings.Select(ToFacade).FirstOrDefault());
    }

    private static SnapshotFinding ToFacade(Core.SnapshotFinding finding) => new(
        finding switch
        {
            Core.SnapshotFinding.OtherStream => SnapshotDoubt.NotAsked,
            Core.SnapshotFinding.ChecksumBroken => SnapshotDoubt.ChecksumBroken,
            Core.SnapshotFinding.Ahead => SnapshotDoubt.Ahead,
            Core.SnapshotFinding.BelowFloor => SnapshotDoubt.BelowFloor,
            Core.SnapshotFinding.Foreign => SnapshotDoubt.Foreign,
            Core.SnapshotFinding.Undecodable => SnapshotDoubt.Undecodable,
            Core.SnapshotFinding.NotFaithful => SnapshotDoubt.NotFaithful,
            Core.SnapshotFinding.Misplaced => SnapshotDoubt.Misplaced,
            _ => finding.IsNoStateCodec ? SnapshotDoubt.NoStateCodec : SnapshotDoubt.Unreadable,
        },
        finding.ToString());
}

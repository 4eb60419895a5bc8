// Between snapshots and the core's Snapshot: making, reading, judging by the core's rule.
// Used by Snapshot and Rehydration.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

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
        // A copy: the checksum is of these bytes, and who encoded them may use them again.
        return Core.SnapshotModule.make(
            stream, version, head, run, new Core.Encoded(state.Type, state.SchemaVersion, Core.Bytes.Copy(state.Payload.Span)));
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

    /// <summary>The core's rule which snapshot a stream's state may begin with, and what it asks for first.</summary>
    public static Core.Rehydration<TState, FoldReport<TState>> Rehydrate<TState, TCommand, TEvent, TError>(
        this Core.Aggregate<TState, TCommand, TEvent, TError> aggregate, StreamId stream, long floor, RehydrationRange range) =>
        Core.SnapshotModule.rehydrate(
            aggregate,
            FuncConvert.FromFunc((FoldReport<TState> report) => report.Divergence?.Value.ToOption()),
            stream,
            floor,
            range.ToVersion,
            range.ToPosition,
            range.Pin.ToOption(),
            areGiven: false);

    /// <summary>Goes on from what a store has, or from how it failed.</summary>
    public static Core.Rehydration<TState, TReport> Answer<TState, TReport>(
        this Core.Rehydration<TState, TReport>.Newest asked, (Snapshot? Found, string? Failure) answer) =>
        asked.next.Invoke(
            answer.Failure is { } failure
                ? FSharpResult<FSharpOption<Core.Snapshot>?, string>.NewError(failure)
                : FSharpResult<FSharpOption<Core.Snapshot>?, string>.NewOk((answer.Found?.Value).ToOption()));

    /// <summary>A finding, with the core's sentence.</summary>
    public static SnapshotFinding ToFacade(this Core.SnapshotFinding finding) => new(
        finding switch
        {
            Core.SnapshotFinding.OtherStream or Core.SnapshotFinding.NotAsked => SnapshotDoubt.NotAsked,
            Core.SnapshotFinding.ChecksumBroken => SnapshotDoubt.ChecksumBroken,
            Core.SnapshotFinding.Ahead => SnapshotDoubt.Ahead,
            Core.SnapshotFinding.BelowFloor => SnapshotDoubt.BelowFloor,
            Core.SnapshotFinding.Foreign => SnapshotDoubt.Foreign,
            Core.SnapshotFinding.Undecodable => SnapshotDoubt.Undecodable,
            Core.SnapshotFinding.NotFaithful => SnapshotDoubt.NotFaithful,
            Core.SnapshotFinding.Misplaced => SnapshotDoubt.Misplaced,
            Core.SnapshotFinding.NotFoldable => SnapshotDoubt.NotFoldable,
            Core.SnapshotFinding.StoreFailed => SnapshotDoubt.StoreFailed,
            Core.SnapshotFinding.OtherPin => SnapshotDoubt.OtherPin,
            _ => finding.IsNoStateCodec ? SnapshotDoubt.NoStateCodec : SnapshotDoubt.Unreadable,
        },
        finding.ToString());
}

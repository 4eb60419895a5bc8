// Between snapshots and the core's Snapshot: making, reading, judging.
// Used by Snapshot and Rehydration.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class SnapshotTranslation
{
    public static Core.Snapshot Make(StreamId stream, long version, Head head, Encoded state, (RunId Run, RunPin Pin, RngState Root)? origin)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(head.Position, 1, nameof(head));
        var run = origin is var (id, pin, root) ? FSharpOption<Tuple<RunId, RunPin, RngState>>.Some(new(id, pin, root)) : null;
        return Core.SnapshotModule.make(stream, version, head.Value, run, new Core.Encoded(state.Type, state.SchemaVersion, Core.Bytes.Wrap(state.Payload)));
    }

    public static (Snapshot? Snapshot, string? Reason) Read(ReadOnlyMemory<byte> bytes)
    {
        var read = Core.SnapshotModule.ofBytes(bytes);
        return read.IsOk ? (new Snapshot(read.ResultValue), null) : (null, read.ErrorValue.ToString());
    }
}

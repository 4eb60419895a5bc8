// The state of a stream at a version, with all that is needed to doubt it. The core's Snapshot, mirrored.
// Taken by runs and by SnapshotExtensions; kept by the stores behind ISnapshotStore.
using System.Diagnostics.CodeAnalysis;
using Refold.Interop;

namespace Refold;

/// <summary>The state of a stream at a version. A cache, never the truth while the history is whole. Immutable; equal by content.</summary>
public sealed class Snapshot : IEquatable<Snapshot>
{
    /// <summary>Makes a snapshot that was taken outside any run.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The version of the last entry that is in the state, from 1.</param>
    /// <param name="head">The journal's head after the step that made the version: its position is that of the step's last entry.</param>
    /// <param name="state">The state as the state codec encodes it. Its bytes are copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">The version or the head's position is below 1.</exception>
    public Snapshot(StreamId stream, long version, Head head, Encoded state)
        : this(SnapshotTranslation.Make(stream, version, head, state, null))
    {
    }

    /// <summary>Makes a snapshot that was taken in a run.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The version of the last entry that is in the state, from 1.</param>
    /// <param name="head">The journal's head after the step that made the version: its position is that of the step's last entry.</param>
    /// <param name="state">The state as the state codec encodes it. Its bytes are copied.</param>
    /// <param name="run">The run.</param>
    /// <param name="pin">What it is recorded under.</param>
    /// <param name="root">The root of its random numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">The version or the head's position is below 1.</exception>
    public Snapshot(StreamId stream, long version, Head head, Encoded state, RunId run, RunPin pin, RngState root)
        : this(SnapshotTranslation.Make(stream, version, head, state, (run, pin, root)))
    {
    }

    internal Snapshot(Core.Snapshot value) => Value = value;

    internal Core.Snapshot Value { get; }

    /// <summary>The stream.</summary>
    public StreamId Stream => Value.Stream;

    /// <summary>The version of the last entry that is in the state.</summary>
    public long Version => Value.Version;

    /// <summary>The position of the last entry of the step that made the version, and the journal's head hash there.</summary>
    public Head Head => new Head(Value.Position, Value.HeadHash);

    /// <summary>The encoded state, with its type and schema version.</summary>
    public Encoded State => new(Value.StateType, Value.SchemaVersion, Value.State.Memory);

    /// <summary>The run it was taken in; null for none.</summary>
    public RunId? Run => Value.Run.ToReference();

    /// <summary>The pin of that run.</summary>
    public RunPin? Pin => Value.Pin.ToReference();

    /// <summary>The root random state of that run.</summary>
    public RngState? Root => Value.Root.ToReference();

    /// <summary>SHA-256 over everything else: 64 lower-case hexadecimal digits.</summary>
    public string Checksum => Value.Checksum.ToString();

    /// <summary>Whether a snapshot of a stream is due: at least so many versions since the last one. The rule by which runs take
    /// theirs.</summary>
    /// <param name="version">The stream's version now.</param>
    /// <param name="lastSnapshotAt">The version of the last snapshot; 0 for none.</param>
    /// <param name="interval">After how many versions one is due; 0 for never.</param>
    /// <returns>True if one is due.</returns>
    public static bool ShouldTake(long version, long lastSnapshotAt, long interval) =>
        SnapshotTranslation.IsDue(version, lastSnapshotAt, interval);

    /// <summary>Reads the byte form strictly: every byte is accounted for, and the checksum holds.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> gave.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="reason">Why there is none: one sentence without a full stop.</param>
    /// <returns>True if it can be read.</returns>
    public static bool TryRead(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Snapshot? snapshot, [NotNullWhen(false)] out string? reason)
    {
        (snapshot, reason) = SnapshotTranslation.Read(bytes);
        return snapshot is not null;
    }

    /// <summary>The byte form, checksum last: what a store keeps.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToBytes() => Core.SnapshotModule.toBytes(Value).Span.ToArray();

    /// <inheritdoc/>
    public bool Equals(Snapshot? other) =>
        other is not null && Core.SnapshotModule.toBytes(Value).Equals(Core.SnapshotModule.toBytes(other.Value));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Snapshot);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.Checksum.GetHashCode();

    /// <summary>Stream, version and head on one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Stream}@{Version}, head {Head}");
}

// What an append hands over. The core's EntryData, mirrored.
// Made by applications that append without an aggregate, and by imports.
namespace Refold;

/// <summary>An entry to append. Everything here goes into the canonical bytes; position and version are the journal's. Equal
/// by content, tags as a set.</summary>
/// <param name="Stream">The stream it belongs to.</param>
/// <param name="Type">An explicit name of what the payload is: 1 to 256 UTF-8 bytes.</param>
/// <param name="Payload">The bytes, never rewritten. They are read when an append of the entry is called, or encoded, and not
/// later.</param>
public sealed record EntryData(StreamId Stream, string Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What the entry is for.</summary>
    /// <value>Default: <see cref="EntryRole.Fact"/>, an event from outside.</value>
    public EntryRole Role { get; init; } = EntryRole.Fact;

    /// <summary>The payload's schema version, from 1.</summary>
    /// <value>Default: 1.</value>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>At most 64 tags of 1 to 256 UTF-8 bytes; a set. <c>kind:external</c> and
    /// <c>kind:derived</c> are not tags but roles.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>When it happened, in steps of 100 ns; recorded in UTC.</summary>
    /// <value>Default: absent. Refold never reads a clock here.</value>
    public DateTimeOffset? Time { get; init; }

    /// <summary>A given id.</summary>
    /// <value>Default: absent; the id then follows from run, stream and version.</value>
    public Guid? Id { get; init; }

    /// <summary>What belongs together.</summary>
    /// <value>Default: absent.</value>
    public Guid? CorrelationId { get; init; }

    /// <summary>The id of what brought it about.</summary>
    /// <value>Default: absent.</value>
    public Guid? CausationId { get; init; }

    /// <summary>The run that recorded it.</summary>
    /// <value>Default: absent.</value>
    public RunId? Run { get; init; }

    /// <summary>Random words drawn by the step; commands only.</summary>
    /// <value>Default: absent.</value>
    public ulong? Drawn { get; init; }

    /// <summary>Whether both would be appended as the same canonical bytes.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(EntryData? other) =>
        other is not null
        && Equals(Stream, other.Stream)
        && Type == other.Type
        && Role == other.Role
        && SchemaVersion == other.SchemaVersion
        && Payload.Span.SequenceEqual(other.Payload.Span)
        && Tags.ToHashSet(StringComparer.Ordinal).SetEquals(other.Tags)
        && Time == other.Time
        && Id == other.Id
        && CorrelationId == other.CorrelationId
        && CausationId == other.CausationId
        && Equals(Run, other.Run)
        && Drawn == other.Drawn;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Stream, Role, SchemaVersion, Payload.Length, Time, Id);

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(EntryData), PrintMembers);
}

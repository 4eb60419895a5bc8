// An entry with its place in a journal. A view over the core's Entry, so that nothing is copied between the languages.
// Handed out by every read.
using System.Diagnostics.CodeAnalysis;
using Refold.Interop;

namespace Refold;

/// <summary>An entry of a journal. Immutable; equal by content.</summary>
public sealed class JournalEntry : IEquatable<JournalEntry>
{
    /// <summary>Makes an entry from its place and what was appended; for stores and tests.</summary>
    /// <param name="position">Its 1-based place in the journal.</param>
    /// <param name="version">Its 1-based place in its stream.</param>
    /// <param name="batch">The first position of the batch it was appended with.</param>
    /// <param name="data">What was appended. The payload is copied.</param>
    /// <param name="idempotencyKey">The key of the append call it came with.</param>
    /// <exception cref="ArgumentException">The data break a rule.</exception>
    public JournalEntry(long position, long version, long batch, EntryData data, string? idempotencyKey = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        var own = data with { Payload = data.Payload.ToArray() };
        Value = new Core.Entry(position, version, batch, own.TryToCore(idempotencyKey).ValueOrThrow(nameof(data)));
    }

    internal JournalEntry(Core.Entry value) => Value = value;

    internal Core.Entry Value { get; }

    /// <summary>Its 1-based place in the journal.</summary>
    public long Position => Value.Position;

    /// <summary>Its 1-based place in its stream.</summary>
    public long Version => Value.Version;

    /// <summary>The first position of the batch it was appended with.</summary>
    public long Batch => Value.Batch;

    /// <summary>The stream it belongs to.</summary>
    public StreamId Stream => Value.Data.Stream;

    /// <summary>What it is for.</summary>
    public EntryRole Role => (EntryRole)Core.RoleModule.toByte(Value.Data.Role);

    /// <summary>What the payload is.</summary>
    public string Type => Value.Data.Type;

    /// <summary>The payload's schema version, from 1.</summary>
    public int SchemaVersion => Value.Data.SchemaVersion;

    /// <summary>The bytes as they were appended.</summary>
    public ReadOnlyMemory<byte> Payload => Value.Data.Payload.Memory;

    /// <summary>The tags in canonical order, without the <c>kind:</c> tag that the role shows in lists.</summary>
    [field: MaybeNull]
    public IReadOnlyList<string> Tags => field ??= [.. Value.Data.Tags.Select(tag => tag.Value)];

    /// <summary>The tags as queries ask for them: in canonical order, with the <c>kind:</c> tag that the role shows.</summary>
    public IReadOnlyList<string> OutwardTags => Core.Tags.toOutward(Value.Data.Role, Value.Data.Tags);

    /// <summary>When it happened, UTC.</summary>
    public DateTimeOffset? Time => Value.Data.Time.ToNullable();

    /// <summary>Its id: the given one, or the UUIDv8 that follows from run, stream and version.</summary>
    public Guid Id => Core.EntryModule.id(Value);

    /// <summary>What belongs together; its own id where none was given.</summary>
    public Guid CorrelationId => Core.EntryModule.correlationId(Value);

    /// <summary>The id of what brought it about.</summary>
    public Guid? CausationId => Value.Data.CausationId.ToNullable();

    /// <summary>The run that recorded it.</summary>
    public RunId? Run => Value.Data.Run.ToReference();

    /// <summary>Random words drawn by the step; commands only.</summary>
    public ulong? Drawn => Value.Data.Drawn.ToNullable();

    /// <summary>The idempotency key of the append call it came with.</summary>
    public string? IdempotencyKey => Value.Data.Key.ToReference();

    /// <summary>Its canonical bytes: what leaves, heads and copies are made of.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToCanonicalBytes() => Core.CanonicalBytes.ofData(Value.Data).Memory.ToArray();

    /// <summary>Reads an entry from canonical bytes, as a store keeps them. The payload is a view into the memory, not a copy.</summary>
    /// <param name="position">Its 1-based place in the journal.</param>
    /// <param name="version">Its 1-based place in its stream.</param>
    /// <param name="batch">The first position of the batch it was appended with.</param>
    /// <param name="canonicalBytes">The bytes; never changed afterwards.</param>
    /// <returns>The entry; null where the bytes are not exactly the canonical form of an entry.</returns>
    public static JournalEntry? TryRead(long position, long version, long batch, ReadOnlyMemory<byte> canonicalBytes) =>
        Core.CanonicalBytes.tryRead(canonicalBytes) is { } data
            ? new JournalEntry(new Core.Entry(position, version, batch, data.Value))
            : null;

    // What was read from bytes of somebody else is a view into them.
    internal JournalEntry WithOwnPayload() => new(Core.OwnPayload.entry(Value));

    /// <inheritdoc/>
    public bool Equals(JournalEntry? other) => other is not null && Value.Equals(other.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as JournalEntry);

    /// <inheritdoc/>
    public override int GetHashCode() => Position.GetHashCode();

    /// <summary>Position, stream, version, role and type on one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Position} {Stream}@{Version} {Role} {Type}");
}

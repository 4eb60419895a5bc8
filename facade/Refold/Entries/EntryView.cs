// An entry where it lies, for whoever needs a few of its fields and no object.
// Handed to visitors by ILocalJournal.ScanAll and ScanStream.
using System.Buffers.Binary;

namespace Refold;

/// <summary>An entry in place: a view into memory of the journal. Valid only during the call that hands it out; what is to stay is copied,
/// or made an object by <see cref="ToEntry"/>.</summary>
/// <remarks>
/// Checksums and layout were checked before. Texts are UTF-8 as they were written; <see cref="ToEntry"/> checks that they are texts.
/// </remarks>
public readonly ref struct EntryView
{
    /// <summary>What is said of an entry that is none.</summary>
    internal const string NotCanonical = "The bytes of an entry are not canonical: it was not written by Refold.";

    // As the header of a frame says where the fields of the canonical bytes lie. FORMAT.md, "Frame".
    private readonly ReadOnlySpan<byte> header;

    internal EntryView(ReadOnlySpan<byte> header, ReadOnlySpan<byte> canonicalBytes)
    {
        this.header = header;
        CanonicalBytes = canonicalBytes;
    }

    /// <summary>Its 1-based place in the journal.</summary>
    public long Position => FrameHeader.Position(header);

    /// <summary>Its 1-based place in its stream.</summary>
    public long Version => FrameHeader.Version(header);

    /// <summary>The first position of the batch it was appended with.</summary>
    public long Batch => FrameHeader.First(header);

    /// <summary>What it is for.</summary>
    public EntryRole Role => (EntryRole)FrameHeader.Role(header);

    /// <summary>The payload's schema version, from 1.</summary>
    public int SchemaVersion => FrameHeader.SchemaVersion(header);

    /// <summary>The name of the stream it belongs to, in UTF-8.</summary>
    public ReadOnlySpan<byte> StreamUtf8 => CanonicalBytes.Slice(FrameHeader.StreamOffset, FrameHeader.StreamBytes(header));

    /// <summary>What the payload is, in UTF-8.</summary>
    public ReadOnlySpan<byte> TypeUtf8 => CanonicalBytes.Slice(FrameHeader.TypeOffset(header), FrameHeader.TypeBytes(header));

    /// <summary>The bytes as they were appended.</summary>
    public ReadOnlySpan<byte> Payload => CanonicalBytes.Slice(FrameHeader.PayloadOffset(header), FrameHeader.PayloadBytes(header));

    /// <summary>The tags in canonical order, each in UTF-8, without the <c>kind:</c> tag that the role shows in lists.</summary>
    public TagsView Tags => new(CanonicalBytes.Slice(FrameHeader.TagsOffset(header), FrameHeader.TagsBytes(header)));

    /// <summary>When it happened, UTC.</summary>
    /// <value>Null where no time was given.</value>
    public DateTimeOffset? Time =>
        FrameHeader.Has(header, FrameHeader.TimeField)
            ? new DateTimeOffset(
                BinaryPrimitives.ReadInt64LittleEndian(CanonicalBytes[(FrameHeader.TimeOffset(header) + 1)..]), TimeSpan.Zero)
            : null;

    /// <summary>Its canonical bytes: what leaves, heads and copies are made of.</summary>
    public ReadOnlySpan<byte> CanonicalBytes { get; }

    /// <summary>Which optional fields are there, a bit each, in the order of canonical bytes.</summary>
    internal byte Fields => FrameHeader.Fields(header);

    /// <summary>The optional fields behind the tags: a presence byte each, then its bytes.</summary>
    internal ReadOnlySpan<byte> OptionalBytes => CanonicalBytes[FrameHeader.TimeOffset(header)..];

    /// <summary>The run that recorded it, in UTF-8; empty without one.</summary>
    internal ReadOnlySpan<byte> RunUtf8 => CanonicalBytes.Slice(FrameHeader.RunOffset(header), FrameHeader.RunBytes(header));

    /// <summary>Whether it is of a type.</summary>
    /// <param name="typeUtf8">The type in UTF-8, as <c>"Placed"u8</c>.</param>
    /// <returns>True where it is exactly this.</returns>
    public bool IsOfType(ReadOnlySpan<byte> typeUtf8) => TypeUtf8.SequenceEqual(typeUtf8);

    /// <summary>The entry as an object, with a copy of its bytes.</summary>
    /// <returns>The entry.</returns>
    /// <exception cref="InvalidDataException">A name, tag or field is none, although the checksums are right.</exception>
    public JournalEntry ToEntry() =>
        JournalEntry.TryRead(Position, Version, Batch, CanonicalBytes.ToArray())
            ?? throw new InvalidDataException(NotCanonical);
}

/// <summary>The tags of an entry in place, for <c>foreach</c>.</summary>
public ref struct TagsView
{
    private int next;

    internal TagsView(ReadOnlySpan<byte> bytes)
    {
        Bytes = bytes;
        next = sizeof(int);
    }

    /// <summary>How many there are.</summary>
    public readonly int Count => BinaryPrimitives.ReadInt32LittleEndian(Bytes);

    /// <summary>Count and tags as they lie in canonical bytes.</summary>
    internal readonly ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The tag, in UTF-8.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Itself, from before the first tag.</summary>
    /// <returns>What <c>foreach</c> needs.</returns>
    public readonly TagsView GetEnumerator() => new(Bytes);

    /// <summary>Goes to the next tag.</summary>
    /// <returns>False where there is none.</returns>
    public bool MoveNext()
    {
        if (next >= Bytes.Length) return false;
        int count = BinaryPrimitives.ReadInt32LittleEndian(Bytes[next..]);
        Current = Bytes.Slice(next + sizeof(int), count);
        next += sizeof(int) + count;
        return true;
    }
}

/// <summary>Takes an entry in place. The view must not be kept.</summary>
/// <param name="entry">The entry.</param>
/// <returns>Whether to go on.</returns>
public delegate bool EntryVisitor(in EntryView entry);

// Frames read in place: header and body by their checksums, and whether both belong together. FORMAT.md, "Frame".
// Used by FrameWalk and EntryReader.
using System.Buffers.Binary;

namespace Refold.Segments;

/// <summary>A frame in place, of which the header is checked. Valid until the next read of its window.</summary>
/// <param name="bytes">The whole frame.</param>
internal readonly ref struct FrameInPlace(ReadOnlySpan<byte> bytes)
{
    /// <summary>The frame.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>Whether it carries a head.</summary>
    public bool HasHead => FrameHeader.Flags(Bytes) != 0;

    /// <summary>The header.</summary>
    public ReadOnlySpan<byte> Header => Bytes[..(HasHead ? FrameHeader.BytesWithHead : FrameHeader.Bytes)];

    /// <summary>The body.</summary>
    public ReadOnlySpan<byte> Body => Bytes.Slice(HasHead ? FrameHeader.BytesWithHead : FrameHeader.Bytes, FrameHeader.BodyBytes(Bytes));

    /// <summary>The body as an entry.</summary>
    public EntryView Entry => new(Bytes, Body);
}

/// <summary>Frames in a window. What is wrong with one is said by the reader of frames, which also judges it.</summary>
/// <param name="window">Reads the segments.</param>
internal readonly struct FramesInPlace(FrameWindow window)
{
    private const byte HeadFlag = 1;

    /// <summary>The frame at an offset, the checksum of its header right.</summary>
    /// <exception cref="JournalCorruptedException">None lies there.</exception>
    public FrameInPlace Frame(SegmentFile segment, long offset) =>
        Frame(segment, offset, window.From(segment, offset, FrameHeader.BytesWithHead));

    /// <summary>The frame at an offset, from which on bytes of the window are there; the checksum of its header right.</summary>
    /// <exception cref="JournalCorruptedException">None lies there.</exception>
    public FrameInPlace Frame(SegmentFile segment, long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FrameHeader.BytesWithHead) bytes = window.From(segment, offset, FrameHeader.BytesWithHead);
        if (bytes.Length < FrameHeader.Bytes) throw Wrong(segment, offset);
        var size = FrameHeader.Flags(bytes) == HeadFlag ? FrameHeader.BytesWithHead : FrameHeader.Bytes;
        if (bytes.Length < size) throw Wrong(segment, offset);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(size - 4)..]);
        if (Core.Checksum.seeded(segment.Seed, bytes[..(size - 4)]) != checksum) throw Wrong(segment, offset);
        var (length, body) = (FrameHeader.Length(bytes), FrameHeader.BodyBytes(bytes));
        if (FrameHeader.Flags(bytes) > HeadFlag || length < size || body < 0 || body > length - size
            || length - size - body >= Format.FrameLayout.alignment || length % Format.FrameLayout.alignment != 0)
            throw Wrong(segment, offset);
        if (bytes.Length < length) bytes = window.From(segment, offset, length);
        return bytes.Length >= length ? new FrameInPlace(bytes[..length]) : throw Wrong(segment, offset);
    }

    /// <summary>Whether the frame is an entry whose checksums and layout are right; refuses it where it is another one.</summary>
    /// <exception cref="JournalCorruptedException">It is not.</exception>
    public void CheckEntry(in FrameInPlace frame, SegmentFile segment, long offset)
    {
        var bytes = frame.Bytes;
        if (FrameHeader.Kind(bytes) != Format.FrameLayout.entryKind) throw Corrupted(segment, offset, "the frame", "an entry", "another");
        if (!IsWhole(frame, segment)
            || !FrameHeader.Fits(bytes, frame.Body)
            || FrameHeader.Role(bytes) >= Core.RoleModule.count || FrameHeader.SchemaVersion(bytes) < 1
            || FrameHeader.Version(bytes) < 1 || FrameHeader.First(bytes) < 1 || FrameHeader.Index(bytes) < 0
            || unchecked(FrameHeader.Position(bytes) - FrameHeader.First(bytes)) != FrameHeader.Index(bytes))
            throw Wrong(segment, offset);
    }

    /// <summary>How many positions a stub stands for, its checksums right.</summary>
    /// <exception cref="JournalCorruptedException">It is none.</exception>
    public int StubCount(in FrameInPlace frame, SegmentFile segment, long offset)
    {
        if (!IsWhole(frame, segment) || frame.Body.Length < sizeof(int)) throw Wrong(segment, offset);
        var positions = BinaryPrimitives.ReadInt32LittleEndian(frame.Body);
        return positions >= 1 ? positions : throw Wrong(segment, offset);
    }

    /// <summary>Whether nothing but zeros lies from an offset up to another.</summary>
    public bool AreZeros(SegmentFile segment, long offset, long end)
    {
        var count = (int)(end - offset);
        var bytes = window.From(segment, offset, count);
        return bytes.Length >= count && bytes[..count].IndexOfAnyExcept((byte)0) < 0;
    }

    /// <summary>What is wrong with the frame at an offset, in the words of the reader of frames.</summary>
    public Exception Wrong(SegmentFile segment, long offset)
    {
        // Of what has no header only the header is looked at: its length says nothing.
        var bytes = Copied(segment, offset, FrameHeader.BytesWithHead);
        if (Format.FrameDecoding.hasHeader(segment.Seed, bytes, 0))
            bytes = Copied(segment, offset, Math.Max(FrameHeader.BytesWithHead, FrameHeader.Length(bytes)));
        var found = Format.FrameDecoding.read(segment.Seed, bytes, 0);
        return found.IsError
            ? SegmentFaults.Of(found.ErrorValue, segment.Name.ToString(), offset)
            : Corrupted(segment, offset, "the frame", "one that fits those before it", "another");
    }

    private byte[] Copied(SegmentFile segment, long offset, int count)
    {
        var found = window.From(segment, offset, count);
        return found[..Math.Min(found.Length, count)].ToArray();
    }

    private static bool IsWhole(in FrameInPlace frame, SegmentFile segment)
    {
        var rest = frame.Bytes.Length - frame.Header.Length - frame.Body.Length;
        return Core.Checksum.seeded(segment.Seed, frame.Body) == FrameHeader.ChecksumOfBody(frame.Bytes)
            && (rest == 0 || frame.Bytes[^rest..].IndexOfAnyExcept((byte)0) < 0);
    }

    private static JournalCorruptedException Corrupted(SegmentFile segment, long offset, string what, string expected, string found) =>
        new(segment.Name.ToString(), offset, what, expected, found);
}

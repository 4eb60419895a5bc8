// The header of a frame, read where it lies: places of its fields, and whether it fits its body. FORMAT.md, "Frame", "Canonical bytes".
// Used by EntryView and by the walk over frames.
using System.Buffers.Binary;

namespace Refold;

internal static class FrameHeader
{
    /// <summary>Bytes of a header without a head.</summary>
    public const int Bytes = 88;

    /// <summary>Bytes of a header with a head.</summary>
    public const int BytesWithHead = 120;

    /// <summary>The offset of the stream's name in canonical bytes, behind its length.</summary>
    public const int StreamOffset = 4;

    /// <summary>The bit of the time among the optional fields.</summary>
    public const int TimeField = 1;

    private const int OptionalFields = 7;
    private const int RunField = 4;
    private const int KeyField = 6;

    public static int Length(ReadOnlySpan<byte> header) => Int32(header, 0);

    public static byte Kind(ReadOnlySpan<byte> header) => header[4];

    public static byte Flags(ReadOnlySpan<byte> header) => header[5];

    public static byte Role(ReadOnlySpan<byte> header) => header[6];

    public static int Index(ReadOnlySpan<byte> header) => Int32(header, 12);

    public static long Number(ReadOnlySpan<byte> header) => Int64(header, 16);

    public static long Position(ReadOnlySpan<byte> header) => Int64(header, 32);

    public static long Version(ReadOnlySpan<byte> header) => Int64(header, 40);

    public static long First(ReadOnlySpan<byte> header) => Int64(header, 48);

    public static int Count(ReadOnlySpan<byte> header) => Int32(header, 56);

    public static int BodyBytes(ReadOnlySpan<byte> header) => Int32(header, 60);

    public static int StreamBytes(ReadOnlySpan<byte> header) => UInt16(header, 64);

    public static int TypeBytes(ReadOnlySpan<byte> header) => UInt16(header, 66);

    public static int PayloadBytes(ReadOnlySpan<byte> header) => Int32(header, 68);

    public static int TagsBytes(ReadOnlySpan<byte> header) => UInt16(header, 72);

    public static int RunBytes(ReadOnlySpan<byte> header) => UInt16(header, 74);

    public static uint ChecksumOfBody(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[76..]);

    public static int SchemaVersion(ReadOnlySpan<byte> header) => Int32(header, 80);

    public static ReadOnlySpan<byte> Head(ReadOnlySpan<byte> header) => header.Slice(84, 32);

    public static byte Fields(ReadOnlySpan<byte> header) => header[7];

    public static bool Has(ReadOnlySpan<byte> header, int field) => (header[7] & field) != 0;

    public static int TypeOffset(ReadOnlySpan<byte> header) => StreamOffset + StreamBytes(header) + 1 + 4;

    public static int PayloadOffset(ReadOnlySpan<byte> header) => TypeOffset(header) + TypeBytes(header) + 4 + 4;

    public static int TagsOffset(ReadOnlySpan<byte> header) => PayloadOffset(header) + PayloadBytes(header);

    public static int TimeOffset(ReadOnlySpan<byte> header) => TagsOffset(header) + TagsBytes(header);

    /// <summary>The offset of the run's text, behind its presence byte and length; of no meaning without one.</summary>
    public static int RunOffset(ReadOnlySpan<byte> header) =>
        RunBytes(header) == 0 ? 0 : TimeOffset(header) + 5 + (Has(header, 1) ? 8 : 0)
            + 16 * System.Numerics.BitOperations.PopCount((uint)header[7] & 0b1110) + sizeof(int);

    /// <summary>Whether the fields of an entry lie in its canonical bytes where the header says, and end with them.</summary>
    public static bool Fits(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        var (stream, typeName, payload, tags) = (StreamBytes(header), TypeBytes(header), PayloadBytes(header), TagsBytes(header));
        int type = StreamOffset + stream + 5;
        long optional = (long)type + typeName + 8 + payload + tags;
        // The seven presence bytes are the least that follows the tags.
        if (payload < 0 || optional + OptionalFields > body.Length) return false;
        bool areFirst = Int32(body, 0) == stream
            && body[type - 5] == Role(header)
            && Int32(body, type - 4) == typeName
            && Int32(body, type + typeName) == SchemaVersion(header)
            && Int32(body, type + typeName + 4) == payload;
        return areFirst && AreTags(body.Slice((int)optional - tags, tags)) && AreOptional(header, body[(int)optional..]);
    }

    /// <summary>Writes the fields that a view reads: those of an entry that is no frame of a file.</summary>
    public static void Write(Span<byte> header, JournalEntry entry, ReadOnlySpan<byte> canonicalBytes)
    {
        var layout = Core.CanonicalLayoutModule.tryRead(canonicalBytes).Value;
        header.Clear();
        header[6] = layout.Role;
        header[7] = layout.Fields;
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], entry.Position);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], entry.Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], entry.Batch);
        BinaryPrimitives.WriteUInt16LittleEndian(header[64..], (ushort)layout.Stream);
        BinaryPrimitives.WriteUInt16LittleEndian(header[66..], (ushort)layout.Type);
        BinaryPrimitives.WriteInt32LittleEndian(header[68..], layout.Payload);
        BinaryPrimitives.WriteUInt16LittleEndian(header[72..], (ushort)layout.Tags);
        BinaryPrimitives.WriteUInt16LittleEndian(header[74..], (ushort)layout.Run);
        BinaryPrimitives.WriteInt32LittleEndian(header[80..], layout.SchemaVersion);
    }

    private static bool AreTags(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(int)) return false;
        int at = sizeof(int);
        for (int left = Int32(bytes, 0); left != 0; left--)
        {
            if (left < 0 || bytes.Length - at < sizeof(int)) return false;
            int count = Int32(bytes, at);
            at += sizeof(int);
            if (count < 0 || count > bytes.Length - at) return false;
            at += count;
        }

        return at == bytes.Length;
    }

    // Each has a presence byte, then its bytes: time, id, correlation id, causation id, run, words drawn, key.
    private static bool AreOptional(ReadOnlySpan<byte> header, ReadOnlySpan<byte> bytes)
    {
        byte fields = header[7];
        if (fields == 0) return bytes.Length == OptionalFields && RunBytes(header) == 0 && bytes.IndexOfAnyExcept((byte)0) < 0;
        int at = 0;
        int runBytes = 0;
        for (int field = 0; field < OptionalFields; field++)
        {
            if (at >= bytes.Length || bytes[at] != ((fields >> field) & 1)) return false;
            if (bytes[at++] == 0) continue;
            int count = field is 0 or 5 ? 8 : 16;
            if (field is RunField or KeyField)
            {
                if (bytes.Length - at < sizeof(int)) return false;
                count = Int32(bytes, at);
                at += sizeof(int);
                if (field == RunField) runBytes = count;
            }

            if (count < 0 || count > bytes.Length - at) return false;
            at += count;
        }

        return at == bytes.Length && runBytes == RunBytes(header) && fields < 1 << OptionalFields;
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static int Int32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes[offset..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);
}

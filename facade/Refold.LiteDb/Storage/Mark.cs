// How far the journal got, beside the database: two checksummed slots in sectors of their own, written in turn after each commit and
// flushed at checkpoints. It may lag after a power cut and never leads, so a database behind it has lost something. Made by Database.
using System.Buffers.Binary;

namespace Refold.LiteDb.Storage;

/// <summary>A place in the journal.</summary>
/// <param name="Journal">The journal's id.</param>
/// <param name="Commit">The number of the last transaction.</param>
/// <param name="Head">The head after it.</param>
internal readonly record struct MarkSlot(Guid Journal, long Commit, Head Head);

/// <summary>The mark of an open journal.</summary>
/// <param name="file">The file; it carries the writer's lock too.</param>
internal sealed class Mark(IDatabaseFile file) : IDisposable
{
    private const int SlotBytes = 512;
    private const int UsedBytes = 8 + 16 + 8 + 8 + 32;

    // The slot that is not the newest: a write that a power cut tears leaves the other one.
    private int next = Newer(file).Place == 0 ? 1 : 0;

    private static ReadOnlySpan<byte> Magic => "refmark1"u8;

    /// <summary>The newer whole slot; null where there is none.</summary>
    public static MarkSlot? Read(IDatabaseFile file) => Newer(file).Slot;

    /// <summary>Says how far the journal is, for whoever opens it after this process was killed.</summary>
    public void Write(MarkSlot slot)
    {
        Span<byte> bytes = stackalloc byte[SlotBytes];
        bytes.Clear();
        Magic.CopyTo(bytes);
        slot.Journal.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], slot.Commit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], slot.Head.Position);
        slot.Head.Hash.CopyTo(bytes[40..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[UsedBytes..], Core.Checksum.plain(bytes[..UsedBytes]));
        file.Write(bytes, next * SlotBytes);
        next = 1 - next;
    }

    public void Flush() => file.Flush();

    public void Dispose() => file.Dispose();

    private static (MarkSlot? Slot, int Place) Newer(IDatabaseFile file)
    {
        Span<byte> bytes = stackalloc byte[2 * SlotBytes];
        bytes.Clear();
        file.Read(bytes, 0);
        var first = Slot(bytes[..SlotBytes]);
        var second = Slot(bytes[SlotBytes..]);
        return first is null || second?.Commit > first.Value.Commit ? (second, 1) : (first, 0);
    }

    private static MarkSlot? Slot(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Magic) && Core.Checksum.plain(bytes[..UsedBytes]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[UsedBytes..])
            ? new MarkSlot(
                new Guid(bytes.Slice(8, 16), bigEndian: true),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
                new Head(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]), Hash.OfSpan(bytes.Slice(40, 32))))
            : null;
}

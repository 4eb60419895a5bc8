// How far the journal got, beside the database: two checksummed slots in sectors of their own, written in turn after each commit and
// flushed at checkpoints. It may lag after a power cut and never leads, so a database behind it has lost something. Behind them lies a
// table of the checksums of the data file's pages. The README has the bytes. Made by Database.
using System.Buffers.Binary;

namespace Refold.LiteDb.Storage;

/// <summary>A place in the journal.</summary>
/// <param name="Journal">The journal's id.</param>
/// <param name="Commit">The number of the last transaction.</param>
/// <param name="Head">The head after it.</param>
/// <param name="LogPages">How many pages the log had then; 0 where nothing is said of it.</param>
/// <param name="LogSum">The checksum over them.</param>
internal readonly record struct MarkSlot(Guid Journal, long Commit, Head Head, int LogPages = 0, uint LogSum = 0);

/// <summary>The mark of an open journal.</summary>
/// <param name="file">The file; it carries the writer's lock too.</param>
internal sealed class Mark(IDatabaseFile file) : IDisposable
{
    private const int SlotBytes = 512;
    private const int UsedBytes = 8 + 16 + 8 + 8 + 32;

    // Of the log, in the same sector: pages, their checksum, and one over all before it.
    private const int LogPlace = 128;
    private const int TablePlace = 4096;
    private const int SumsPlace = 8192;
    private const int SumsInBlock = 1024;

    private MarkSlot? last = Read(file);

    // The slot that is not the newest: a write that a power cut tears leaves the other one.
    private int next = Newer(file).Place == 0 ? 1 : 0;

    /// <summary>Whether the table is there.</summary>
    public bool HasSums { get; private set; } = HasTable(file) is true;

    private static ReadOnlySpan<byte> Magic => "refmark1"u8;

    private static ReadOnlySpan<byte> TableMagic => "refsums1"u8;

    /// <summary>The newer whole slot; null where there is none.</summary>
    public static MarkSlot? Read(IDatabaseFile file) => Newer(file).Slot;

    /// <summary>Says how far the journal is, for whoever opens it after this process was killed.</summary>
    public void Write(MarkSlot slot)
    {
        last = slot;
        Span<byte> bytes = stackalloc byte[SlotBytes];
        bytes.Clear();
        Magic.CopyTo(bytes);
        slot.Journal.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], slot.Commit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], slot.Head.Position);
        slot.Head.Hash.CopyTo(bytes[40..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[UsedBytes..], Core.Checksum.plain(bytes[..UsedBytes]));
        BinaryPrimitives.WriteInt32LittleEndian(bytes[LogPlace..], slot.LogPages);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[(LogPlace + 4)..], slot.LogSum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[(LogPlace + 8)..], Core.Checksum.plain(bytes[..(LogPlace + 8)]));
        file.Write(bytes, next * SlotBytes);
        next = 1 - next;
    }

    /// <summary>Says nothing of the log any more, in either slot: it is about to be emptied.</summary>
    public void ForgetLog()
    {
        if (last is not { } slot) return;
        Write(slot with { LogPages = 0, LogSum = 0 });
        Write(slot with { LogPages = 0, LogSum = 0 });
    }

    /// <summary>The table; null where there is none: in the mark of an older program, and while the data file is replaced.</summary>
    /// <param name="file">The file.</param>
    /// <param name="place">How errors name the journal.</param>
    /// <exception cref="JournalCorruptedException">There was one, and it is damaged: nobody vouches for the pages any more.</exception>
    public static PageSums? ReadSums(IDatabaseFile file, string place)
    {
        if (HasTable(file) is not { } isThere)
            throw new JournalCorruptedException(
                place, TablePlace, "the table of checksums in the mark", "whole",
                "damaged (remove the mark to take the pages as they are)");
        if (!isThere) return null;
        var sums = new PageSums();
        var bytes = new byte[file.Length - SumsPlace];
        file.Read(bytes, SumsPlace);
        for (var page = 0; page < bytes.Length / sizeof(uint); page++)
            sums[page] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(page * sizeof(uint)));
        sums.Kept();
        return sums;
    }

    /// <summary>Makes the table; it is there when all of it is on the device.</summary>
    public void MakeSums(PageSums sums)
    {
        ForgetSums();
        file.SetLength(SumsPlace);
        for (var block = 0; block * SumsInBlock < sums.Count; block++) WriteBlock(sums, block);
        file.Flush();
        Span<byte> head = stackalloc byte[TableMagic.Length + sizeof(uint)];
        TableMagic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[TableMagic.Length..], Core.Checksum.plain(TableMagic));
        file.Write(head, TablePlace);
        file.Flush();
        HasSums = true;
        sums.Kept();
    }

    /// <summary>Takes what changed over into the table, if there is one. A flush is to follow, before the log is emptied.</summary>
    public void KeepSums(PageSums sums)
    {
        if (!HasSums) return;
        foreach (var block in sums.Changed.Select(page => page / SumsInBlock).Distinct()) WriteBlock(sums, block);
        sums.Kept();
    }

    /// <summary>Takes the table away, before the data file is replaced.</summary>
    public void ForgetSums()
    {
        if (!HasSums) return;
        HasSums = false;
        file.Write(new byte[TableMagic.Length + sizeof(uint)], TablePlace);
        file.Flush();
    }

    // Null for neither: what this program writes has one, or zeros where it was; an older program's mark ends before.
    private static bool? HasTable(IDatabaseFile file)
    {
        Span<byte> head = stackalloc byte[TableMagic.Length + sizeof(uint)];
        head.Clear();
        file.Read(head, TablePlace);
        if (file.Length < SumsPlace) return SaysOfLog(file) ? null : false;
        if (!head.ContainsAnyExcept((byte)0)) return false;
        var sum = BinaryPrimitives.ReadUInt32LittleEndian(head[TableMagic.Length..]);
        return head.StartsWith(TableMagic) && sum == Core.Checksum.plain(TableMagic) ? true : null;
    }

    private static bool SaysOfLog(IDatabaseFile file)
    {
        Span<byte> bytes = stackalloc byte[2 * SlotBytes];
        bytes.Clear();
        file.Read(bytes, 0);
        return SaysOfLog(bytes[..SlotBytes]) || SaysOfLog(bytes[SlotBytes..]);
    }

    private void WriteBlock(PageSums sums, int block)
    {
        var first = block * SumsInBlock;
        var bytes = new byte[Math.Min(SumsInBlock, sums.Count - first) * sizeof(uint)];
        for (var page = 0; page < bytes.Length / sizeof(uint); page++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(page * sizeof(uint)), sums[first + page]);
        file.Write(bytes, SumsPlace + (long)first * sizeof(uint));
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
                new Head(BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]), Hash.OfSpan(bytes.Slice(40, 32))),
                SaysOfLog(bytes) ? BinaryPrimitives.ReadInt32LittleEndian(bytes[LogPlace..]) : 0,
                SaysOfLog(bytes) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[(LogPlace + 4)..]) : 0)
            : null;

    private static bool SaysOfLog(ReadOnlySpan<byte> slot) =>
        BinaryPrimitives.ReadUInt32LittleEndian(slot[(LogPlace + 8)..]) == Core.Checksum.plain(slot[..(LogPlace + 8)]);
}

// The links between neighbours of LiteDB's indexes, looked at before LiteDB follows them: where several keys of an index lead to one
// document, it goes round for ever in a page that points back. Called by Database where no table of checksums vouches for the pages.
using System.Buffers.Binary;
using System.Globalization;

namespace Refold.LiteDb.Storage;

/// <summary>Every node's neighbour points back at it, so that each way along an index ends.</summary>
/// <param name="place">How errors name the journal.</param>
/// <param name="data">The data file.</param>
/// <param name="log">The log; null for none.</param>
/// <param name="inLog">Where in the log its newest pages lie.</param>
internal sealed class IndexLinks(string place, IDatabaseFile data, IDatabaseFile? log, IReadOnlyDictionary<long, long> inLog)
{
    private const int Size = EngineStream.PageSize;
    private const int TypePlace = 4, HighestSlotPlace = 30, MagicPlace = 32;
    private const byte IndexType = 3, NoSlot = 255;

    // In a node: how many levels it has, and its neighbours on the lowest one.
    private const int LevelsPlace = 1, BeforePlace = 12, AfterPlace = 17, NodeBytes = 22;

    private readonly Dictionary<long, byte[]> kept = [];

    /// <summary>Looks at all of them.</summary>
    /// <exception cref="JournalCorruptedException">A neighbour does not point back.</exception>
    public void Require()
    {
        // What is no file of LiteDB's is refused by it.
        if (!Page(0).AsSpan(MagicPlace).StartsWith("** This is a LiteDB file **"u8)) return;
        var pages = Math.Max(data.Length / Size, inLog.Keys.DefaultIfEmpty(-1).Max() + 1);
        for (long page = 0; page < pages; page++)
        {
            var bytes = Page(page);
            if (bytes[TypePlace] != IndexType || bytes[HighestSlotPlace] == NoSlot) continue;
            for (var slot = 0; slot <= bytes[HighestSlotPlace]; slot++)
            {
                if (Node(bytes, (byte)slot) is not { } node) continue;
                RequireBack(page, slot, Address(bytes, node + BeforePlace), AfterPlace);
                RequireBack(page, slot, Address(bytes, node + AfterPlace), BeforePlace);
            }
        }
    }

    private void RequireBack(long page, int slot, (uint Page, byte Slot) neighbour, int back)
    {
        if (neighbour.Page == uint.MaxValue) return;
        var bytes = Page(neighbour.Page);
        var node = bytes[TypePlace] == IndexType ? Node(bytes, neighbour.Slot) : null;
        if (node is { } at && Address(bytes, at + back) == ((uint)page, (byte)slot)) return;
        throw new JournalCorruptedException(
            place, page * Size, "an index of the database", "whole",
            string.Create(
                CultureInfo.InvariantCulture,
                $"broken: page {neighbour.Page}, slot {neighbour.Slot}, is not the neighbour of page {page}, slot {slot}"));
    }

    /// <summary>Where in a page the node in a slot lies; null where there is none.</summary>
    private static int? Node(byte[] page, byte slot)
    {
        var node = BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(Size - ((slot + 1) * 4) + 2));
        return node == 0 || node > Size - NodeBytes || page[node + LevelsPlace] == 0 ? null : node;
    }

    private static (uint Page, byte Slot) Address(byte[] page, int at) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(at)), page[at + 4]);

    // Neighbours mostly lie in few pages at a time.
    private byte[] Page(long page)
    {
        if (kept.TryGetValue(page, out var bytes)) return bytes;
        if (kept.Count == 1024) kept.Clear();
        kept.Add(page, bytes = new byte[Size]);
        if (inLog.TryGetValue(page, out var offset)) log!.Read(bytes, offset);
        else data.Read(bytes, page * Size);
        return bytes;
    }
}

// What deletions hide from a read that has the names of streams as bytes.
// Made by SegmentIndex for a scan.
using System.Runtime.InteropServices;
using System.Text;

namespace Refold.Segments;

/// <summary>The floors of streams at a moment, by the UTF-8 bytes of their names. Each stream that is met is looked up once. Used by one
/// thread.</summary>
/// <param name="deleted">The deletions.</param>
/// <param name="moment">The moment.</param>
internal sealed class HiddenEntries(DeletedStreams deleted, long moment)
{
    private readonly Dictionary<byte[], long>.AlternateLookup<ReadOnlySpan<byte>> floors =
        new Dictionary<byte[], long>(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Whether an entry was deleted.</summary>
    public bool Hides(in EntryView entry)
    {
        ref var floor = ref CollectionsMarshal.GetValueRefOrAddDefault(floors, entry.StreamUtf8, out var isKnown);
        // What is no name names no stream of which something was deleted.
        if (!isKnown && Core.StreamIdModule.tryCreate(Encoding.UTF8.GetString(entry.StreamUtf8)) is { IsOk: true, ResultValue: var stream })
            floor = deleted.FloorAt(stream, moment);
        return entry.Version <= floor;
    }
}

// Scans of journals that have entries as objects: each is laid out as its bytes would lie in a store.
// Called by ILocalJournal and LocalJournal, where a store has no scan of its own.
namespace Refold;

internal static class ObjectScan
{
    /// <summary>Hands entries to a visitor.</summary>
    /// <returns>How many.</returns>
    public static long Over(IEnumerable<JournalEntry> entries, EntryVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        Span<byte> header = stackalloc byte[FrameHeader.Bytes];
        var (writer, visited) = (new Core.ByteWriter(1024), 0L);
        foreach (var entry in entries)
        {
            writer.Clear();
            Core.CanonicalBytes.write(writer, entry.Value.Data);
            FrameHeader.Write(header, entry, writer.Written);
            visited++;
            if (!visitor(new EntryView(header, writer.Written))) break;
        }

        return visited;
    }
}

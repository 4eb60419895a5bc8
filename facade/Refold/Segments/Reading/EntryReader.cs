// Entries that rows of an index name, read in place or as objects: every byte is checked each time.
// One of each read of a segment journal.
using System.Text;

namespace Refold.Segments;

/// <summary>Reads entries by their rows; what is not the entry of its row is never one. Used by one thread.</summary>
internal sealed class EntryReader : IDisposable
{
    private readonly FrameWindow window = new();
    private readonly EntryDecoder decoder = new();
    private StreamId? known;
    private byte[] name = [];

    /// <summary>The entry of a row, in place. Valid until the next read.</summary>
    /// <param name="row">The row.</param>
    /// <param name="stream">The name of its stream, in UTF-8.</param>
    /// <exception cref="JournalCorruptedException">The bytes are not what was written.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public EntryView View(in EntryRow row, ReadOnlySpan<byte> stream)
    {
        var frames = new FramesInPlace(window);
        // The whole frame at once, with those that lie near.
        var frame = frames.Frame(row.Segment, row.Offset, window.From(row.Segment, row.Offset, row.Size, row.Near));
        frames.CheckEntry(frame, row.Segment, row.Offset);
        var entry = frame.Entry;
        if (entry.Position != row.Position)
            throw Corrupted(row, "the position", NumberText.Of(row.Position), NumberText.Of(entry.Position));
        if (entry.Version != row.Version) throw Corrupted(row, "the version", NumberText.Of(row.Version), NumberText.Of(entry.Version));
        if (!entry.StreamUtf8.SequenceEqual(stream))
            throw Corrupted(row, "the stream", row.Stream.Value, Encoding.UTF8.GetString(entry.StreamUtf8));
        return entry;
    }

    /// <summary>The entry of a row, as an object.</summary>
    /// <exception cref="JournalCorruptedException">The bytes are not what was written.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public JournalEntry Read(in EntryRow row)
    {
        if (!ReferenceEquals(known, row.Stream)) (known, name) = (row.Stream, Encoding.UTF8.GetBytes(row.Stream.Value));
        var entry = View(row, name);
        return decoder.Read(entry, row.Stream) ?? throw Corrupted(row, "the frame", "an entry", "another");
    }

    public void Dispose() => window.Dispose();

    private static JournalCorruptedException Corrupted(in EntryRow row, string what, string expected, string found) =>
        new(row.Segment.Name.ToString(), row.Offset, what, expected, found);
}

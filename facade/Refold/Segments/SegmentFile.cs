// A segment of an open journal, and entries read back from it: every byte is checked each time.
// Used by SegmentIndex rows for reads, and by SegmentLog for writes.
using System.Globalization;

namespace Refold.Segments;

/// <summary>An open segment file.</summary>
internal sealed class SegmentFile(Core.SegmentName name, Core.SegmentHeader header, IStorageFile file) : IDisposable
{
    private readonly uint seed = Core.Checksum.seed(header.JournalId);
    private int disposed;

    public Core.SegmentName Name { get; } = name;

    public Core.SegmentHeader Header { get; } = header;

    /// <summary>The length it was made with, in which frames have to fit.</summary>
    public long Capacity { get; } = header.FileBytes;

    public IStorageFile File { get; } = file;

    /// <summary>Reads the entry that a row names. A mismatch is never an entry.</summary>
    /// <exception cref="JournalCorruptedException">The bytes are not what was written.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public JournalEntry Read(in EntryRow row)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, typeof(SegmentJournal));
        var bytes = new byte[row.Size];
        int read;
        try
        {
            read = File.Read(bytes, row.Offset);
        }
        catch (IOException exception)
        {
            throw new JournalException("io", $"{Name}, offset {Text(row.Offset)}: the device does not read it: {exception.Message}", exception);
        }

        var found = Core.FrameDecoding.read(seed, bytes.AsMemory(0, read), 0);
        if (found.IsError) throw SegmentFaults.Of(found.ErrorValue, Name.ToString(), row.Offset);
        var frame = found.ResultValue.Frame;
        if (frame.Position != row.Position) throw Corrupted(row, "the position", Text(row.Position), Text(frame.Position));
        if (frame.Version != row.Version) throw Corrupted(row, "the version", Text(row.Version), Text(frame.Version));
        if (frame.Body is not Core.FrameBody.Entry body || Core.CanonicalBytes.tryRead(body.canonical) is not { } data)
            throw Corrupted(row, "the frame", "an entry", "another");
        if (data.Value.Stream != row.Stream.Id)
            throw Corrupted(row, "the stream", row.Stream.Id.Value, data.Value.Stream.Value);
        return new JournalEntry(new Core.Entry(frame.Position, frame.Version, body.place.First, data.Value));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) File.Dispose();
    }

    private JournalCorruptedException Corrupted(in EntryRow row, string what, string expected, string found) =>
        new(Name.ToString(), row.Offset, what, expected, found);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

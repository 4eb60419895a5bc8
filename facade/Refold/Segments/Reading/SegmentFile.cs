// A segment of an open journal, and entries read back from it: every byte is checked each time.
// Used by SegmentIndex rows for reads, and by SegmentLog for writes.
namespace Refold.Segments;

/// <summary>An open segment file.</summary>
internal sealed class SegmentFile(Format.SegmentName name, Format.SegmentHeader header, IStorageFile file) : IDisposable
{
    private readonly Lock mapping = new();
    private MappedFile? map;
    private bool mayBeMapped;
    private int disposed;

    /// <summary>What its checksums start from.</summary>
    public uint Seed { get; } = Core.Checksum.seed(header.JournalId);

    public Format.SegmentName Name { get; } = name;

    public Format.SegmentHeader Header { get; } = header;

    /// <summary>The length in which frames have to fit: the one it was made with, or more where it was empty and its first batch is
    /// larger.</summary>
    public long Capacity { get; set; } = header.FileBytes;

    public IStorageFile File { get; } = file;

    /// <summary>What tells whether a file is this segment, by its header and, once it is sealed, by its trailer.</summary>
    public static Func<IStorageFile, bool> Check(Format.SegmentHeader header, Format.SegmentTrailer? trailer) => file =>
        Holds(file, 0, Format.SegmentHeaderModule.encode(header))
        && (
            trailer is null
                || Holds(file, file.Length - Format.SegmentTrailerModule.bytes, Format.SegmentTrailerModule.encode(
                    Core.Checksum.seed(header.JournalId), trailer)));

    /// <summary>Reads the entry that a row names. A mismatch is never an entry.</summary>
    /// <exception cref="JournalCorruptedException">The bytes are not what was written.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public JournalEntry Read(in EntryRow row)
    {
        var found = Format.FrameDecoding.read(Seed, ReadBytes(row.Offset, row.Size), 0);
        if (found.IsError) throw SegmentFaults.Of(found.ErrorValue, Name.ToString(), row.Offset);
        var frame = found.ResultValue.Frame;
        if (frame.Position != row.Position)
            throw Corrupted(row, "the position", NumberText.Of(row.Position), NumberText.Of(frame.Position));
        if (frame.Version != row.Version) throw Corrupted(row, "the version", NumberText.Of(row.Version), NumberText.Of(frame.Version));
        if (frame.Body is not Format.FrameBody.Entry body || Core.CanonicalBytes.tryRead(body.canonical) is not { } data)
            throw Corrupted(row, "the frame", "an entry", "another");
        if (data.Value.Stream != row.Stream)
            throw Corrupted(row, "the stream", row.Stream.Value, data.Value.Stream.Value);
        return new JournalEntry(new Core.Entry(frame.Position, frame.Version, body.place.First, data.Value));
    }

    /// <summary>Reads so many bytes at an offset; fewer where the file ends.</summary>
    /// <exception cref="SegmentGoneException">The file was removed before it was opened.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public ReadOnlyMemory<byte> ReadBytes(long offset, int count)
    {
        var bytes = new byte[count];
        return bytes.AsMemory(0, Read(bytes, offset));
    }

    /// <summary>Reads bytes at an offset; fewer where the file ends.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="SegmentGoneException">The file was removed before it was opened.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public int Read(Span<byte> bytes, long offset)
    {
        RequireOpen();
        try
        {
            return File.Read(bytes, offset);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception, $"{Name}, offset {NumberText.Of(offset)}: the device does not read it");
        }
    }

    /// <summary>Says that nothing is written to the file any more, so that it may be read where the system has it.</summary>
    public void LetMap()
    {
        lock (mapping) mayBeMapped = true;
    }

    /// <summary>The file in memory, entered for the caller, who leaves it; null where its bytes are copied.</summary>
    /// <exception cref="SegmentGoneException">The file was removed before it was opened.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public MappedFile.Lease? EnterMap()
    {
        lock (mapping)
        {
            RequireOpen();
            if (!mayBeMapped) return null;
            try
            {
                map ??= (File as IMappableFile)?.TryMap();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Failure(exception, $"{Name}: the device does not open it");
            }

            // Where there is no way to map it, it is not asked for again.
            mayBeMapped = map is not null || MappedFile.AreEnough;
            return map?.Enter();
        }
    }

    /// <summary>Says which frames are read next. Where they lie in memory they are on their way from now on, all at once; nothing waits,
    /// and nothing is believed of them.</summary>
    public void Fetch(ReadOnlySpan<Format.EntryPlace> places)
    {
        if (Volatile.Read(ref map) is not { } mapped) return;
        var end = 0L;
        foreach (ref readonly var place in places)
        {
            // Where one lies right behind the other the core itself sees that it goes on.
            if (place.Offset != end) mapped.Fetch(place.Offset, place.Length);
            end = place.Offset + place.Length;
        }
    }

    /// <summary>Refuses what comes behind the journal's end.</summary>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public void RequireOpen() => ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, typeof(SegmentJournal));

    /// <summary>The length of the file in bytes, its footer included.</summary>
    /// <exception cref="SegmentGoneException">The file was removed before it was opened.</exception>
    /// <exception cref="JournalException">The device failed.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed.</exception>
    public long ReadLength()
    {
        ObjectDisposedException.ThrowIf(disposed != 0, typeof(SegmentJournal));
        try
        {
            return File.Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failure(exception, $"{Name}: the device does not tell its length");
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        File.Dispose();
        // Who reads in it keeps it until then.
        lock (mapping) map?.Dispose();
    }

    private JournalException Failure(Exception exception, string what) =>
        exception is FileNotFoundException
            ? new SegmentGoneException(Name.ToString(), exception)
            : new JournalException("io", $"{what}: {exception.Message}", exception);

    private static bool Holds(IStorageFile file, long offset, ReadOnlyMemory<byte> expected)
    {
        var bytes = new byte[expected.Length];
        return offset >= 0 && file.Read(bytes, offset) == bytes.Length && bytes.AsSpan().SequenceEqual(expected.Span);
    }

    private JournalCorruptedException Corrupted(in EntryRow row, string what, string expected, string found) =>
        new(Name.ToString(), row.Offset, what, expected, found);
}

/// <summary>A segment file was removed before it was opened: compaction replaced it, and the files that are there
/// now have what is left of it.</summary>
internal sealed class SegmentGoneException(string file, Exception innerException)
    : JournalException(
        "segment-gone", $"{file} is not there any more; read again, and where it stays so, restore a backup.", innerException);

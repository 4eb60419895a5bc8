// COMMIT: how far the journal is flushed, in two slots written in turn. FORMAT.md, "COMMIT".
// Written by SegmentStore; read by DirectoryPlan and LiveReader.
namespace Refold.Segments;

/// <summary>The open COMMIT of a journal, and what each of its slots says alike. Used by one thread at a time, but for
/// <see cref="FlushBeside"/>.</summary>
internal sealed class CommitFile(IStorageFile file, Guid journalId, uint epoch, long setGeneration, long sequence) : IDisposable
{
    // A slot is written in less time than it takes to read it as often.
    private const int MaxTries = 10;

    private readonly Lock gate = new();
    private long sequence = sequence;
    private Format.CommitSlot? last;

    /// <summary>The file, to be flushed where what it says has to last.</summary>
    public IStorageFile File { get; } = file;

    public Guid JournalId { get; } = journalId;

    /// <summary>Which opening for writing this is.</summary>
    public uint Epoch { get; } = epoch;

    /// <summary>How many compactions there were.</summary>
    public long SetGeneration { get; set; } = setGeneration;

    /// <summary>The bytes of the file; null where there is none.</summary>
    public static byte[]? ReadBytes(IStorageDevice device)
    {
        if (!device.List().Contains(Format.FileName.commit)) return null;
        using var file = device.Open(Format.FileName.commit, writable: false);
        return ReadBytes(file);
    }

    /// <summary>What the file says at this moment; null where it says nothing.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="isExpected">Whether the file was there before.</param>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static Format.CommitSlot? ReadSlot(IStorageDevice device, bool isExpected)
    {
        for (var tries = 1; ; tries++)
        {
            var read = Format.Commit.read((isExpected ? ReadAtOnce(device) : ReadBytes(device)) ?? []);
            if (read.IsError) throw SegmentFaults.Of(read.ErrorValue, Format.FileName.commit);
            // A slot that is being written is not whole; then the other one counts, and may be older than an answer that was given.
            if (read.ResultValue.Damaged.IsEmpty || tries == MaxTries) return read.ResultValue.Slot?.Value;
        }
    }

    /// <summary>The bytes of the file without listing the directory; null where there is none.</summary>
    private static byte[]? ReadAtOnce(IStorageDevice device)
    {
        try
        {
            using var file = device.Open(Format.FileName.commit, writable: false);
            return ReadBytes(file);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static byte[] ReadBytes(IStorageFile file)
    {
        var bytes = new byte[Format.Commit.fileBytes];
        return bytes[..file.Read(bytes, 0)];
    }

    /// <summary>Opens the file, or makes it; its name is durable after the next flush of the directory.</summary>
    public static IStorageFile OpenOrCreate(IStorageDevice device)
    {
        var isThere = device.List().Contains(Format.FileName.commit);
        var file = isThere ? device.Open(Format.FileName.commit, writable: true) : device.Create(Format.FileName.commit);
        try
        {
            if (isThere) Repair(file);
            else SegmentStore.WriteZeros(file, 0, Format.Commit.fileBytes);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Says in the other slot what is flushed; after a power cut it may not have been said.</summary>
    public void Store(Format.SegmentName segment, long end, long lastFrame, Head head, bool isClosed = false)
    {
        lock (gate) Store(new Format.CommitSlot(JournalId, sequence + 1, Epoch, SetGeneration, segment, end, lastFrame, head, isClosed));
    }

    /// <summary>Flushes what was stored, while another thread may store more.</summary>
    /// <exception cref="IOException">The device failed. Both slots were stored once more: a flush that failed may have left in memory only
    /// what no later one writes.</exception>
    public void FlushBeside()
    {
        try
        {
            File.Flush();
        }
        catch (IOException)
        {
            lock (gate)
            {
                for (var slots = 0; slots < 2 && last is { } slot; slots++)
                    Store(
                        new Format.CommitSlot(
                            JournalId, sequence + 1, Epoch, slot.SetGeneration, slot.Segment, slot.EndOffset, slot.LastFrame, slot.Head,
                            slot.IsClosed));
            }

            throw;
        }
    }

    private void Store(Format.CommitSlot slot)
    {
        (sequence, last) = (slot.Sequence, slot);
        File.Write(Format.Commit.encode(slot).Span, Format.Commit.slotOffset(sequence));
    }

    public void Dispose() => File.Dispose();

    /// <summary>Writes anew what is neither a valid slot nor zeros: where a block that was written when the power failed is garbage,
    /// slots alone would not end that.</summary>
    private static void Repair(IStorageFile file)
    {
        var bytes = new byte[Format.Commit.fileBytes];
        var length = file.Read(bytes, 0);
        var found = Format.Commit.read(bytes.AsMemory(0, length)).ResultValue;
        if (found.Damaged.IsEmpty)
        {
            // A process that ended while it made the file.
            SegmentStore.WriteZeros(file, length, bytes.Length);
            return;
        }

        Array.Clear(bytes);
        if (found.Slot is { } slot)
            Format.Commit.encode(slot.Value).Span.CopyTo(bytes.AsSpan((int)Format.Commit.slotOffset(slot.Value.Sequence)));
        file.Write(bytes, 0);
    }
}

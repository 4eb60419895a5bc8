// COMMIT: how far the journal is flushed, in two slots written in turn. FORMAT.md, "COMMIT".
// Written by SegmentStore; read by DirectoryPlan.
namespace Refold.Segments;

/// <summary>The open COMMIT of a journal, and what each of its slots says alike. Used by one thread at a time.</summary>
internal sealed class CommitFile(IStorageFile file, Guid journalId, uint epoch, long setGeneration, long sequence) : IDisposable
{
    private long sequence = sequence;

    /// <summary>The file, to be flushed where what it says has to last.</summary>
    public IStorageFile File { get; } = file;

    public Guid JournalId { get; } = journalId;

    /// <summary>Which opening for writing this is.</summary>
    public uint Epoch { get; } = epoch;

    /// <summary>The bytes of the file; null where there is none.</summary>
    public static byte[]? ReadBytes(IStorageDevice device)
    {
        if (!device.List().Contains(Core.FileName.commit)) return null;
        using var file = device.Open(Core.FileName.commit, writable: false);
        var bytes = new byte[Core.Commit.fileBytes];
        return bytes[..file.Read(bytes, 0)];
    }

    /// <summary>Opens the file, or makes it; its name is durable after the next flush of the directory.</summary>
    public static IStorageFile OpenOrCreate(IStorageDevice device)
    {
        if (device.List().Contains(Core.FileName.commit)) return device.Open(Core.FileName.commit, writable: true);
        var file = device.Create(Core.FileName.commit);
        try
        {
            SegmentStore.WriteZeros(file, 0, Core.Commit.fileBytes);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Says in the other slot what is flushed; after a power cut it may not have been said.</summary>
    public void Store(Core.SegmentName segment, long end, long lastFrame, Core.Head head, bool isClosed = false)
    {
        sequence++;
        var slot = new Core.CommitSlot(JournalId, sequence, Epoch, setGeneration, segment, end, lastFrame, head, isClosed);
        File.Write(Core.Commit.encode(slot).Span, Core.Commit.slotOffset(sequence));
    }

    public void Dispose() => File.Dispose();
}

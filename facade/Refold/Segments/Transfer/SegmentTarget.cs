// The directory that a journal is written into as it is: batches, keys, deletions and a dropped beginning in their places.
// Made by JournalCopy and SegmentTransfer.
using System.Security.Cryptography;
using Refold.Interop;
using Refold.Transfers;

namespace Refold.Segments;

/// <summary>The journal that is made.</summary>
internal sealed class SegmentTarget : IDisposable
{
    private const long MaxWaitingBytes = 4 * 1024 * 1024;

    private readonly SegmentStore store;
    private readonly List<PendingWrite> waiting = [];
    private long waitingBytes;
    private SegmentLog? log;

    /// <param name="device">The directory.</param>
    /// <param name="indexIds">Whether entries are found by id there.</param>
    public SegmentTarget(IStorageDevice device, bool indexIds = true)
    {
        var id = new Guid(RandomNumberGenerator.GetBytes(16));
        var slots = new CommitFile(CommitFile.OpenOrCreate(device), id, epoch: 1, setGeneration: 0, sequence: 0);
        var options = new JournalOptions { Segments = new() { IndexIds = indexIds } };
        var sealing = new SegmentSealing(epoch: 0);
        store = new SegmentStore(new WatchedDirectory(device), slots, sealing, options, []);
    }

    public SegmentIndex Index { get; } = new(isWritten: true, new SegmentOptions { Reads = Reads.Copied });

    /// <summary>Whether enough waits to be written.</summary>
    public bool IsFull => waitingBytes >= MaxWaitingBytes;

    /// <summary>Says that the copy is closed.</summary>
    public void Close() => Begun().Close();

    public void Add(TransferItem item)
    {
        switch (item)
        {
            case TransferItem.Beginning { Content: var beginning }:
                BeginBehind(beginning);
                break;
            case TransferItem.Batch batch:
                waiting.Add(
                    new PendingAppend(_ => new AppendDecision.Fresh(batch.Stored.Batch))
                    {
                        Dropped = batch.Stored.Dropped.Select(leaf => leaf.ToCore()).ToFSharpList(),
                    });
                waitingBytes += batch.Stored.Batch.Value.Canonical.Sum(bytes => (long)bytes.Length);
                break;
            case TransferItem.Forgetting forgetting:
                waiting.Add(new PendingForgetting(forgetting.Before));
                break;
            case TransferItem.Deletion deletion:
                waiting.Add(new PendingDeletion(deletion.Stream, deletion.Version));
                break;
        }
    }

    /// <summary>Writes what waits.</summary>
    public void Commit()
    {
        while (waiting.Count > 0)
        {
            var taken = Begun().Commit(waiting);
            foreach (var write in waiting[..taken]) _ = write.Answered.GetAwaiter().GetResult()?.ReceiptOrThrow();
            waiting.RemoveRange(0, taken);
        }

        waitingBytes = 0;
    }

    public void Dispose()
    {
        store.Dispose();
        foreach (var segment in store.Segments) segment.Dispose();
    }

    /// <summary>The log, once there is a first segment.</summary>
    private SegmentLog Begun()
    {
        if (log is not null) return log;
        if (store.Segments.Count == 0) store.Open(Index.Head);
        return log = new SegmentLog(store, Index, _ => { });
    }

    private void BeginBehind(JournalBeginning beginning)
    {
        store.LastFrame = store.FlushedFrame = beginning.FirstFrame - 1;
        var (context, number, head, dropped) = (store.Context, beginning.FirstFrame, beginning.Head, beginning.ToCore());
        var writer = new Core.ByteWriter(1024);
        Format.FrameEncoding.write(context.Seed, writer, new Format.Frame(
            context.Epoch, number, context.Flushed, head.Position, 0, Format.FrameBody.NewBase(dropped), head.Hash));
        store.Rotate(writer.Length, head);
        var content = Format.SegmentContent.NewBase(dropped, head);
        store.Append(writer.Written, number, head);
        Index.Take(content, store.Active, number);
    }
}

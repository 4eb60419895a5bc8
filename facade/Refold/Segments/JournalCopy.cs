// A journal copied whole from one directory of segments to another: every batch, key, deletion and dropped beginning in its place.
// Called by JournalBackup.
using System.Security.Cryptography;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Copies what is committed at some moment of the copying. It reads beside a writer, without a lock, and checks every byte.</summary>
internal static class JournalCopy
{
    /// <summary>Copies into a directory that is empty or not there. The copy has the same positions, versions, batches, keys, floors and head, and an id of its own.</summary>
    /// <param name="from">The journal; nothing is changed there.</param>
    /// <param name="to">The directory of the copy.</param>
    /// <returns>The head of the copy, how many entries can be read in it, and the torn tail that was left out.</returns>
    /// <exception cref="JournalOpenException">There is no journal.</exception>
    /// <exception cref="JournalException">The journal is damaged, or the copy cannot be written.</exception>
    public static (Core.Head Head, long Entries, TornTail? Torn) Run(IStorageDevice from, IStorageDevice to)
    {
        if (!from.Exists || FileNames.Segments(from).Count == 0)
            throw new JournalOpenException($"There is no journal in {from.Place}: no segment file is there.");
        to.CreateDirectory();
        // Each try begins anew: bytes that a writer adds while a file is read can arrive in another order than they were written.
        return DirectoryPlan.Settled(from, () => Copy(from, to), _ => false);
    }

    private static (Core.Head Head, long Entries, TornTail? Torn) Copy(IStorageDevice from, IStorageDevice to)
    {
        foreach (var name in to.List()) to.Delete(name);
        var (plan, refusal) = DirectoryPlan.Of(from, new Core.OpeningWays(checkpoint: false, footers: false, scan: true));
        if (plan is null) throw DirectoryPlan.Exception(refusal!);
        var scanner = new Core.SegmentScanner(plan.ScanStart(_ => 0));
        TornTail? torn = null;
        using var target = new CopyTarget(to);
        foreach (var segment in ScannedSegment.All(from, scanner, [.. plan.Segments.Select(segment => segment.Name)]))
        {
            if (segment.Fault is not null) throw segment.Fault;
            torn = segment.Torn;
            if (segment.Found.Header is not { } header) continue;
            foreach (var item in segment.Found.Items) target.Add(header.Value, item.Content);
            // The bytes of the items are those of the segment: none are kept beyond it.
            target.Commit();
        }

        target.Close();
        return target.Index.Head is var head && head.Position == scanner.Head.Position && head.Hash.Equals(scanner.Head.Hash)
            ? (head, target.Index.Entries, torn)
            : throw new JournalException("copy-failed", $"The copy of {from.Place} came to another head; try again, and verify the journal.");
    }

    /// <summary>The journal that is made.</summary>
    private sealed class CopyTarget : IDisposable
    {
        private readonly SegmentStore store;
        private readonly List<PendingWrite> waiting = [];
        private SegmentLog? log;

        public CopyTarget(IStorageDevice device)
        {
            var id = new Guid(RandomNumberGenerator.GetBytes(16));
            var slots = new CommitFile(CommitFile.OpenOrCreate(device), id, epoch: 1, setGeneration: 0, sequence: 0);
            store = new SegmentStore(device, slots, new SegmentSealing([], epoch: 0), new JournalOptions(), []);
        }

        public SegmentIndex Index { get; } = new();

        /// <summary>Says that the copy is closed.</summary>
        public void Close() => Begun().Close();

        public void Add(Core.SegmentHeader header, Core.SegmentContent content)
        {
            switch (content)
            {
                case Core.SegmentContent.Base dropped:
                    BeginBehind(header, dropped);
                    break;
                case Core.SegmentContent.Batch found:
                    waiting.Add(new PendingAppend(_ => new AppendDecision(found.batch.Batch, null, null)) { Dropped = found.batch.Dropped });
                    break;
                case Core.SegmentContent.KeysForgotten forgotten:
                    waiting.Add(new PendingForgetting(forgotten.before));
                    break;
                case Core.SegmentContent.Deletion deletion:
                    waiting.Add(new PendingDeletion(deletion.stream, deletion.version));
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

        private void BeginBehind(Core.SegmentHeader header, Core.SegmentContent.Base dropped)
        {
            store.LastFrame = store.FlushedFrame = header.FirstFrame - 1;
            var (context, number, head) = (store.Context, header.FirstFrame, dropped.head);
            var writer = new Core.ByteWriter(1024);
            Core.FrameEncoding.write(context.Seed, writer, new Core.Frame(
                context.Epoch, number, context.Flushed, head.Position, dropped.content.KeysBefore, Core.FrameBody.NewBase(dropped.content), head.Hash));
            store.Rotate(writer.Length, head);
            var start = Core.SegmentHeaderModule.bytes;
            store.Append(writer.Written, [new Core.SegmentItem(dropped, start, start + writer.Length, number)], head);
            Index.Take(dropped, store.Active);
        }
    }
}

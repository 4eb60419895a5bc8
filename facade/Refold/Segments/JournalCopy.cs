// A journal copied whole from one directory of segments to another: every batch, key, deletion and dropped beginning in its place.
// Called by JournalBackup.
using System.Security.Cryptography;

namespace Refold.Segments;

/// <summary>Copies what is committed at some moment of the copying. It reads beside a writer, without a lock, and checks every byte.</summary>
internal static class JournalCopy
{
    private const int Attempts = 5;

    /// <summary>Copies into a directory that is empty or not there. The copy has the same positions, versions, batches, keys, floors and head, and an id of its own.</summary>
    /// <param name="from">The journal; nothing is changed there.</param>
    /// <param name="to">The directory of the copy.</param>
    /// <returns>The head of the copy, and the torn tail that was left out.</returns>
    /// <exception cref="JournalOpenException">There is no journal.</exception>
    /// <exception cref="JournalException">The journal is damaged, or the copy cannot be written.</exception>
    public static (Core.Head Head, TornTail? Torn) Run(IStorageDevice from, IStorageDevice to)
    {
        if (!from.Exists || SegmentName.ListIn(from).Count == 0)
            throw new JournalOpenException($"There is no journal in {from.Place}: no segment file is there.");
        to.CreateDirectory();
        JournalCorruptedException? before = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return Copy(from, to);
            }
            catch (JournalCorruptedException fault) when (attempt < Attempts && (before?.File, before?.Offset) != (fault.File, fault.Offset))
            {
                // Bytes that a writer adds while a file is read can arrive in another order than they were written; damage stays where it is.
                before = fault;
            }

            foreach (var name in to.List()) to.Delete(name);
        }
    }

    private static (Core.Head Head, TornTail? Torn) Copy(IStorageDevice from, IStorageDevice to)
    {
        var scanner = new Core.SegmentScanner();
        TornTail? torn = null;
        using var target = new CopyTarget(to);
        foreach (var segment in ScannedSegment.All(from, scanner))
        {
            if (segment.Fault is not null) throw segment.Fault;
            torn = segment.Torn;
            if (segment.Found.Header is not { } header) continue;
            foreach (var item in segment.Found.Items) target.Add(header.Value, item.Content);
            // The bytes of the items are those of the segment: none are kept beyond it.
            target.Commit();
        }

        target.Begin();
        return target.Head is var head && head.Position == scanner.Head.Position && head.Hash.Equals(scanner.Head.Hash)
            ? (head, torn)
            : throw new JournalException("copy-failed", $"The copy of {from.Place} came to another head; try again, and verify the journal.");
    }

    /// <summary>The journal that is made.</summary>
    private sealed class CopyTarget : IDisposable
    {
        private readonly SegmentStore store;
        private readonly SegmentIndex index = new();
        private readonly SegmentLog log;
        private readonly List<PendingWrite> waiting = [];

        public CopyTarget(IStorageDevice device)
        {
            var id = new Guid(RandomNumberGenerator.GetBytes(16));
            store = new SegmentStore(device, id, epoch: 1, SegmentJournal.DefaultSegmentBytes, []);
            log = new SegmentLog(store, index, _ => { });
        }

        public Core.Head Head => index.Head;

        /// <summary>Makes the first segment, if nothing was added.</summary>
        public void Begin()
        {
            if (store.Segments.Count == 0) log.Begin();
        }

        public void Add(Core.SegmentHeader header, Core.SegmentContent content)
        {
            if (content is Core.SegmentContent.Base dropped)
            {
                BeginBehind(header, dropped);
                return;
            }

            Begin();
            waiting.Add(content switch
            {
                Core.SegmentContent.Batch found => new PendingAppend(_ => new Interop.AppendDecision(found.batch.Batch, null, null)),
                Core.SegmentContent.Deletion deletion => new PendingDeletion(deletion.stream, deletion.version),
                _ => throw new InvalidOperationException($"{content.GetType()} cannot be copied."),
            });
        }

        /// <summary>Writes what waits.</summary>
        public void Commit()
        {
            while (waiting.Count > 0)
            {
                var taken = log.Commit(waiting);
                foreach (var write in waiting[..taken]) _ = write.Answered.GetAwaiter().GetResult()?.ReceiptOrThrow();
                waiting.RemoveRange(0, taken);
            }
        }

        public void Dispose()
        {
            foreach (var segment in store.Segments) segment.Dispose();
        }

        private void BeginBehind(Core.SegmentHeader header, Core.SegmentContent.Base dropped)
        {
            store.LastFrame = header.FirstFrame - 1;
            var (context, number, head) = (store.Context, header.FirstFrame, dropped.head);
            var writer = new Core.ByteWriter(1024);
            Core.FrameEncoding.write(context.Seed, writer, new Core.Frame(
                context.Epoch, number, context.Flushed, head.Position, version: 0, Core.FrameBody.NewBase(dropped.content), head.Hash));
            store.Rotate(Core.SegmentHeaderModule.bytes + writer.Length, head);
            store.Append(writer.Written, number);
            index.Take(dropped, store.Active);
        }
    }
}

// The batch tree over all segments, as of one moment.
// Called by SegmentJournal for roots and proofs.
using Refold.Interop;
using Refold.Transfers;

namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>The tree as it is now.</summary>
    /// <exception cref="JournalCorruptedException">The index is not what was written.</exception>
    public IBatchTree Tree() => new PartsTree(this, Now());

    private sealed class PartsTree : IBatchTree
    {
        private readonly SegmentIndex index;
        private readonly Snapshot now;
        private readonly BaseFrame? dropped;

        public PartsTree(SegmentIndex index, Snapshot now)
        {
            (this.index, this.now) = (index, now);
            if (now.Parts.Length > 0 && now.Parts[0].Segment.Header.FirstPosition > 1)
                dropped = BaseFrame.Read(now.Parts[0].Segment, now.Begin);
            Size = now.Head == now.Begin ? Beginning.Batches : LastBatch().Ordinal + 1;
        }

        public long Size { get; }

        public Head Head => now.Head;

        public Head Begin => now.Begin;

        public BatchSummary Beginning => dropped?.Content.Summary ?? new BatchSummary(0, [], null);

        public IReadOnlyList<ProvableSize> Provable => dropped?.Content.Provable ?? [];

        private BatchPlace LastBatch() => BatchAt(now.Head.Position) ?? throw new JournalCorruptedException(
            now.Parts[^1].Segment.Name.ToString(), 0, "the batch of the head position", "there", "missing");

        public BatchPlace? BatchAt(long position)
        {
            if (position <= now.Begin.Position || position > now.Head.Position) return null;
            var part = now.Parts[now.PartOf(position)];
            return part.BatchAt(position) is >= 0 and var number ? PlaceOf(part, number) : null;
        }

        public BatchPlace? NextBatch(long position)
        {
            position = Math.Max(position, now.Begin.Position + 1);
            if (position > now.Head.Position) return null;
            for (var item = now.PartOf(position); item < now.Parts.Length; item++)
            {
                var part = now.Parts[item];
                var count = (int)(part.Behind().Batches - part.Before().Batches);
                var number = part.BatchAt(position) is >= 0 and var at ? at : Search.LowerBound(
                    count, number => part.Batch(number) is var row && row.FirstPosition + row.Count > position);
                if (number < count) return PlaceOf(part, number);
            }

            return null;
        }

        private static BatchPlace PlaceOf(IndexPart part, int number)
        {
            var row = part.Batch(number);
            return new BatchPlace(
                part.Before().Batches + number, row.FirstPosition, new Head(row.FirstPosition + row.Count - 1, row.Head),
                StoredBatches.TimeOf(row.Latest));
        }

        public IReadOnlyList<Leaf> LeavesOf(BatchPlace place)
        {
            var (part, number) = PartOf(place.Ordinal);
            var header = part.Segment.Header;
            var head = number > 0 && part.Batch(number - 1) is var before
                ? new Head(before.FirstPosition + before.Count - 1, before.Head)
                : new Head(header.FirstPosition - 1, header.HeadBefore);
            return new BatchInFile(part).Read(part.Batch(number).FirstEntry, head, place.FirstPosition);
        }

        public IReadOnlyList<Hash> TreeLeaves(long first, int count)
        {
            var leaves = new List<Hash>(count);
            while (leaves.Count < count)
            {
                var (part, number) = PartOf(first + leaves.Count);
                leaves.Add(part.Batch(number).TreeLeaf);
            }

            return leaves;
        }

        public Hash Node(BatchTreeNode node) => PartOf(node.Last).Part is var part && part.Node(node.Last, node.Height) is { } found
            ? found
            : throw new JournalCorruptedException(
                part.Segment.Name.ToString(), 0,
                $"a subtree of height {NumberText.Of(node.Height)} up to batch {NumberText.Of(node.Last)}",
                "there", "missing");

        public IEnumerable<JournalEntry> Entries(long first, long last)
        {
            using var reader = new EntryReader();
            foreach (var row in index.From(now, first, last - first + 1).TakeWhile(row => row.Position <= last))
                yield return reader.Read(row);
        }

        private (IndexPart Part, int Number) PartOf(long ordinal)
        {
            var part = now.Parts[Search.LowerBound(now.Parts.Length - 1, number => now.Parts[number].Behind().Batches > ordinal)];
            return (part, (int)(ordinal - part.Before().Batches));
        }
    }
}

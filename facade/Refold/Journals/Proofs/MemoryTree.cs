// The batch tree of the journal in memory.
// Made by InMemoryJournal under its lock, for one question.
using Refold.Interop;
using Refold.Transfers;

namespace Refold;

/// <summary>The tree of a journal that does not change meanwhile.</summary>
internal sealed class MemoryTree(Core.ArrayJournal journal, InMemoryJournal entries) : IBatchTree
{
    public long Size { get; } = journal.TreeSize;

    public Head Head => journal.Head;

    public Head Begin => journal.Beginning;

    public BatchSummary Beginning
    {
        get
        {
            var dropped = journal.Dropped;
            return new BatchSummary(dropped.Batches, [.. dropped.Peaks], StoredBatches.TimeOf(dropped.Latest));
        }
    }

    public IReadOnlyList<ProvableSize> Provable =>
        [.. journal.Provable.Select(provable => new ProvableSize(provable.Size, [.. provable.Proof]))];

    public BatchPlace? BatchAt(long position) => PlaceOf(journal.BatchAt(position));

    public BatchPlace? NextBatch(long position) => PlaceOf(journal.NextBatch(position));

    public IReadOnlyList<Leaf> LeavesOf(BatchPlace place) => [.. journal.LeavesOf(journal.BatchAt(place.FirstPosition).Value.Item2)];

    public IReadOnlyList<Hash> TreeLeaves(long first, int count) =>
        [.. Enumerable.Range(0, count).Select(number => journal.TreeNode(new Core.TreeNode(0, first + number)))];

    public Hash Node(BatchTreeNode node) => journal.TreeNode(new Core.TreeNode(node.Height, node.Index));

    public IEnumerable<JournalEntry> Entries(long first, long last) => entries.ReadAll(first, last - first + 1)
        .TakeWhile(entry => entry.Position <= last);

    private static BatchPlace? PlaceOf(Microsoft.FSharp.Core.FSharpValueOption<(long Ordinal, Core.ArrayBatch Batch)> found) =>
        found is { IsValueSome: true, Value: var (ordinal, batch) }
            ? new BatchPlace(ordinal, batch.First, batch.Head, StoredBatches.TimeOf(batch.Latest))
            : null;
}

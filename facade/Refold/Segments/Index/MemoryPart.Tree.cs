// The batch tree of a segment that has no footer to ask.
// Called by SegmentIndex for proofs, and for what comes behind the segment.
namespace Refold.Segments;

internal sealed partial class MemoryPart
{
    private volatile bool knowsTree = before is not null;

    private Format.IndexColumns Tree => knowsTree
        ? columns
        : throw new JournalException(
            "corrupt", $"What the batches before {Segment.Name} come to cannot be read, so nothing is proved; verify names the fault.");

    public override Core.TreePlace Before() => Tree.Before;

    public override Core.TreePlace Behind() => Tree.Behind;

    public override int BatchAt(long position)
    {
        lock (gate)
        {
            var number = Search.LowerBound(columns.Batches, item => EndOf(columns.Batch(item)) >= position);
            return number < columns.Batches && columns.Batch(number).FirstPosition <= position ? number : -1;
        }
    }

    public override Format.BatchRow Batch(int number)
    {
        columns.Settle();
        lock (gate) return Format.ColumnBatchModule.row(columns.TreeLeaf(number), columns.Batch(number));
    }

    public override Hash? Node(long last, int height)
    {
        Tree.Settle();
        var nodes = columns.Nodes;
        var number = Search.LowerBound(nodes, item => IsFrom(columns.NodeAt(item)));
        if (number == nodes) return null;
        var found = columns.NodeAt(number);
        return found.Last == last && found.Height == height ? found.Hash : (Hash?)null;

        bool IsFrom(Format.NodeRow node) => node.Last > last || (node.Last == last && node.Height >= height);
    }
}

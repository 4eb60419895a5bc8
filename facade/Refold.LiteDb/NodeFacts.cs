// The nodes of the batch tree as the batches make them, compared with the documents one behind the other.
// Used by the verification.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>Goes along with the batches. Used by one thread.</summary>
internal sealed class NodeFacts
{
    private readonly IEnumerator<BsonDocument> documents;
    private readonly long indexed;
    private BatchTreePeaks peaks = BatchTreePeaks.Empty;

    /// <param name="database">The database.</param>
    /// <param name="indexed">Up to this position there are documents.</param>
    public NodeFacts(Database database, long indexed)
    {
        this.indexed = indexed;
        documents = database.All(from => Search.ByIds(Collections.Nodes, from, BsonValue.MaxValue), BsonValue.MinValue).GetEnumerator();
    }

    /// <summary>Takes what the batches of a dropped beginning come to.</summary>
    public void Begin(BatchSummary before) =>
        peaks = BatchTreePeaks.TryOf(before.Batches, before.Peaks)
            ?? throw new InvalidDataException("the peaks of the batch tree do not fit their number");

    /// <summary>Takes a batch.</summary>
    public DerivedFault? Add(BatchRow batch)
    {
        (peaks, var block) = NodeBlock.Add(peaks, batch.Tree.Leaf, batch.Head.Position);
        if (block is null || batch.Head.Position > indexed) return null;
        return documents.MoveNext() && WrittenForm.Is(documents.Current, block.Write())
            ? null
            : new DerivedFault("the nodes of the batch tree that end with a batch are not there or are others", batch.First);
    }

    /// <summary>Says what is left over.</summary>
    public DerivedFault? End() =>
        documents.MoveNext() ? new DerivedFault("there are nodes of the batch tree that belong to no batches") : null;
}

// The batch tree of a LiteDB journal as of one moment, for roots and proofs.
// Made by LiteDbJournal, one for each question.
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>The tree of a view.</summary>
/// <param name="database">The database.</param>
/// <param name="view">The moment.</param>
/// <param name="reader">Reads its entries.</param>
internal sealed class LiteDbTree(Database database, View view, Reader reader) : IBatchTree
{
    private readonly TreeReader nodes = new(database, view);
    private readonly Dictionary<long, BatchRow> rows = [];

    public long Size => view.Progress.Batches;

    public Head Head => view.Progress.Head;

    public Head Begin => view.Base;

    public BatchSummary Beginning { get; } = database.Get(Collections.Meta, Base.Id) is { } document
        ? Base.ReadSummary(document)
        : new BatchSummary(0, [], null);

    public IReadOnlyList<ProvableSize> Provable => reader.Guarded<IReadOnlyList<ProvableSize>>(
        () => database.Get(Collections.Meta, Base.Id) is { } document ? Base.ReadProvable(document) : []);

    public BatchPlace? BatchAt(long position) => reader.Guarded(() => PlaceOf(position));

    public BatchPlace? NextBatch(long position) => reader.Guarded(() => NextOf(position));

    public IReadOnlyList<Leaf> LeavesOf(BatchPlace place) => rows[place.Ordinal].Leaves;

    public IReadOnlyList<Hash> TreeLeaves(long first, int count) =>
        reader.Guarded(() => nodes.Leaves(first, count)) ?? throw Missing(first);

    public Hash Node(BatchTreeNode node) => reader.Guarded(() => nodes.Node(node)) ?? throw Missing(node.Last);

    public IEnumerable<JournalEntry> Entries(long first, long last) =>
        reader.From(view, first, last - first + 1).TakeWhile(entry => entry.Position <= last);

    private BatchPlace? PlaceOf(long position) =>
        position > view.Base.Position && NextOf(position) is { } place && place.FirstPosition <= position ? place : null;

    private BatchPlace? NextOf(long position)
    {
        if (position > view.LastPosition) return null;
        if (database.First(Search.ByIds(Collections.Batches, position, view.LastPosition)) is not { } document) return null;
        var row = BatchRow.Read(document);
        if (rows.TryGetValue(row.Tree.Ordinal, out var known) && known.Head.Equals(row.Head)) row = known;
        else if (nodes.FindFault(row) is var (expected, found))
        {
            throw new JournalCorruptedException(
                database.Place, 0, FormattableString.Invariant($"the batch up to position {row.Head.Position}"), expected, found);
        }

        rows[row.Tree.Ordinal] = row;
        return new BatchPlace(row.Tree.Ordinal, row.First, row.Head, row.Tree.Latest);
    }

    private JournalCorruptedException Missing(long ordinal) =>
        new(database.Place, 0, FormattableString.Invariant($"what the batch tree has of batch {ordinal}"), "there", "missing");
}

// What is wrong with the document of a batch, told from the documents around it: its checksum says only that somebody wrote it so.
// Called by LiteDbTree for each batch that is asked for.
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

internal sealed partial class TreeReader
{
    /// <summary>Compares a batch with its place: with what ends before it, with the batch before and with the one behind.</summary>
    /// <param name="row">The batch, as its document says it.</param>
    /// <returns>What was expected and what was found; null where it fits.</returns>
    public (string Expected, string Found)? FindFault(BatchRow row)
    {
        var (ordinal, last) = (row.Tree.Ordinal, row.Head.Position);
        if (row.First + row.Leaves.Sum(leaf => (long)leaf.Count) - 1 != last)
            return ("as many positions as its leaves have", FormattableString.Invariant($"{row.First} to {last}"));
        if (!AppendRule.TreeLeaf(row.First, row.Leaves).Equals(row.Tree.Leaf)) return ("the leaf of its record", $"{row.Tree.Leaf}");
        if (ordinal < basis.Batches || ordinal >= view.Progress.Batches) return OtherOrdinal(ordinal);

        // Where the sixteen batches begin that it is one of: it has to be as many batches behind as its ordinal says.
        var block = ordinal >> NodeBlock.LeastHeight;
        var isFirst = block << NodeBlock.LeastHeight <= basis.Batches;
        var start = isFirst ? view.Base.Position : Block(block - 1)?.Position;
        var index = (int)(ordinal - Math.Max(block << NodeBlock.LeastHeight, basis.Batches));
        if (start is not { } from || from >= row.First) return OtherOrdinal(ordinal);
        var around = database.Find(Search.ByIds(Collections.Batches, from + 1, view.LastPosition), index + 2)
            .Select(BatchRow.Read).ToList();
        if (around.Count <= index || around[index].Head.Position != last) return OtherOrdinal(ordinal);

        var before = index > 0 ? around[index - 1] : isFirst ? null : BatchBefore(from);
        if (before is null && !isFirst) return OtherOrdinal(ordinal);
        var head = before?.Head ?? view.Base;
        if (row.First <= head.Position || AppendRule.HeadAfter(head.Hash, row.First, row.Leaves) is var next && !next.Equals(row.Head))
            return ("a head that follows from the one before it", $"{row.Head}");
        var (earliest, latest) = around.Count > index + 1
            ? (before is null ? basis.Latest : before.Tree.Latest, around[index + 1].Tree.Latest)
            : (view.Progress.Latest, view.Progress.Latest);
        return Nullable.Compare(earliest, row.Tree.Latest) > 0 || Nullable.Compare(row.Tree.Latest, latest) > 0
            ? ($"a latest time from {Times.Text(earliest)} to {Times.Text(latest)}", Times.Text(row.Tree.Latest))
            : null;
    }

    private BatchRow? BatchBefore(long position) =>
        database.Get(Collections.Batches, position) is { } document ? BatchRow.Read(document) : null;

    private static (string Expected, string Found) OtherOrdinal(long ordinal) =>
        ("the ordinal of its place", FormattableString.Invariant($"{ordinal}"));
}

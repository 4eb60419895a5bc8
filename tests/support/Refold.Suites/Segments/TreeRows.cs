// The places of batches in the batch tree, as the footers of segments have them: what other stores are compared with.
// Called by tests.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>A batch: the head behind it, and its place in the batch tree.</summary>
public sealed record PlacedRow(Head Head, long Ordinal, Hash Leaf, DateTimeOffset? Latest);

/// <summary>Rows of a segment journal.</summary>
public static class TreeRows
{
    /// <summary>Every batch in order; the footers that are there are compared with the frames.</summary>
    public static List<PlacedRow> Of(IStorageDevice device)
    {
        var rows = new List<PlacedRow>();
        foreach (var segment in ScannedSegment.All(device, new Format.SegmentScanner(), FileNames.Segments(device), checksFooters: true))
        {
            if (segment.Fault is { } fault) throw fault;
            var found = Format.IndexRows.ofItems(false, segment.Before, segment.Found.Items);
            var first = found.Behind.Batches - found.Batches.Length;
            rows.AddRange(found.Batches.Select((batch, number) => new PlacedRow(
                new Head(batch.FirstPosition + batch.Count - 1, batch.Head), first + number, batch.TreeLeaf,
                batch.Latest < 0 ? null : new DateTimeOffset(batch.Latest, TimeSpan.Zero))));
        }

        return rows;
    }
}

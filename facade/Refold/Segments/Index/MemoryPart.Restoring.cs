// The beginning of a segment from the rows of a checkpoint, as if its frames had been scanned.
// Called by SegmentIndex when a journal is opened by a checkpoint.
namespace Refold.Segments;

internal sealed partial class MemoryPart
{
    /// <summary>Takes rows; the part is empty before.</summary>
    /// <param name="known">The rows of the segment's first frames.</param>
    /// <param name="position">The head position behind them.</param>
    public void Restore(Format.SegmentRows known, long position)
    {
        lock (gate)
        {
            if (known.Base is { } dropped)
            {
                foreach (var stream in dropped.Value) baseStreams[stream.Stream] = stream.Highest;
            }

            RestoreEntries(known, position);
            foreach (var row in known.Streams)
            {
                var stream = StreamOf(row.Stream);
                (stream.Highest, stream.DeletedTo) = (row.Highest, row.DeletedTo);
                stream.Entries.AddRange(PostingsOf(known, row.First, row.Count));
            }

            foreach (var row in known.Words)
                if (!row.Kind.IsRun) (row.Kind.IsType ? typed : tagged)[row.Text] = [.. PostingsOf(known, row.First, row.Count)];
            foreach (var key in Format.RowKeys.known(known)) keys[key.Key] = key;
        }
    }

    private void RestoreEntries(Format.SegmentRows known, long position)
    {
        foreach (var row in known.Entries)
        {
            AddGap(last, row.Position);
            last = row.Position;
            rows.Add(new EntryRow(row.Position, row.Version, known.Streams[row.Stream].Stream, Segment, (int)row.Offset, row.Length));
        }

        AddGap(last, position + 1);
        last = position;
        foreach (var batch in known.Batches)
            batches.Add((batch.FirstPosition, new Head(batch.FirstPosition + batch.Count - 1, batch.Head)));
    }

    private static ArraySegment<int> PostingsOf(Format.SegmentRows known, int first, int count) => new(known.Postings, first, count);
}

// What the footer of a segment says, taken into the index as if its frames had been scanned.
// Called by OpenedDirectory, segment after segment.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>Takes the rows of a sealed segment.</summary>
    public void Take(Core.SegmentRows found, SegmentFile segment)
    {
        lock (gate)
        {
            var header = segment.Header;
            if (found.Base is { } dropped) BeginBehind(dropped.Value, new Core.Head(header.FirstPosition - 1, header.HeadBefore));
            TakeWords(found);
            var known = new StreamRows?[found.Streams.Length];
            for (var number = 0; number < found.Batches.Length; number++)
            {
                var batch = found.Batches[number];
                var before = head.Position;
                foreach (var entry in EntriesOf(found, number))
                {
                    var stream = known[entry.Stream] ??= StreamOf(found.Streams[entry.Stream].Stream, entry.Version);
                    // What is between was dropped.
                    if (entry.Version > stream.Highest + 1) Drop(stream.Id, entry.Version - 1);
                    AddGap(before, entry.Position);
                    AddRow(new EntryRow(entry.Position, entry.Version, stream, segment, (int)entry.Offset, entry.Length));
                    before = entry.Position;
                }

                AddBatch(batch.FirstPosition, before, new Core.Head(batch.FirstPosition + batch.Count - 1, batch.Head));
            }

            var kept = found.Kept.ToLookup(row => row.Key, row => row.Versions);
            foreach (var (number, key) in found.Keys.Index())
            {
                var receipt = Interop.ColdStartTranslation.Receipt(found.Batches[key.Batch], EntriesOf(found, key.Batch), kept[number], stream => found.Streams[stream].Stream);
                keys[key.Key] = (key.Content, receipt);
            }

            // Behind the entries: a deletion names versions that were there before it.
            foreach (var deletion in found.Deletions) Delete(found.Streams[deletion.Stream].Stream, deletion.Version);
            foreach (var stream in found.Streams.Where(stream => stream.DeletedTo > 0)) Drop(stream.Stream, stream.DeletedTo);
        }
    }

    private void TakeWords(Core.SegmentRows found)
    {
        foreach (var word in found.Words)
        {
            var words = word.Kind.IsType ? typed : tagged;
            if (!words.TryGetValue(word.Text, out var list)) words[word.Text] = list = [];
            foreach (var entry in found.Postings.AsSpan(word.First, word.Count)) list.Add(rows.Count + entry);
        }
    }

    private static ArraySegment<Core.EntryRow> EntriesOf(Core.SegmentRows found, int batch)
    {
        var first = found.Batches[batch].FirstEntry;
        var end = batch + 1 < found.Batches.Length ? found.Batches[batch + 1].FirstEntry : found.Entries.Length;
        return new(found.Entries, first, end - first);
    }
}

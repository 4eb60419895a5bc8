// The index of an open segment journal, in memory: where every entry lies, by position, stream, tag and type.
// Built by OpenedDirectory from the scan, grown by SegmentLog, asked by SegmentJournal.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Where an entry lies.</summary>
internal readonly record struct EntryRow(long Position, long Version, StreamRows Stream, SegmentFile Segment, int Offset, int Size);

/// <summary>A stream: rows of its entries, version after version.</summary>
/// <param name="id">Its name.</param>
/// <param name="first">The version of the first row.</param>
/// <param name="floor">Versions up to this one were gone from the start.</param>
internal sealed class StreamRows(StreamId id, long first, long floor)
{
    // Deletions by the number of the deletion, so that a read sees the moment it began at.
    private readonly List<(long Moment, long Floor)> floors = [(0, floor)];

    public StreamId Id { get; } = id;

    public long First { get; private set; } = first;

    public List<int> Rows { get; private set; } = [];

    public long Floor => floors[^1].Floor;

    public long Highest => First - 1 + Rows.Count;

    public long FloorAt(long moment) => floors.FindLast(item => item.Moment <= moment).Floor;

    public void Delete(long moment, long upTo) => floors.Add((moment, upTo));

    /// <summary>Goes on above a version that is not there any more, and neither is any row.</summary>
    public void GoOnAbove(long moment, long version)
    {
        First = version + 1;
        Rows = [];
        Delete(moment, version);
    }
}

/// <summary>Everything committed. Safe for use by many threads.</summary>
internal sealed partial class SegmentIndex : AppendIndex
{
    private readonly Lock gate = new();
    private readonly List<EntryRow> rows = [];
    private readonly Dictionary<StreamId, StreamRows> streams = [];
    private readonly List<(long First, Core.Head Head)> batches = [];
    private readonly Dictionary<string, (Core.Hash Content, Core.Receipt Receipt)> keys = new(StringComparer.Ordinal);
    private readonly List<(long First, long Last)> gaps = [];
    private readonly SortedSet<long> deleted = [];
    private Core.Head begin = Core.HeadModule.empty;
    private Core.Head head = Core.HeadModule.empty;
    private long deletions;
    private long keysBefore;

    public override Core.Head Head
    {
        get
        {
            lock (gate) return head;
        }
    }

    /// <summary>The head behind a dropped beginning.</summary>
    public Core.Head Begin
    {
        get
        {
            lock (gate) return begin;
        }
    }

    /// <summary>How many entries can be read.</summary>
    public long Entries
    {
        get
        {
            lock (gate) return rows.Count - deleted.Count;
        }
    }

    /// <summary>Takes what the scan of a segment found.</summary>
    public void Take(Core.SegmentContent content, SegmentFile segment)
    {
        switch (content)
        {
            case Core.SegmentContent.Batch found:
                Add(found.batch, segment);
                break;
            case Core.SegmentContent.Deletion deletion:
                Delete(deletion.stream, deletion.version);
                break;
            case Core.SegmentContent.Base dropped:
                BeginBehind(dropped.content, dropped.head);
                ForgetKeysBefore(dropped.content.KeysBefore);
                break;
            case Core.SegmentContent.KeysForgotten forgotten:
                ForgetKeysBefore(forgotten.before);
                break;
        }
    }

    /// <summary>Begins behind a dropped beginning.</summary>
    private void BeginBehind(Core.BaseContent content, Core.Head behind)
    {
        lock (gate)
        {
            begin = head = behind;
            foreach (var stream in content.Streams)
                streams[stream.Stream] = new StreamRows(stream.Stream, stream.Highest + 1, stream.Floor);
            foreach (var key in content.Keys) keys[key.Key] = (key.Content, key.Receipt);
        }
    }

    /// <summary>Adds a batch behind the head; from now on reads see it.</summary>
    /// <param name="found">The batch.</param>
    /// <param name="segment">The segment it lies in.</param>
    private void Add(Core.StoredBatch found, SegmentFile segment)
    {
        lock (gate)
        {
            var (batch, offsets) = (found.Batch, found.Offsets);
            foreach (var gone in found.Dropped) Drop(gone.Stream, gone.Last);
            var before = head.Position;
            for (var item = 0; item < batch.Entries.Length; item++)
            {
                var data = batch.Entries[item];
                var position = batch.Positions[item];
                var stream = StreamOf(data.Stream, batch.Versions[item]);
                AddGap(before, position);
                AddWords(data, rows.Count);
                var size = Core.FrameLayout.size(batch.Canonical[item].Length, position == batch.Receipt.Head.Position);
                AddRow(new EntryRow(position, batch.Versions[item], stream, segment, offsets[item], size));
                before = position;
            }

            AddBatch(batch.FirstPosition, before, batch.Receipt.Head);
            if (AppendDecision.KeyOf(batch) is var (key, content)) keys[key] = (content, batch.Receipt);
        }
    }

    private StreamRows StreamOf(StreamId id, long version)
    {
        if (!streams.TryGetValue(id, out var stream)) streams[id] = stream = new StreamRows(id, version, version - 1);
        return stream;
    }

    private void AddRow(in EntryRow row)
    {
        row.Stream.Rows.Add(rows.Count);
        rows.Add(row);
    }

    private void AddBatch(long first, long lastEntry, Core.Head after)
    {
        AddGap(lastEntry, after.Position + 1);
        head = after;
        batches.Add((first, after));
    }

    /// <summary>Hides a stream's entries up to a version.</summary>
    private void Delete(StreamId id, long version)
    {
        lock (gate)
        {
            // A stream of which compaction has left nothing is known from its deletion.
            if (!streams.TryGetValue(id, out var stream) || version > stream.Highest) Drop(id, version);
            else if (version > stream.Floor) Hide(stream, version);
        }
    }

    private void Hide(StreamRows stream, long version)
    {
        for (var gone = Math.Max(stream.Floor + 1, stream.First); gone <= version; gone++)
            deleted.Add(rows[stream.Rows[(int)(gone - stream.First)]].Position);
        stream.Delete(++deletions, version);
    }

    /// <summary>The stream had entries up to a version that are not there any more: compaction drops beginnings.</summary>
    private void Drop(StreamId id, long version)
    {
        if (!streams.TryGetValue(id, out var stream)) streams[id] = new StreamRows(id, version + 1, version);
        else if (version <= stream.Highest && version > stream.Floor) Hide(stream, version);
        else if (version > stream.Highest)
        {
            if (stream.Highest > stream.Floor) Hide(stream, stream.Highest);
            stream.GoOnAbove(++deletions, version);
        }
    }

    public override long HighestVersion(StreamId stream)
    {
        lock (gate) return streams.TryGetValue(stream, out var found) ? found.Highest : 0;
    }

    public long Floor(StreamId stream)
    {
        lock (gate) return streams.TryGetValue(stream, out var found) ? found.Floor : 0;
    }

    public override bool Covers(long position) => position >= begin.Position;

    public override (Core.Hash Content, Core.Receipt Receipt)? FindKey(string key)
    {
        lock (gate) return keys.TryGetValue(key, out var found) && found.Receipt.FirstPosition >= keysBefore ? found : null;
    }

    /// <summary>Keys of batches that begin before this position are forgotten; 0 for none.</summary>
    public long KeysBefore
    {
        get
        {
            lock (gate) return keysBefore;
        }
    }

    /// <summary>Forgets the keys of batches that begin before a position: they are not looked up any more.</summary>
    public void ForgetKeysBefore(long position)
    {
        lock (gate) keysBefore = Math.Max(keysBefore, position);
    }

    /// <summary>The head after the batch that holds a position.</summary>
    public Core.Head? HeadAt(long position)
    {
        lock (gate)
        {
            if (position == begin.Position) return begin;
            var index = LowerBound(batches.Count, item => batches[item].Head.Position >= position);
            return index < batches.Count && batches[index].First <= position ? batches[index].Head : null;
        }
    }

    public IReadOnlyList<StreamInfo> Streams()
    {
        lock (gate)
            return [.. streams.Values.OrderBy(stream => stream.Id).Select(stream => new StreamInfo(stream.Id, stream.Floor, stream.Highest))];
    }

    /// <summary>How many entries of each segment can be read.</summary>
    public Dictionary<SegmentFile, long> EntriesBySegment()
    {
        lock (gate)
            return rows.Where(row => row.Version > row.Stream.Floor).GroupBy(row => row.Segment).ToDictionary(group => group.Key, group => group.LongCount());
    }

    private void AddGap(long before, long next)
    {
        if (next > before + 1) gaps.Add((before + 1, next - 1));
    }

    /// <summary>The lowest number below a count for which a condition holds that holds for all above it; the count where there is none.</summary>
    private static int LowerBound(int count, Func<int, bool> holds)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (holds(middle)) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}

// The index of a segment that has no footer to ask: the one that is written, and those whose frames were scanned.
// Made and filled by SegmentIndex.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>An index in memory that grows.</summary>
/// <param name="segment">The segment.</param>
internal sealed partial class MemoryPart(SegmentFile segment) : IndexPart(segment)
{
    private readonly Lock gate = new();
    private readonly List<EntryRow> rows = [];
    private readonly Dictionary<StreamId, Held> streams = [];
    // Numbers of entries, ascending, by outward tag (so `kind:` tags answer for provenance) and by type.
    private readonly Dictionary<string, List<int>> tagged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> typed = new(StringComparer.Ordinal);
    private readonly List<(long First, Head Head)> batches = [];
    private readonly Dictionary<string, Core.KnownKey> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<StreamId, long> baseStreams = [];
    private readonly List<(long First, long Last)> gaps = [];
    private long last = segment.Header.FirstPosition - 1;

    public override long LastPosition
    {
        get
        {
            lock (gate) return last;
        }
    }

    public override Head? LastHead
    {
        get
        {
            lock (gate) return batches.Count == 0 ? null : batches[^1].Head;
        }
    }

    public override int Count
    {
        get
        {
            lock (gate) return rows.Count;
        }
    }

    /// <summary>Adds a batch behind the rest.</summary>
    public void Add(Format.StoredBatch found)
    {
        lock (gate)
        {
            var (batch, before) = (found.Batch, last);
            foreach (var gone in found.Dropped) Raise(gone.Versions.Stream, gone.Versions.Last);
            for (var item = 0; item < batch.Entries.Length; item++)
            {
                var (data, position) = (batch.Entries[item], batch.Positions[item]);
                AddGap(before, position);
                AddWords(data);
                var stream = StreamOf(data.Stream);
                stream.Highest = batch.Versions[item];
                stream.Entries.Add(rows.Count);
                var size = Format.FrameLayout.size(batch.Canonical[item].Length, position == batch.Receipt.Head.Position);
                rows.Add(new EntryRow(position, batch.Versions[item], data.Stream, Segment, found.Offsets[item], size));
                before = position;
            }

            last = batch.Receipt.Head.Position;
            AddGap(before, last + 1);
            batches.Add((batch.FirstPosition, batch.Receipt.Head));
            if (batch.KnownKey.ToReference() is { } known) keys[known.Key] = known;
        }
    }

    /// <summary>Adds what a dropped beginning left.</summary>
    public void Add(Core.BaseContent content)
    {
        lock (gate)
        {
            foreach (var stream in content.Streams) baseStreams[stream.Stream] = stream.Highest;
            foreach (var key in content.Keys) keys[key.Key] = key;
        }
    }

    /// <summary>A deletion names a version.</summary>
    public void AddDeletion(StreamId id, long version)
    {
        lock (gate) Raise(id, version);
    }

    public override int IndexAt(long position)
    {
        lock (gate) return Search.LowerBound(rows.Count, item => rows[item].Position >= position);
    }

    public override Func<int, EntryRow> Reader() => number =>
    {
        lock (gate) return rows[number];
    };

    public override StreamPart? Stream(StreamId id)
    {
        lock (gate) return streams.TryGetValue(id, out var stream) ? stream.Part : null;
    }

    public override Func<int, EntryRow> StreamReader(StreamId id, StreamPart stream) => ordinal =>
    {
        lock (gate) return rows[streams[id].Entries[ordinal]];
    };

    public override int EntryOf(StreamId id, in StreamPart stream, int ordinal)
    {
        lock (gate) return streams[id].Entries[ordinal];
    }

    public override Func<int, int>? OfType(string type) => Finder(typed, type);

    public override Func<int, int>? Tagged(string tag) => Finder(tagged, tag);

    private Func<int, int>? Finder(Dictionary<string, List<int>> words, string text)
    {
        List<int>? list;
        lock (gate)
        {
            if (!words.TryGetValue(text, out list)) return null;
        }

        return from =>
        {
            lock (gate)
            {
                var index = list.BinarySearch(from);
                if (index < 0) index = ~index;
                return index < list.Count ? list[index] : -1;
            }
        };
    }

    public override Core.KnownKey? FindKey(string key)
    {
        lock (gate) return keys.GetValueOrDefault(key);
    }

    public override Head? HeadAt(long position)
    {
        lock (gate)
        {
            var index = Search.LowerBound(batches.Count, item => batches[item].Head.Position >= position);
            return index < batches.Count && batches[index].First <= position ? batches[index].Head : null;
        }
    }

    public override long FirstHoleAfter(long after)
    {
        lock (gate)
        {
            var gap = Search.LowerBound(gaps.Count, item => gaps[item].Last > after);
            return gap < gaps.Count ? Math.Max(gaps[gap].First, after + 1) : last + 1;
        }
    }

    public override IEnumerable<(StreamId Id, StreamPart Part)> Streams()
    {
        lock (gate) return [.. streams.Select(pair => (pair.Key, pair.Value.Part))];
    }

    public override long HighestInBase(StreamId id)
    {
        lock (gate) return baseStreams.GetValueOrDefault(id);
    }

    public override IEnumerable<(StreamId Id, long Highest)> BaseStreams()
    {
        lock (gate) return [.. baseStreams.Select(pair => (pair.Key, pair.Value))];
    }

    private Held StreamOf(StreamId id)
    {
        if (!streams.TryGetValue(id, out var stream)) streams[id] = stream = new Held();
        return stream;
    }

    private void Raise(StreamId id, long version)
    {
        var stream = StreamOf(id);
        stream.DeletedTo = Math.Max(stream.DeletedTo, version);
    }

    private void AddWords(Core.EntryData data)
    {
        foreach (var tag in Core.Tags.toOutward(data.Role, data.Tags)) AddWord(tagged, tag);
        AddWord(typed, data.Type);
    }

    private void AddWord(Dictionary<string, List<int>> words, string text)
    {
        if (!words.TryGetValue(text, out var list)) words[text] = list = [];
        list.Add(rows.Count);
    }

    private void AddGap(long before, long next)
    {
        if (next > before + 1) gaps.Add((before + 1, next - 1));
    }

    /// <summary>What is held of a stream.</summary>
    private sealed class Held
    {
        public long Highest { get; set; }

        public long DeletedTo { get; set; }

        public List<int> Entries { get; } = [];

        public StreamPart Part => new(Highest, DeletedTo, 0, Entries.Count);
    }
}

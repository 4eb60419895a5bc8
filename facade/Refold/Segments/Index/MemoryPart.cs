// The index of a segment that has no footer to ask: the one that is written, and those whose frames were scanned.
// Made and filled by SegmentIndex.
using Microsoft.FSharp.Core;

namespace Refold.Segments;

/// <summary>An index in memory that grows: columns, of which the footer and checkpoints are made too. One thread adds.</summary>
/// <param name="segment">The segment.</param>
/// <param name="before">What the batches before the segment come to; null where that cannot be read.</param>
/// <param name="isWritten">Whether checkpoints and a footer are made of it.</param>
internal sealed partial class MemoryPart(SegmentFile segment, Core.TreePlace? before, bool isWritten) : IndexPart(segment)
{
    private const int StreamsAtOnce = 128;

    private readonly Lock gate = new();
    private readonly Format.IndexColumns columns = new(
        segment.Header.HasIds,
        before is null ? FSharpValueOption<Core.TreePlace>.None : FSharpValueOption<Core.TreePlace>.Some(before),
        isWritten);
    private readonly Dictionary<StreamId, long> baseStreams = [];
    private SortedNames? sorted;
    private readonly List<(long First, long Last)> gaps = [];
    private long last = segment.Header.FirstPosition - 1;

    /// <summary>The columns, for the thread that adds.</summary>
    public Format.IndexColumns Columns => columns;

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
            lock (gate)
            {
                if (columns.Batches == 0) return null;
                var batch = columns.Batch(columns.Batches - 1);
                return new Head(EndOf(batch), batch.Head);
            }
        }
    }

    public override int Count
    {
        get
        {
            lock (gate) return columns.Entries;
        }
    }

    /// <summary>Adds a batch behind the rest.</summary>
    /// <param name="found">The batch.</param>
    /// <param name="lastFrame">The number of its last frame.</param>
    public void Add(Format.StoredBatch found, long lastFrame)
    {
        lock (gate)
        {
            columns.Add(found, lastFrame);
            // Where nothing is written nobody else comes for it.
            if (!isWritten) columns.Settle();
            var batch = found.Batch;
            for (var item = 0; item < batch.Count; item = batch.IsDense ? batch.Count : item + 1)
            {
                AddGap(last, batch.Position(item));
                last = batch.Position(batch.IsDense ? batch.Count - 1 : item);
            }

            var end = batch.Head.Position;
            AddGap(last, end + 1);
            last = end;
        }
    }

    /// <summary>Adds what a dropped beginning left.</summary>
    /// <param name="content">What it left.</param>
    /// <param name="head">The head behind it.</param>
    public void Add(Core.BaseContent content, Head head)
    {
        lock (gate)
        {
            columns.AddBase(content, head);
            knowsTree = true;
            foreach (var stream in content.Streams) baseStreams[stream.Stream] = stream.Highest;
        }
    }

    /// <summary>A deletion names a version.</summary>
    public void AddDeletion(StreamId id, long version, long lastFrame)
    {
        lock (gate) columns.AddDeletion(id, version, lastFrame);
    }

    /// <summary>Keys of batches that begin before a position are forgotten.</summary>
    public void ForgetKeys(long position)
    {
        lock (gate) columns.ForgetKeys(position);
    }

    /// <summary>Takes the rows of a checkpoint, as if the frames had been scanned; the part is empty before.</summary>
    /// <param name="restored">The rows of the segment's first frames.</param>
    /// <param name="position">The head position behind them.</param>
    public void Restore(RestoredRows restored, long position)
    {
        lock (gate)
        {
            columns.Restore(restored.Rows, position, restored.Root.KeysBefore);
            knowsTree = true;
            if (restored.Rows.Base is { } dropped)
            {
                foreach (var stream in dropped.Value) baseStreams[stream.Stream] = stream.Highest;
            }

            foreach (var row in restored.Rows.Entries)
            {
                AddGap(last, row.Position);
                last = row.Position;
            }

            AddGap(last, position + 1);
            last = position;
        }
    }

    public override int IndexAt(long position)
    {
        lock (gate) return Search.LowerBound(columns.Entries, item => columns.Entry(item).Position >= position);
    }

    public override Func<int, EntryRow> Reader() => number =>
    {
        lock (gate) return RowOf(number);
    };

    public override Func<int, long> Positions() => number =>
    {
        lock (gate) return columns.Entry(number).Position;
    };

    public override StreamPart? Stream(StreamId id)
    {
        lock (gate) return columns.Names.FindStream(id) is { } stream ? PartOf(stream) : null;
    }

    public override PlaceReader StreamReader(StreamId id, StreamPart stream) => (ordinal, places) =>
    {
        lock (gate)
        {
            var entries = columns.Names.FindStream(id)!.Entries;
            for (var place = 0; place < places.Length; place++)
            {
                var entry = columns.Entry(entries[ordinal + place]);
                places[place] = new Format.EntryPlace(entry.Position, entry.Version, entry.Offset, entry.Length, entry.Stream);
            }
        }

        return places.Length;
    };

    public override int EntryOf(StreamId id, in StreamPart stream, int ordinal)
    {
        lock (gate) return columns.Names.FindStream(id)!.Entries[ordinal];
    }

    public override Func<int, int>? OfType(string type)
    {
        lock (gate) return Finder(columns.Names.FindType(type));
    }

    public override Func<int, int>? Tagged(string tag)
    {
        lock (gate) return Finder(columns.Names.FindTag(tag));
    }

    public override Core.KnownKey? FindKey(string key)
    {
        lock (gate) return columns.Key(key);
    }

    public override bool KeepsKeyBefore(long position)
    {
        lock (gate) return columns.KeepsKeyBefore(position);
    }

    public override Head? HeadAt(long position)
    {
        lock (gate)
        {
            if (BatchAt(position) is not (>= 0 and var number)) return null;
            var batch = columns.Batch(number);
            return new Head(EndOf(batch), batch.Head);
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

    public override StreamRows StreamsFrom(string name) => new ListedStreamRows(Listed(name));

    private IEnumerable<(StreamId Id, StreamPart Part)> Listed(string name)
    {
        // Some at a time, so that a page of them takes no more.
        for (var (from, isAfter) = (name, false); ;)
        {
            List<(StreamId Id, StreamPart Part)> some;
            lock (gate)
            {
                some = [.. Sorted.From(from, isAfter, StreamsAtOnce).Select(number => columns.Names.StreamAt(number))
                    .Select(stream => (stream.Stream, PartOf(stream)))];
            }

            foreach (var stream in some) yield return stream;
            if (some.Count < StreamsAtOnce) yield break;
            (from, isAfter) = (some[^1].Id.Value, true);
        }
    }

    public override bool HasBase
    {
        get
        {
            lock (gate) return baseStreams.Count > 0;
        }
    }

    public override long HighestInBase(StreamId id)
    {
        lock (gate) return baseStreams.GetValueOrDefault(id);
    }

    public override IEnumerable<(StreamId Id, long Highest)> BaseStreamsFrom(string name)
    {
        lock (gate)
        {
            return [
                .. baseStreams.Where(pair => Core.Text.compareUtf8(pair.Key.Value, name) >= 0).OrderBy(pair => pair.Key)
                    .Select(pair => (pair.Key, pair.Value))];
        }
    }

    private static long EndOf(in Format.ColumnBatch batch) => batch.FirstPosition + batch.Count - 1;

    private static StreamPart PartOf(Format.ColumnStream stream) => new(stream.Highest, stream.DeletedTo, 0, stream.Entries.Count);

    private static Func<int, int>? Finder(Format.Postings? found) => found is null ? null : found.NextFrom;

    // Made once the names are asked for in order.
    private SortedNames Sorted => sorted ??= new SortedNames(
        () => columns.Names.Streams, number => columns.Names.StreamAt(number).Stream.Value);

    private EntryRow RowOf(int number)
    {
        var entry = columns.Entry(number);
        var stream = columns.Names.StreamAt(entry.Stream).Stream;
        return new EntryRow(entry.Position, entry.Version, stream, Segment, entry.Offset, entry.Length);
    }

    private void AddGap(long before, long next)
    {
        if (next > before + 1) gaps.Add((before + 1, next - 1));
    }
}

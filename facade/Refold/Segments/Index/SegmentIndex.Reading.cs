// Finding entries: of a stream, from a position on, by tags and types. Rows are looked up as they are asked for, part by part.
// Called by SegmentJournal and, for append conditions, through IAppendIndex.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>Rows of a stream, as of this call.</summary>
    /// <exception cref="EntriesDroppedException">The first version was deleted.</exception>
    public IEnumerable<EntryRow> OfStream(StreamId id, long fromVersion, long toVersion, long maxCount)
    {
        var now = Now();
        var from = Math.Max(1, fromVersion);
        var floor = deleted.FloorAt(id, now.Moment);
        if (from <= floor) throw new EntriesDroppedException(id, Math.Max(floor, GoneOf(now.Parts, id)));
        var found = new Stack<(IndexPart Part, StreamPart Stream)>();
        var (number, highest, lowest) = (now.Parts.Length - 1, 0L, long.MaxValue);
        var search = SearchStream(now.Parts, id);
        // A filter that need not be asked is not: it may be damaged, and it costs a page.
        for (number = search.DownFrom(number); number >= 0; number = lowest > from ? search.DownFrom(number - 1) : -1)
        {
            if (now.Parts[number].Stream(id) is not { } stream) continue;
            highest = Math.Max(highest, stream.Known);
            if (stream.Count == 0) continue;
            found.Push((now.Parts[number], stream));
            lowest = stream.Lowest;
        }

        if (highest == 0) highest = HighestInBase(now.Parts, search, id);
        // Of what came before the first entry that is there nothing is left.
        var gone = lowest == long.MaxValue ? highest : lowest - 1;
        if (highest > 0 && from <= gone) throw new EntriesDroppedException(id, gone);
        var last = Math.Min(toVersion, highest);
        if (from > last || maxCount <= 0) return [];
        if (last - from >= maxCount) last = from + maxCount - 1;
        return OfStream(found, id, from, last, now.Head.Position);
    }

    /// <summary>Rows from a position on, as of this call.</summary>
    public IEnumerable<EntryRow> From(long position, long maxCount)
    {
        return From(Now(), Math.Max(1, position), maxCount);
    }

    /// <summary>Matches from a position on, with the head position they were found at.</summary>
    public (long AsOf, List<EntryRow> Rows) Find(Core.Query query, long fromPosition, long maxCount)
    {
        var (now, found) = (Now(), new List<EntryRow>());
        if (maxCount <= 0) return (now.Head.Position, found);
        var search = SearchQuery(now.Parts, query);
        for (var number = search.From(now.PartOf(fromPosition));
            number >= 0;
            number = found.Count < maxCount ? search.From(number + 1) : -1)
        {
            var part = now.Parts[number];
            var (matches, read) = (new PartQuery(part, query), part.Reader());
            for (var next = matches.Next(part.IndexAt(fromPosition)); next >= 0 && found.Count < maxCount; next = matches.Next(next + 1))
            {
                var row = read(next);
                if (row.Position > now.Head.Position) break;
                if (row.Version > deleted.FloorAt(row.Stream, now.Moment)) found.Add(row);
            }
        }

        return (now.Head.Position, found);
    }

    long IAppendIndex.FirstMatchAfter(Query query, long after) => FirstMatchAfter(query.Value, after);

    /// <summary>The first match or hole after a position; 0 for none. What was deleted, or never came, cannot be
    /// asked and counts as a match.</summary>
    public long FirstMatchAfter(Core.Query query, long after)
    {
        var now = Now();
        var least = FirstDeletedAfter(now, after);
        var search = default(PartSearch);
        for (var number = now.PartOf(after + 1); number < now.Parts.Length; number++)
        {
            var part = now.Parts[number];
            if (least < part.FirstPosition) break;
            if (part.FirstHoleAfter(Math.Max(after, part.FirstPosition - 1)) is var hole && hole <= part.LastPosition)
                least = Math.Min(least, hole);
            search ??= SearchQuery(now.Parts, query);
            if (search.MayMatch(number) && new PartQuery(part, query).Next(part.IndexAt(after + 1)) is >= 0 and var next)
                least = Math.Min(least, part.Reader()(next).Position);
            if (least <= part.LastPosition) break;
        }

        return least == long.MaxValue ? 0 : least;
    }

    /// <summary>How many entries of each segment can be read.</summary>
    public Dictionary<SegmentFile, long> EntriesBySegment()
    {
        var now = Now();
        var entries = now.Parts.ToDictionary(part => part.Segment, part => (long)part.Count);
        foreach (var (id, floor) in deleted.Streams(now.Moment))
        {
            var search = SearchStream(now.Parts, id);
            for (var number = search.From(0); number >= 0; number = search.From(number + 1))
            {
                if (now.Parts[number].Stream(id) is { Count: > 0 } stream)
                    entries[now.Parts[number].Segment] -= Math.Clamp(floor - stream.Lowest + 1, 0, stream.Count);
            }
        }

        return entries;
    }

    private static IEnumerable<EntryRow> OfStream(
        Stack<(IndexPart Part, StreamPart Stream)> found, StreamId id, long from, long last, long asOf)
    {
        var next = from;
        using var places = new PlacesAhead();
        foreach (var (part, stream) in found)
        {
            var (segment, read) = (part.Segment, part.StreamReader(id, stream));
            for (var ordinal = (int)Math.Max(0, next - stream.Lowest); ordinal < stream.Count && next <= last;)
            {
                var count = places.Read(segment, read, ordinal, Math.Min(stream.Count - ordinal, last - next + 1));
                for (var item = 0; item < count; item++, ordinal++, next++)
                {
                    var (position, version) = (places[item].Position, places[item].Version);
                    if (position > asOf) yield break;
                    // Never a later one in its place.
                    if (version != next) throw new EntriesDroppedException(id, version - 1);
                    yield return new EntryRow(
                        position, version, id, segment, (int)places[item].Offset, places[item].Length, places.Near(item));
                }
            }
        }
    }

    private IEnumerable<EntryRow> From(Snapshot now, long position, long maxCount)
    {
        var left = maxCount;
        for (var number = now.PartOf(position); number < now.Parts.Length; number++)
        {
            var part = now.Parts[number];
            var read = part.Reader();
            var count = part.Count;
            for (var next = part.IndexAt(position); next < count; next++)
            {
                var row = read(next);
                if (row.Position > now.Head.Position || left <= 0) yield break;
                if (row.Version <= deleted.FloorAt(row.Stream, now.Moment)) continue;
                left--;
                yield return row;
            }
        }
    }

    /// <summary>The position of the first entry behind a position that is hidden by a deletion; the largest number for none.</summary>
    private long FirstDeletedAfter(in Snapshot now, long after)
    {
        var least = long.MaxValue;
        foreach (var (id, floor) in deleted.Behind(after))
        {
            var search = SearchStream(now.Parts, id);
            for (var number = search.From(now.PartOf(after + 1));
                number >= 0 && now.Parts[number].FirstPosition < least;
                number = search.From(number + 1))
            {
                var part = now.Parts[number];
                if (part.Stream(id) is not { Count: > 0 } stream) continue;
                var read = part.Reader();
                // Only those up to the floor are hidden, and their positions ascend as their versions do.
                var hidden = (int)Math.Clamp(floor - stream.Lowest + 1, 0, stream.Count);
                var first = Search.LowerBound(hidden, ordinal => read(part.EntryOf(id, stream, ordinal)).Position > after);
                if (first < hidden) least = Math.Min(least, read(part.EntryOf(id, stream, first)).Position);
                if (first < hidden || hidden < stream.Count) break;
            }
        }

        return least;
    }
}

// Which segments are asked for a name: those whose filters allow it, and those that have none.
// Called by the other files of SegmentIndex.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    private readonly NameFilters filters = new();

    /// <summary>The parts that may have something of a stream.</summary>
    private NameSearch SearchStream(IndexPart[] parts, StreamId stream) => Allowing(parts, Format.FooterFilter.ofStream, stream.Value);

    // Without a footer there is no filter, and no hash is needed.
    private NameSearch Allowing<TName>(IndexPart[] parts, Func<TName, Format.FilterHash> hashOf, TName name) =>
        filters.IsEmpty ? filters.All(parts.Length) : filters.Search(parts.Length, hashOf(name));

    private static long HighestOf(IndexPart[] parts, NameSearch search, StreamId stream)
    {
        var known = HighestInBase(parts, search, stream);
        for (var number = search.DownFrom(parts.Length - 1); number >= 0; number = search.DownFrom(number - 1))
        {
            if (parts[number].Stream(stream) is not { } found) continue;
            // What a deletion names may be far below the highest.
            known = Math.Max(known, found.Known);
            if (found.Count > 0) break;
        }

        return known;
    }

    /// <summary>The version up to which a stream was gone from the start, or has lost entries to compaction: its first entry
    /// that is there comes behind it.</summary>
    private static long GoneOf(IndexPart[] parts, NameSearch search, StreamId stream)
    {
        var known = 0L;
        for (var number = search.From(0); number >= 0; number = search.From(number + 1))
        {
            if (parts[number].Stream(stream) is not { } found) continue;
            if (found.Count > 0) return found.Lowest - 1;
            known = Math.Max(known, found.DeletedTo);
        }

        return Math.Max(known, HighestInBase(parts, search, stream));
    }

    private long GoneOf(IndexPart[] parts, StreamId stream) => GoneOf(parts, SearchStream(parts, stream), stream);

    private static long HighestInBase(IndexPart[] parts, NameSearch search, StreamId stream) =>
        parts.Length > 0 && parts[0].HasBase && search.MayHave(0) ? parts[0].HighestInBase(stream) : 0;

    /// <summary>The parts that may match a query, in order.</summary>
    private PartSearch SearchQuery(IndexPart[] parts, Core.Query query) => new(
        parts.Length,
        query.Items.IsEmpty
            ? null
            : [
                .. query.Items.Select(item => (
                    PartQuery.Tags(item).Select(tag => Allowing(parts, Format.FooterFilter.ofTag, tag)).ToArray(),
                    item.Types.Distinct().Select(type => Allowing(parts, Format.FooterFilter.ofType, type)).ToArray()))]);
}

// Entries by their ids.
// Called by SegmentJournal.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>The positions of the entries with an id, ascending.</summary>
    public IReadOnlyList<long> FindById(Guid id)
    {
        var (now, positions) = (Now(), new List<long>());
        // All segments of a journal are as its first one is.
        if (now.Parts.Length == 0) return positions;
        if (!now.Parts[0].Segment.Header.HasIds)
        {
            using var reader = new EntryReader();
            positions.AddRange(From(now, 1, long.MaxValue).Where(row => reader.Read(row).Id == id).Select(row => row.Position));
            return positions;
        }

        var search = filters.Search(now.Parts.Length, Format.FooterFilter.ofId(id));
        for (var number = search.From(0); number >= 0; number = search.From(number + 1))
        {
            var read = now.Parts[number].Reader();
            foreach (var row in now.Parts[number].FindId(id).Select(read))
            {
                if (row.Position <= now.Head.Position && row.Version > deleted.FloorAt(row.Stream, now.Moment)) positions.Add(row.Position);
            }
        }

        return positions;
    }
}

// Entries by their ids.
// Called by SegmentJournal.
namespace Refold.Segments;

internal sealed partial class SegmentIndex
{
    /// <summary>The positions of the entries with an id, ascending.</summary>
    public IReadOnlyList<long> FindById(Guid id) => Find(id, isCause: false);

    /// <summary>The positions of the entries that something with this id brought about, ascending.</summary>
    public IReadOnlyList<long> CausedBy(Guid id) => Find(id, isCause: true);

    private List<long> Find(Guid id, bool isCause)
    {
        var (now, positions) = (Now(), new List<long>());
        // All segments of a journal are as its first one is.
        if (now.Parts.Length == 0) return positions;
        if (!now.Parts[0].Segment.Header.HasIds)
        {
            using var reader = new EntryReader();
            positions.AddRange(From(now, 1, long.MaxValue).Where(row => IsMeant(reader.Read(row))).Select(row => row.Position));
            return positions;
        }

        var search = Allowing(now.Parts, isCause ? Format.FooterFilter.ofCause : Format.FooterFilter.ofId, id);
        for (var number = search.From(0); number >= 0; number = search.From(number + 1))
        {
            var part = now.Parts[number];
            var found = isCause ? part.FindCaused(id) : part.FindId(id);
            if (found.Count == 0) continue;
            positions.AddRange(now.Moment == 0
                ? found.Select(part.Positions())
                : found.Select(part.Reader()).Where(IsThere).Select(Position));
        }

        // The segment that is written may have more by now.
        positions.RemoveAll(position => position > now.Head.Position);
        return positions;

        bool IsMeant(JournalEntry entry) => (isCause ? entry.CausationId : entry.Id) == id;
        bool IsThere(EntryRow row) => row.Version > deleted.FloorAt(row.Stream, now.Moment);
        static long Position(EntryRow row) => row.Position;
    }
}

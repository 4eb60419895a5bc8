// The deletions of a journal, in memory: what they hide is told from rows by stream and version.
// One belongs to each SegmentIndex.
namespace Refold.Segments;

/// <summary>The floors that deletions set, and when: a read sees those of the moment it began at. Safe for use by many threads.</summary>
internal sealed class DeletedStreams
{
    private readonly Lock gate = new();
    private readonly Dictionary<StreamId, List<Deletion>> streams = [];
    private readonly List<Deletion> all = [];

    /// <summary>How many deletions there were.</summary>
    public long Moment
    {
        get
        {
            lock (gate) return all.Count;
        }
    }

    /// <summary>A stream's entries up to a version are deleted.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="version">The version.</param>
    /// <param name="position">The head position it is made at: it hides nothing behind it.</param>
    public void Add(StreamId id, long version, long position)
    {
        lock (gate)
        {
            if (!streams.TryGetValue(id, out var deletions)) streams[id] = deletions = [];
            if (deletions.Count > 0 && deletions[^1].Floor >= version) return;
            var deletion = new Deletion(id, all.Count + 1, version, position);
            deletions.Add(deletion);
            all.Add(deletion);
        }
    }

    /// <summary>The version up to which a stream's entries are hidden at a moment; 0 for none.</summary>
    public long FloorAt(StreamId id, long moment)
    {
        lock (gate) return all.Count > 0 && streams.TryGetValue(id, out var deletions) ? FloorAt(deletions, moment) : 0;
    }

    /// <summary>Every stream of which something was deleted at a moment.</summary>
    public IReadOnlyList<(StreamId Id, long Floor)> Streams(long moment)
    {
        lock (gate) return [.. streams.Select(pair => (pair.Key, FloorAt(pair.Value, moment))).Where(pair => pair.Item2 > 0)];
    }

    /// <summary>The streams that have a deletion which may hide an entry behind a position, with the
    /// highest version that is hidden.</summary>
    public IReadOnlyList<(StreamId Id, long Floor)> Behind(long position)
    {
        lock (gate)
        {
            // Made one after the other, their positions ascend.
            var first = Search.LowerBound(all.Count, item => all[item].Position > position);
            return [.. all.Skip(first).Select(deletion => deletion.Id).Distinct().Select(id => (id, streams[id][^1].Floor))];
        }
    }

    private static long FloorAt(List<Deletion> deletions, long moment)
    {
        var later = Search.LowerBound(deletions.Count, item => deletions[item].Moment > moment);
        return later == 0 ? 0 : deletions[later - 1].Floor;
    }

    private readonly record struct Deletion(StreamId Id, long Moment, long Floor, long Position);
}

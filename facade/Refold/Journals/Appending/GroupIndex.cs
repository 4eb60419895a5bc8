// What is committed, plus what was accepted before in the group that is being made.
// Made for each group by SegmentLog, and by the logs of other stores.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>The index that appends of one group are decided against. Used by one thread.</summary>
internal sealed class GroupIndex(AppendIndex committed) : AppendIndex
{
    private readonly List<Core.AcceptedBatch> batches = [];
    private readonly Dictionary<StreamId, long> highest = [];
    private readonly Dictionary<string, (Core.Hash Content, Core.Receipt Receipt)> keys = new(StringComparer.Ordinal);
    private Core.Head head = committed.Head;

    public override Core.Head Head => head;

    public void Add(Core.AcceptedBatch batch)
    {
        batches.Add(batch);
        head = batch.Receipt.Head;
        for (var item = 0; item < batch.Entries.Length; item++) highest[batch.Entries[item].Stream] = batch.Versions[item];
        if (AppendDecision.KeyOf(batch) is var (key, content)) keys[key] = (content, batch.Receipt);
    }

    public override long HighestVersion(StreamId stream) =>
        highest.TryGetValue(stream, out var version) ? version : committed.HighestVersion(stream);

    public override bool Covers(long position) => committed.Covers(position);

    public override (Core.Hash Content, Core.Receipt Receipt)? FindKey(string key) =>
        keys.TryGetValue(key, out var found) ? found : committed.FindKey(key);

    public override long FirstMatchAfter(Core.Query query, long after)
    {
        var earlier = committed.FirstMatchAfter(query, after);
        if (earlier != 0) return earlier;
        var expected = committed.Head.Position + 1;
        foreach (var batch in batches)
        {
            for (var item = 0; item < batch.Entries.Length; item++)
            {
                var position = batch.Positions[item];
                // Positions without an entry cannot be asked for their tags.
                if (position > expected && position - 1 > after) return Math.Max(expected, after + 1);
                if (position > after && Core.QueryModule.matches(batch.Entries[item], query)) return position;
                expected = position + 1;
            }
        }

        return 0;
    }
}

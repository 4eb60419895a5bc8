// What is committed, plus what was accepted before in the group that is being made.
// Made for each group by stores that commit several appends with one write.
namespace Refold;

/// <summary>The index that appends of one group are decided against: several appends become durable with one
/// write. Used by one thread.</summary>
/// <param name="committed">What is committed.</param>
public sealed class GroupIndex(IAppendIndex committed) : IAppendIndex
{
    private readonly List<PlacedBatch> batches = [];
    // Filled where somebody asks: most groups are one batch.
    private Dictionary<StreamId, long>? highest;
    private int known;
    private Dictionary<string, KnownKey>? keys;

    /// <inheritdoc/>
    public Head Head { get; private set; } = committed.Head;

    /// <summary>Adds a batch that was accepted; later appends are decided as if it were committed.</summary>
    /// <param name="batch">The batch.</param>
    public void Add(PlacedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batches.Add(batch);
        Head = batch.Value.Head;
        if (batch.Key is { } key) (keys ??= new(StringComparer.Ordinal))[key] = new KnownKey(batch.Content, batch.Receipt);
    }

    /// <inheritdoc/>
    public long HighestVersion(StreamId stream)
    {
        if (batches.Count == 0) return committed.HighestVersion(stream);
        highest ??= [];
        for (; known < batches.Count; known++)
        {
            var batch = batches[known];
            for (var item = 0; item < batch.Count; item++) highest[batch.Stream(item)] = batch.Version(item);
        }

        return highest.TryGetValue(stream, out var version) ? version : committed.HighestVersion(stream);
    }

    /// <inheritdoc/>
    public bool Covers(long position) => committed.Covers(position);

    /// <inheritdoc/>
    public KnownKey? FindKey(string key) => keys is not null && keys.TryGetValue(key, out var found) ? found : committed.FindKey(key);

    /// <inheritdoc/>
    public long FirstMatchAfter(Query query, long after)
    {
        ArgumentNullException.ThrowIfNull(query);
        var earlier = committed.FirstMatchAfter(query, after);
        if (earlier != 0) return earlier;
        var expected = committed.Head.Position + 1;
        foreach (var batch in batches)
        {
            for (var item = 0; item < batch.Count; item++)
            {
                var position = batch.Position(item);
                // Positions without an entry cannot be asked for their tags.
                if (position > expected && position - 1 > after) return Math.Max(expected, after + 1);
                if (position > after && Core.QueryModule.matches(batch.Value.Entries[item], query.Value)) return position;
                expected = position + 1;
            }
        }

        return 0;
    }
}

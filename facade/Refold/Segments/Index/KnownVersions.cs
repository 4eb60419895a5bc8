// The highest versions that were asked for or given lately: appends to a stream need not look for it again.
// One belongs to each SegmentIndex.

namespace Refold.Segments;

/// <summary>A bounded number of streams with their highest version, 0 for those that are not there. Safe for use by many threads.</summary>
internal sealed class KnownVersions
{
    private const int MostStreams = 65_536;

    private readonly Lock gate = new();
    private readonly Dictionary<StreamId, long> highest = [];
    private long changes;

    /// <summary>How many times something was appended or dropped.</summary>
    public long Changes
    {
        get
        {
            lock (gate) return changes;
        }
    }

    public long? Find(StreamId stream)
    {
        lock (gate) return highest.TryGetValue(stream, out var version) ? version : null;
    }

    /// <summary>Keeps what was looked up, unless something was appended since the look-up began.</summary>
    public void Add(StreamId stream, long version, long since)
    {
        lock (gate)
        {
            if (since == changes) Put(stream, version);
        }
    }

    /// <summary>Versions were appended.</summary>
    /// <param name="appended">What a batch got, stream by stream.</param>
    public void Raise(Core.PlacedReceipt appended)
    {
        lock (gate)
        {
            changes++;
            if (appended.Made is { } receipt)
            {
                for (var rest = receipt.Versions; !rest.IsEmpty; rest = rest.Tail) Put(rest.Head.Stream, rest.Head.Last);
                return;
            }

            for (var number = 0; number < appended.Streams; number++) Put(appended.Stream(number), appended.Last(number));
        }
    }

    /// <summary>What is known of a stream may not hold any more.</summary>
    public void Forget(StreamId stream)
    {
        lock (gate)
        {
            changes++;
            highest.Remove(stream);
        }
    }

    private void Put(StreamId stream, long version)
    {
        if (highest.Count >= MostStreams) highest.Clear();
        highest[stream] = version;
    }
}

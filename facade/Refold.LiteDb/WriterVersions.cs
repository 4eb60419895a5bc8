// The highest versions that the writer asked for or committed lately: an append to such a stream asks the database nothing.
// One belongs to each LiteDbLog.
namespace Refold.LiteDb;

/// <summary>A bounded number of streams with their highest committed version, 0 for those that are not there. Used by one thread.</summary>
internal sealed class WriterVersions
{
    private const int MostStreams = 65_536;

    private readonly Dictionary<StreamId, long> highest = [];

    /// <summary>The highest version of a stream, asked where it is not known.</summary>
    public long Of(StreamId stream, Func<StreamId, long> ask)
    {
        if (highest.TryGetValue(stream, out var version)) return version;
        var found = ask(stream);
        Put(stream, found);
        return found;
    }

    /// <summary>What a transaction committed.</summary>
    public void Take(IReadOnlyDictionary<StreamId, long> committed)
    {
        foreach (var (stream, version) in committed) Put(stream, version);
    }

    /// <summary>Nothing is known any more: the database began anew.</summary>
    public void Clear() => highest.Clear();

    private void Put(StreamId stream, long version)
    {
        if (highest.Count >= MostStreams) highest.Clear();
        highest[stream] = version;
    }
}

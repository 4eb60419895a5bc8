// What is committed, as far as it is kept in memory: head, floors, and where entries are missing. Everything else is asked of the database.
// Made by LiteDbJournal when it is opened; changed by LiteDbLog after each transaction.
using System.Collections.Immutable;
using System.Text;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>One moment of the journal: what a read sees, whatever is committed while it goes on.</summary>
/// <param name="Progress">How far the journal was.</param>
/// <param name="Floors">Of each stream that has one.</param>
internal sealed record View(Progress Progress, ImmutableDictionary<StreamId, Floor> Floors)
{
    public long LastPosition => Progress.Head.Position;

    public long FloorOf(StreamId stream) => Floors.TryGetValue(stream, out var floor) ? floor.Version : 0;

    /// <summary>Whether an entry could be read at this moment.</summary>
    public bool Shows(Core.Entry entry) => entry.Version > FloorOf(entry.Data.Stream) && entry.Position <= LastPosition;
}

/// <summary>The current moment, and what only the writer asks for.</summary>
internal sealed class JournalState
{
    private readonly List<(long First, long Last)> gaps = [];
    private readonly SortedSet<(long Position, StreamId Stream)> deleted = [];
    private volatile View view;

    /// <summary>Reads what an opened database says.</summary>
    public JournalState(Database database)
    {
        var floors = ImmutableDictionary.CreateBuilder<StreamId, Floor>();
        foreach (var document in database.All(from => Search.ByIds(Collections.Floors, from, Keys.AboveNames), Array.Empty<byte>()))
        {
            var (stream, floor) = (StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary)), Floor.Read(document));
            floors[stream] = floor;
            if (floor.LastPosition > 0) deleted.Add((floor.LastPosition, stream));
        }

        foreach (var document in database.All(from => Search.ByIds(Collections.Gaps, from, long.MaxValue), 0L))
            gaps.Add((document["_id"].AsInt64, document["l"].AsInt64));
        view = new View(database.ReadProgress(), floors.ToImmutable());
    }

    /// <summary>The moment that reads begun now see.</summary>
    public View View => view;

    /// <summary>Lets reads see what a transaction committed.</summary>
    public void Publish(GroupChange change)
    {
        gaps.AddRange(change.Gaps);
        var floors = view.Floors;
        foreach (var (stream, floor) in change.Floors)
        {
            if (floors.TryGetValue(stream, out var before)) deleted.Remove((before.LastPosition, stream));
            if (floor.LastPosition > 0) deleted.Add((floor.LastPosition, stream));
            floors = floors.SetItem(stream, floor);
        }

        view = new View(change.Progress, floors);
    }

    /// <summary>The first position behind another that never had an entry here; <see cref="long.MaxValue"/> for none. Asked by the writer only.</summary>
    public long FirstGapAfter(long after)
    {
        var (low, high) = (0, gaps.Count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (gaps[middle].Last > after) high = middle;
            else low = middle + 1;
        }

        return low == gaps.Count ? long.MaxValue : Math.Max(gaps[low].First, after + 1);
    }

    /// <summary>Streams that have deleted entries behind a position. Asked by the writer only.</summary>
    public IEnumerable<(StreamId Stream, long Floor)> DeletedAfter(long after) =>
        deleted.GetViewBetween((after + 1, Least), (long.MaxValue, Least)).Select(item => (item.Stream, view.FloorOf(item.Stream)));

    // Its name sorts before every other.
    private static StreamId Least { get; } = StreamId.Create(" ");
}

/// <summary>What one transaction changes besides entries.</summary>
/// <param name="Progress">How far the journal is after it.</param>
/// <param name="Floors">New floors.</param>
/// <param name="Gaps">New gaps, ascending.</param>
internal sealed record GroupChange(Progress Progress, IReadOnlyDictionary<StreamId, Floor> Floors, IReadOnlyList<(long First, long Last)> Gaps);

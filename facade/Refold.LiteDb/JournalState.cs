// What is committed, as far as it is kept in memory: head, floors, and where entries are missing. Everything else is asked of the database.
// Made by LiteDbJournal when it is opened; changed by LiteDbLog after each transaction.
using System.Collections.Immutable;
using System.Text;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>One moment of the journal: what a read sees, whatever is committed while it goes on.</summary>
/// <param name="Progress">How far the journal was.</param>
/// <param name="Floors">Of each stream that has one.</param>
/// <param name="Base">The head behind a dropped beginning; an empty journal's where none was dropped.</param>
/// <param name="Gaps">Positions that have no entry here, in order.</param>
/// <param name="Recent">Places that no document says; some may have come later than the moment.</param>
/// <param name="Nodes">Nodes of the batch tree that no document has, likewise.</param>
internal sealed record View(
    Progress Progress, ImmutableDictionary<StreamId, Floor> Floors, Head Base, ImmutableList<(long First, long Last)> Gaps,
    RecentPlaces Recent, RecentNodes Nodes)
{
    public long LastPosition => Progress.Head.Position;

    /// <summary>Whether documents say where entries lie up to a position that the journal has.</summary>
    public bool KnowsPlaces => Progress.Indexed >= 0 && Progress.Indexed <= LastPosition;

    public long FloorOf(StreamId stream) => Floors.TryGetValue(stream, out var floor) ? floor.Version : 0;

    /// <summary>The first position behind another that has no entry here; <see cref="long.MaxValue"/> for none.</summary>
    public long FirstGapAfter(long after)
    {
        var (low, high) = (0, Gaps.Count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (Gaps[middle].Last > after) high = middle;
            else low = middle + 1;
        }

        return low == Gaps.Count ? long.MaxValue : Math.Max(Gaps[low].First, after + 1);
    }

    /// <summary>The first position behind another that has an entry here; <see cref="long.MaxValue"/> for none.</summary>
    public long NextEntry(long after)
    {
        if (after >= LastPosition) return long.MaxValue;
        var next = Math.Max(after, Base.Position) + 1;
        while (FirstGapAfter(next - 1) == next) next = GapAt(next).Last + 1;
        return next;
    }

    /// <summary>Whether an entry could be read at this moment.</summary>
    public bool Shows(JournalEntry entry) => entry.Version > FloorOf(entry.Stream) && entry.Position <= LastPosition;

    private (long First, long Last) GapAt(long position)
    {
        var index = Gaps.BinarySearch((position, long.MaxValue));
        return Gaps[(index < 0 ? ~index : index) - 1];
    }
}

/// <summary>The current moment, and what only the writer asks for.</summary>
internal sealed class JournalState
{
    private readonly SortedSet<(long Position, StreamId Stream)> deleted = [];
    private volatile View view;

    /// <summary>Reads what an opened database says.</summary>
    /// <param name="database">The database.</param>
    /// <param name="recent">Reads the entries whose places no document says; null where no place is looked for.</param>
    /// <param name="limits">When places are written into documents.</param>
    public JournalState(Database database, Reader? recent = null, PlaceLimits? limits = null)
    {
        var floors = ImmutableDictionary.CreateBuilder<StreamId, Floor>();
        foreach (var document in database.All(from => Search.ByIds(Collections.Floors, from, Keys.AboveNames), Array.Empty<byte>()))
        {
            var (stream, floor) = (StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary)), Floor.Read(document));
            floors[stream] = floor;
            if (floor.LastPosition > 0) deleted.Add((floor.LastPosition, stream));
        }

        var gaps = ImmutableList.CreateBuilder<(long First, long Last)>();
        foreach (var document in database.All(from => Search.ByIds(Collections.Gaps, from, long.MaxValue), 0L))
            gaps.Add((document["_id"].AsInt64, document["l"].AsInt64));
        var basis = database.Get(Collections.Meta, Base.Id) is { } found ? Base.Read(found).Head : default;
        view = new View(
            database.ReadProgress(), floors.ToImmutable(), basis, gaps.ToImmutable(), new RecentPlaces(limits ?? new PlaceLimits()),
            new RecentNodes(BatchTreePeaks.Empty));
        if (recent is null) return;
        if (!view.KnowsPlaces) throw new InvalidDataException("places are known of entries that are not there");
        // Entries up to there are in runs: without the list look-ups would find none of them, and the next run take another's place.
        if (view.NextEntry(0) <= view.Progress.Indexed && database.Get(Collections.Meta, IdRuns.Id) is null)
            throw new InvalidDataException("the list of runs of ids is missing");
        view = view with { Nodes = NodesBehindIndex(database) };
        var next = view.NextEntry(view.Progress.Indexed);
        foreach (var stored in recent.AllStored(view.Progress.Indexed + 1, view.LastPosition))
        {
            if (stored.Entry.Position != next) throw new InvalidDataException($"no entry is at position {next}");
            view.Recent.Add(stored.Entry, stored.Block);
            next = view.NextEntry(next);
        }

        // Versions and matches are told by them: what is missing must not be taken for what never was.
        if (next <= view.LastPosition) throw new InvalidDataException($"no entry is at position {next}");
    }

    /// <summary>The moment that reads begun now see.</summary>
    public View View => view;

    /// <summary>Lets reads see what a transaction committed.</summary>
    public void Publish(GroupChange change)
    {
        var floors = view.Floors;
        foreach (var (stream, floor) in change.Floors)
        {
            if (floors.TryGetValue(stream, out var before)) deleted.Remove((before.LastPosition, stream));
            if (floor.LastPosition > 0) deleted.Add((floor.LastPosition, stream));
            floors = floors.SetItem(stream, floor);
        }

        // Before the view: who sees the new last position finds every place up to it.
        foreach (var (entry, block) in change.Entries) view.Recent.Add(entry, block);
        foreach (var (stream, version) in change.Highest) view.Recent.Raise(stream, version);
        var nodes = change.Begun is { } begun ? new RecentNodes(begun) : view.Nodes;
        foreach (var (leaf, position) in change.TreeLeaves) nodes.Add(leaf, position);
        view = new View(change.Progress, floors, change.Base ?? view.Base, view.Gaps.AddRange(change.Gaps), view.Recent, nodes);
    }

    /// <summary>Lets reads look into documents for places that were in memory; those that have begun go on with what they have.</summary>
    public void Publish(PlaceChange change) =>
        view = view with
        {
            Progress = change.Progress,
            Recent = new RecentPlaces(view.Recent.Limits),
            Nodes = new RecentNodes(view.Nodes.Peaks),
        };

    /// <summary>Streams that have deleted entries behind a position. Asked by the writer only.</summary>
    public IEnumerable<(StreamId Stream, long Floor)> DeletedAfter(long after) =>
        deleted.GetViewBetween((after + 1, Least), (long.MaxValue, Least)).Select(item => (item.Stream, view.FloorOf(item.Stream)));

    private RecentNodes NodesBehindIndex(Database database)
    {
        var nodes = new RecentNodes(new TreeReader(database, view).Indexed());
        foreach (var document in database.All(
            from => Search.ByIds(Collections.Batches, from, long.MaxValue), view.Progress.Indexed + 1))
        {
            var row = BatchRow.Read(document);
            nodes.Add(row.Tree.Leaf, row.Head.Position);
        }

        return nodes.Peaks.Size == view.Progress.Batches
            ? nodes
            : throw new InvalidDataException("the batches are not as many as the journal says");
    }

    // Its name sorts before every other.
    private static StreamId Least { get; } = StreamId.Create(" ");
}

/// <summary>What one transaction changes.</summary>
/// <param name="Progress">How far the journal is after it.</param>
/// <param name="Entries">Its entries, each with the last position of its block.</param>
/// <param name="Floors">New floors.</param>
/// <param name="Highest">New highest versions.</param>
/// <param name="Gaps">New gaps, ascending.</param>
/// <param name="Base">The head behind a dropped beginning, where the journal begins with one.</param>
/// <param name="Begun">What the batches of that beginning come to.</param>
/// <param name="TreeLeaves">Of each batch its leaf in the batch tree and its last position.</param>
internal sealed record GroupChange(
    Progress Progress, IReadOnlyList<(JournalEntry Entry, long Block)> Entries, IReadOnlyDictionary<StreamId, Floor> Floors,
    IReadOnlyDictionary<StreamId, long> Highest, IReadOnlyList<(long First, long Last)> Gaps, Head? Base, BatchTreePeaks? Begun,
    IReadOnlyList<(Hash Leaf, long Position)> TreeLeaves);

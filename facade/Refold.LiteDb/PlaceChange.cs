// The newest places written into documents, in a transaction of its own: each name's document is changed once for all of its new entries.
// Made and written by LiteDbLog between groups, and by Rebuild.
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>A transaction that brings <see cref="RecentPlaces"/> into the database; everything it needs was read before it.</summary>
internal sealed class PlaceChange
{
    // So many documents are asked for at once.
    private const int AskedAtOnce = 256;

    private readonly Database database;
    private readonly int pieceSize;
    private readonly IdChange ids;
    private readonly List<BsonDocument> pieces = [];
    private readonly List<BsonDocument> nodes;
    private readonly Dictionary<string, (List<BsonDocument> New, List<BsonDocument> Changed)> owners = new()
    {
        [Collections.Streams] = ([], []),
        [Collections.Words] = ([], []),
    };

    /// <summary>Makes the documents ready.</summary>
    /// <exception cref="JournalCorruptedException">A document is not what was written.</exception>
    public PlaceChange(Database database, View view)
    {
        (this.database, pieceSize) = (database, view.Recent.Limits.PieceSize);
        nodes = [.. view.Nodes.Blocks.Select(block => block.Write().Sealed())];
        var progress = view.Progress;
        Progress = progress with { Commit = progress.Commit + 1, Indexed = progress.Head.Position };
        try
        {
            ids = new IdChange(database, view.Recent);
            Add(
                view.Recent.Streams.OrderBy(item => item.Key), item => PlaceOwner.Of(item.Key), item => item.Value.Places,
                item => item.Value.Highest);
            Add(
                view.Recent.Words.OrderBy(item => item.Key.Kind).ThenBy(item => item.Key.Text, StringComparer.Ordinal),
                item => PlaceOwner.Of(item.Key), item => item.Value, _ => 0);
        }
        catch (Exception exception) when (
            exception is not (JournalException or IOException or ObjectDisposedException or OutOfMemoryException))
        {
            throw Database.Unreadable(database.Place, exception);
        }
    }

    /// <summary>How far the journal is after it.</summary>
    public Progress Progress { get; }

    /// <summary>Writes it in an open transaction.</summary>
    public void WriteTo(LiteEngine engine)
    {
        if (nodes.Count > 0) engine.Insert(Collections.Nodes, nodes, BsonAutoId.ObjectId);
        if (pieces.Count > 0) engine.Insert(Collections.Places, pieces, BsonAutoId.ObjectId);
        foreach (var (collection, (added, changed)) in owners)
        {
            if (added.Count > 0) engine.Insert(collection, added, BsonAutoId.ObjectId);
            if (changed.Count > 0) engine.Update(collection, changed);
        }

        ids.WriteTo(engine);
        engine.Upsert(Collections.Meta, [Progress.Write().Sealed()], BsonAutoId.ObjectId);
    }

    private void Add<T>(IEnumerable<T> names, Func<T, PlaceOwner> owner, Func<T, PlaceList> recent, Func<T, long> highest)
    {
        foreach (var some in names.Chunk(AskedAtOnce))
        {
            var known = new Dictionary<string, BsonDocument>(StringComparer.Ordinal);
            // What begins with its first version has no document yet.
            List<BsonValue> asked =
                [.. some.Where(name => !IsNew(owner(name), recent(name))).Select(name => new BsonValue(owner(name).Id))];
            if (asked.Count > 0)
            {
                foreach (var document in database.Find(Search.ByAnyId(owner(some[0]).Collection, asked)))
                    known[Convert.ToHexString(document["_id"].AsBinary)] = document;
            }

            foreach (var name in some)
                Add(owner(name), recent(name), highest(name), known.GetValueOrDefault(Convert.ToHexString(owner(name).Id)));
        }
    }

    private static bool IsNew(PlaceOwner owner, PlaceList recent) => owner.IsStream && recent.Items is [{ Number: 1 }, ..];

    private void Add(PlaceOwner owner, PlaceList recent, long highest, BsonDocument? before)
    {
        var last = PackedPlaces.ReadLast(before, owner.IsStream);
        ReadOnlySpan<EntryPlace> all = [.. last, .. recent.Items];
        if (last.Length > 0 && all.Length > last.Length && all[last.Length].Number <= last[^1].Number)
            throw new InvalidDataException("the places of a name go back");
        for (; all.Length > pieceSize; all = all[pieceSize..])
        {
            pieces.Add(new BsonDocument
            {
                ["_id"] = owner.PieceKey(all[pieceSize - 1].Number),
                ["p"] = PackedPlaces.Write(all[..pieceSize], owner.IsStream),
            }.Sealed());
        }

        var document = new BsonDocument { ["_id"] = owner.Id };
        if (owner.IsStream) document["v"] = before is null ? highest : Math.Max(highest, before["v"].AsInt64);
        document["p"] = PackedPlaces.Write(all, owner.IsStream);
        (before is null ? owners[owner.Collection].New : owners[owner.Collection].Changed).Add(document.Sealed());
    }
}

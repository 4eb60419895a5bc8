// Snapshots as documents: one each, or, where a state is too large for a document, one that says how many pieces there are.
// Used by LiteDbSnapshotStore under its lock.
using System.Text;
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>The snapshots of one database. Writes come from one thread at a time.</summary>
internal sealed class SnapshotDocuments(Database database)
{
    // A document has 16 MB at most.
    private const int PieceBytes = 8 * 1024 * 1024;

    // So many are removed in one transaction.
    private const int DeletedAtOnce = 100;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => database.First(Search.ByIds(Collections.Snapshots, Array.Empty<byte>(), Keys.AboveNames)) is null;

    /// <summary>The versions that a stream has snapshots of, ascending.</summary>
    public IReadOnlyList<long> Versions(StreamId stream) => [.. All(stream).Select(key => key.Version)];

    /// <summary>Every snapshot of a stream, or of all, in the order of names and versions.</summary>
    public IReadOnlyList<(StreamId Stream, long Version)> All(StreamId? stream)
    {
        BsonValue first = stream is null ? Array.Empty<byte>() : Keys.OfVersion(stream, 0);
        BsonValue last = stream is null ? Keys.AboveNames : Keys.OfVersion(stream, long.MaxValue);
        return [
            .. database.All(from => Search.Ids(Collections.Snapshots, from, last), first)
                .Select(document => KeyOf(document["_id"].AsBinary))];
    }

    /// <summary>The bytes of a snapshot; null where some are missing.</summary>
    public byte[]? Read(StreamId stream, long version)
    {
        if (database.Get(Collections.Snapshots, Keys.OfVersion(stream, version)) is not { } document) return null;
        if (document["d"] is { IsBinary: true } whole) return whole.AsBinary;
        var bytes = new List<byte>();
        for (var piece = 0; piece < document["n"].AsInt32; piece++)
        {
            if (database.Get(Collections.SnapshotParts, PieceId(stream, version, piece)) is not { } found) return null;
            bytes.AddRange(found["d"].AsBinary);
        }

        return [.. bytes];
    }

    /// <summary>Keeps a snapshot in place of one of the same version, and lets others go, in one transaction.</summary>
    public void Save(Snapshot snapshot, IReadOnlyList<long> superfluous)
    {
        var bytes = snapshot.ToBytes();
        var pieces = bytes.Length <= PieceBytes ? [] : bytes.Chunk(PieceBytes).ToList();
        var gone = superfluous.Append(snapshot.Version).SelectMany(version => PieceIds(snapshot.Stream, version)).ToList();
        var document = new BsonDocument
        {
            ["_id"] = Keys.OfVersion(snapshot.Stream, snapshot.Version),
            ["n"] = pieces.Count,
            ["d"] = pieces.Count == 0 ? bytes : BsonValue.Null
        };
        Write(engine =>
        {
            engine.Delete(Collections.SnapshotParts, gone);
            engine.Delete(Collections.Snapshots, superfluous.Select(version => new BsonValue(Keys.OfVersion(snapshot.Stream, version))));
            engine.Upsert(
                Collections.SnapshotParts,
                pieces.Select((piece, number) =>
                    new BsonDocument { ["_id"] = PieceId(snapshot.Stream, snapshot.Version, number), ["d"] = piece }),
                BsonAutoId.ObjectId);
            engine.Upsert(Collections.Snapshots, [document], BsonAutoId.ObjectId);
        });
    }

    /// <summary>Removes snapshots, some in each transaction.</summary>
    public void Delete(IReadOnlyList<(StreamId Stream, long Version)> snapshots)
    {
        foreach (var some in snapshots.Chunk(DeletedAtOnce))
        {
            var pieces = some.SelectMany(key => PieceIds(key.Stream, key.Version)).ToList();
            Write(engine =>
            {
                engine.Delete(Collections.SnapshotParts, pieces);
                engine.Delete(Collections.Snapshots, some.Select(key => new BsonValue(Keys.OfVersion(key.Stream, key.Version))));
            });
        }
    }

    /// <summary>Leaves everything in the data file.</summary>
    public void Close()
    {
        database.Checkpoint();
        database.WriteMark(database.ReadProgress(), flush: true);
    }

    private void Write(Action<LiteEngine> change)
    {
        var progress = database.ReadProgress();
        progress = progress with { Commit = progress.Commit + 1 };
        database.Write(engine =>
        {
            change(engine);
            engine.Upsert(Collections.Meta, [progress.Write().Sealed()], BsonAutoId.ObjectId);
        });
        database.RequirePlace();
        database.WriteMark(progress, flush: false);
        database.CheckpointIfDue();
    }

    private List<BsonValue> PieceIds(StreamId stream, long version) =>
        database.Get(Collections.Snapshots, Keys.OfVersion(stream, version)) is { } document && document["n"] is { IsInt32: true } count
            ? [.. Enumerable.Range(0, count.AsInt32).Select(piece => PieceId(stream, version, piece))]
            : [];

    private static BsonValue PieceId(StreamId stream, long version, int piece) => new BsonArray(Keys.OfVersion(stream, version), piece);

    private static (StreamId Stream, long Version) KeyOf(byte[] key) =>
        (StreamId.Create(Encoding.UTF8.GetString(key, 0, key.Length - sizeof(long) - 1)), Keys.LastNumber(key));
}

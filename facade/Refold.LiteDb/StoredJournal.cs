// A whole journal read from its database in commit order, to be copied, compacted or backed up; every entry and head is checked on the way.
// Called by LiteDbFiles.
using System.Text;
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>Everything in one database.</summary>
internal sealed class StoredJournal
{
    private readonly Database database;
    private readonly string file;
    private readonly Reader reader;
    private readonly JournalState state;

    /// <param name="database">The database.</param>
    /// <param name="file">How errors name it.</param>
    public StoredJournal(Database database, string file)
    {
        (this.database, this.file) = (database, file);
        reader = new Reader(database, new EntryBlocks(database.Journal, file), file);
        state = reader.Guarded(() => new JournalState(database));
    }

    /// <summary>Its pieces.</summary>
    /// <param name="dropsDeleted">Whether leaves of which every entry was deleted are left out.</param>
    /// <param name="forgetKeysBefore">Keys of batches that begin before this position are left out too.</param>
    public IEnumerable<TransferItem> Items(bool dropsDeleted, long forgetKeysBefore = 0) =>
        reader.Guarded(Read(dropsDeleted, forgetKeysBefore));

    private IEnumerable<TransferItem> Read(bool dropsDeleted, long forgetKeysBefore)
    {
        var head = state.View.Base;
        if (database.Get(Collections.Meta, Base.Id) is { } basis) yield return Beginning(basis);
        foreach (var document in database.All(first => Search.ByIds(Collections.Batches, first, long.MaxValue), 0L))
        {
            var row = BatchRow.Read(document);
            head = AppendRule.HeadAfter(head.Hash, row.First, row.Leaves);
            if (!head.Hash.Equals(row.Head.Hash)) throw Corrupt(row, "a head that follows from the one before it");
            yield return Batch(row, dropsDeleted);
        }

        var keysBefore = Math.Max(forgetKeysBefore, state.View.Progress.KeysBefore);
        if (keysBefore > 0) yield return new TransferItem.Forgetting(keysBefore);
        foreach (var (stream, floor) in state.View.Floors.OrderBy(item => item.Key))
            yield return new TransferItem.Deletion(stream, floor.Version);
    }

    private TransferItem.Batch Batch(BatchRow row, bool dropsDeleted)
    {
        var dropped = new List<DroppedLeaf>();
        var before = new Queue<DroppedLeaf>(ReceiptVersions.KeptLeaves(database, row.First, row.DroppedParts));
        var kept = new List<StoredEntry>();
        var stored = new Queue<StoredEntry>(reader.AllStored(row.First, row.Head.Position).Select(item => item.Stored));
        var position = row.First;
        foreach (var leaf in row.Leaves)
        {
            var entries = new List<StoredEntry>();
            while (stored.TryPeek(out var found) && found.Entry.Position < position + leaf.Count) entries.Add(stored.Dequeue());
            if (entries.Count == 0)
            {
                // A hole of a restored batch was never an entry.
                if (leaf.FirstVersion != 0)
                {
                    dropped.Add(
                        before.TryDequeue(out var known) ? known : throw Corrupt(row, "entries that no compaction dropped"));
                }
            }
            else if (!AppendRule.LeafHash(entries.Select(item => item.CanonicalBytes)).Equals(leaf.Hash))
            {
                throw Corrupt(row, "entries with the hash of their leaf");
            }
            else if (dropsDeleted && entries.TrueForAll(item => !state.View.Shows(item.Entry)))
            {
                dropped.Add(
                    new DroppedLeaf(
                        new StreamVersions(entries[0].Entry.Stream, entries[0].Entry.Version, entries[^1].Entry.Version),
                        entries.Max(item => item.Entry.Time)));
            }
            else
            {
                kept.AddRange(entries);
            }

            position += leaf.Count;
        }

        var whole = PlacedBatch.FromStore(row.First, kept, row.Leaves, row.Head);
        return new TransferItem.Batch(new StoredBatch(dropped.Count == 0 ? whole : whole.WithKey(row.Key, KeyOf(row)), dropped));
    }

    private KnownKey? KeyOf(BatchRow row) =>
        row.Key is { } key && new LiteDbIndex(database, state, reader).FindKey(key) is { } known && known.Receipt.FirstPosition == row.First
            ? known
            : null;

    private TransferItem.Beginning Beginning(BsonDocument stored)
    {
        var basis = Base.Read(stored);
        var streams = database.All(first => Search.ByIds(Collections.Beginning, first, Keys.AboveNames), Array.Empty<byte>())
            .Select(document =>
                new DroppedStream(
                    StreamId.Create(Encoding.UTF8.GetString(document["_id"].AsBinary)), document["h"].AsInt64, document["v"].AsInt64));
        var index = new LiteDbIndex(database, state, reader);
        var keys = from document in database.All(first => Search.ByIds(Collections.Keys, first, Keys.AboveNames), Array.Empty<byte>())
                   where KeyRow.Read(document).Head.Position <= basis.Head.Position
                   let key = Encoding.UTF8.GetString(document["_id"].AsBinary)
                   // One that was forgotten since is not kept any more.
                   let known = index.FindKey(key)
                   where known is not null
                   select new KeptKey(key, known);
        return new TransferItem.Beginning(
            new JournalBeginning(
                [.. streams], [.. keys], state.View.Progress.KeysBefore, Base.ReadSummary(stored), Base.ReadProvable(stored), basis.Head,
                basis.FirstFrame));
    }

    private JournalCorruptedException Corrupt(BatchRow row, string expected) =>
        new(file, 0, $"the batch at position {row.First}", expected, "something else");
}

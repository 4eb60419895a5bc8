// A journal written into a new database, piece by piece: a copy of another store's, or this one's without what was deleted.
// Called by LiteDbFiles while the new file has no name of its own yet.
using Refold.LiteDb.Storage;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>Writes pieces of a journal as they are.</summary>
internal sealed class Rebuild
{
    private const long GroupBytes = 4 * 1024 * 1024;

    private readonly Database database;
    private readonly JournalState state;
    private readonly LiteDbIndex index;
    private readonly EntryBlocks documents;
    private readonly Reader reader;
    private readonly Dictionary<StreamId, long> highest = [];
    private TransactionGroup group;

    /// <param name="database">The new database.</param>
    /// <param name="file">How errors name the file.</param>
    public Rebuild(Database database, string file)
    {
        this.database = database;
        state = new JournalState(database);
        documents = new EntryBlocks(database.Journal, file);
        reader = new Reader(database, documents, file);
        index = new LiteDbIndex(database, state, reader);
        group = new TransactionGroup(state.View, documents);
    }

    /// <summary>Writes everything.</summary>
    public TransferResult Run(IEnumerable<TransferItem> items)
    {
        foreach (var item in items)
        {
            Add(item);
            if (group.Bytes >= GroupBytes || group.Batches >= 1000) Write();
        }

        Write();
        // Where the last deleted entry of each stream lies is known when all are there.
        foreach (var (stream, floor) in state.View.Floors)
        {
            var last = reader.LastPosition(state.View, stream, floor.Version);
            if (last != floor.LastPosition) group.Correct(stream, floor with { LastPosition = last });
        }

        Write();
        if (!state.View.Recent.IsEmpty) WritePlaces();
        return new TransferResult(state.View.Progress.Entries, state.View.Progress.Head);
    }

    private void Add(TransferItem item)
    {
        switch (item)
        {
            case TransferItem.Beginning { Content: var beginning }:
                group.Begin(beginning);
                foreach (var stream in beginning.Streams) highest[stream.Stream] = stream.Highest;
                break;
            case TransferItem.Batch { Stored: var stored }:
                group.Add(stored.Batch, Highest, stored.Dropped);
                foreach (var leaf in stored.Dropped) Raise(leaf.Versions.Stream, leaf.Versions.Last);
                for (var entry = 0; entry < stored.Batch.Count; entry++) Raise(stored.Batch.Stream(entry), stored.Batch.Version(entry));
                break;
            case TransferItem.Forgetting forgetting:
                group.Forget(forgetting.Before);
                break;
            case TransferItem.Deletion deletion:
                // Alone, behind what it deletes.
                Write();
                var version = Math.Min(deletion.Version, Highest(deletion.Stream));
                if (version > state.View.FloorOf(deletion.Stream)) group.Delete(deletion.Stream, new Floor(version, 0));
                break;
        }
    }

    private long Highest(StreamId stream) => highest.TryGetValue(stream, out var version) ? version : index.HighestVersion(stream);

    private void Raise(StreamId stream, long version) => highest[stream] = Math.Max(version, highest.GetValueOrDefault(stream));

    private void Write()
    {
        if (group.IsEmpty) return;
        database.Write(group.WriteTo);
        state.Publish(group.Change);
        group = new TransactionGroup(state.View, documents);
        highest.Clear();
        if (state.View.Recent.IsFull) WritePlaces();
        database.CheckpointIfDue();
    }

    private void WritePlaces()
    {
        var change = new PlaceChange(database, state.View);
        database.Write(change.WriteTo);
        state.Publish(change);
        group = new TransactionGroup(state.View, documents);
    }
}

// What one transaction writes: entries, streams, floors, batches, keys, gaps, and the head, made ready before it begins.
// Filled by LiteDbLog and Rebuild.
using LiteDB;
using LiteDB.Engine;
using Refold.Interop;

namespace Refold.LiteDb;

/// <summary>A transaction that is being made. It is written without a look into the database, which would fail inside a large one.</summary>
/// <param name="before">What is committed before it.</param>
/// <param name="documents">Makes the documents of entries.</param>
internal sealed class TransactionGroup(View before, EntryDocument documents)
{
    private readonly List<BsonDocument> entries = [];
    private readonly List<BsonDocument> batches = [];
    private readonly List<BsonDocument> keys = [];
    private readonly Dictionary<StreamId, long> highest = [];
    private readonly Dictionary<StreamId, Floor> floors = [];
    private readonly List<(long First, long Last)> gaps = [];
    private Core.Head head = before.Progress.Head;
    private long readable = before.Progress.Entries;

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => batches.Count == 0 && floors.Count == 0;

    /// <summary>Canonical bytes of its entries.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many batches it has.</summary>
    public int Batches => batches.Count;

    /// <summary>How many entries it has.</summary>
    public long Entries => entries.Count;

    /// <summary>Its number.</summary>
    public long Commit => before.Progress.Commit + 1;

    /// <summary>What it changes besides entries.</summary>
    public GroupChange Change => new(new Progress(head, Commit, readable), floors, gaps);

    /// <summary>Adds a batch behind the head.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="highestVersion">The highest version of a stream before the batch.</param>
    public void Add(Core.AcceptedBatch batch, Func<StreamId, long> highestVersion)
    {
        for (var item = 0; item < batch.Entries.Length; item++)
        {
            var stream = batch.Entries[item].Stream;
            // A restored stream may begin anywhere.
            if (batch.Versions[item] > 1 && !highest.ContainsKey(stream) && highestVersion(stream) == 0)
                floors[stream] = new Floor(batch.Versions[item] - 1, 0);
            highest[stream] = batch.Versions[item];
            AddGap(item == 0 ? head.Position : batch.Positions[item - 1], batch.Positions[item]);
            entries.Add(documents.Write(batch, item));
            Bytes += batch.Canonical[item].Length;
        }

        AddGap(batch.Positions.Length == 0 ? head.Position : batch.Positions[^1], batch.Receipt.Head.Position + 1);
        readable += batch.Entries.Length;
        head = batch.Receipt.Head;
        batches.Add(BatchRow.Of(batch).Write());
        if (AppendDecision.KeyOf(batch) is var (key, content))
            keys.Add(new KeyRow(content, batch.FirstPosition, head.Position, 0).Write(key));
    }

    /// <summary>Hides a stream's entries.</summary>
    public void Delete(StreamId stream, Floor floor)
    {
        readable -= floor.Version - before.FloorOf(stream);
        floors[stream] = floor;
    }

    /// <summary>Writes it in an open transaction.</summary>
    public void WriteTo(LiteEngine engine)
    {
        Insert(engine, Collections.Entries, entries);
        Insert(engine, Collections.Batches, batches);
        Insert(engine, Collections.Keys, keys);
        Insert(engine, Collections.Gaps, [.. gaps.Select(gap => new BsonDocument { ["_id"] = gap.First, ["l"] = gap.Last })]);
        Upsert(engine, Collections.Streams, [.. highest.Select(item => new BsonDocument { ["_id"] = Keys.OfStream(item.Key), ["v"] = item.Value })]);
        Upsert(engine, Collections.Floors, [.. floors.Select(item => item.Value.Write(item.Key))]);
        Upsert(engine, Collections.Meta, [Change.Progress.Write()]);
    }

    private static void Insert(LiteEngine engine, string collection, List<BsonDocument> added)
    {
        if (added.Count > 0) engine.Insert(collection, added, BsonAutoId.ObjectId);
    }

    private static void Upsert(LiteEngine engine, string collection, List<BsonDocument> changed)
    {
        if (changed.Count > 0) engine.Upsert(collection, changed, BsonAutoId.ObjectId);
    }

    private void AddGap(long position, long next)
    {
        if (next > position + 1) gaps.Add((position + 1, next - 1));
    }
}

// What one transaction writes: blocks of entries, floors, batches, keys, gaps, and the head, made ready before it begins.
// Filled by LiteDbLog and Rebuild.
using LiteDB;
using LiteDB.Engine;
using Refold.Transfers;

namespace Refold.LiteDb;

/// <summary>A transaction that is being made. It is written without a look into the database, which
/// would fail inside a large one.</summary>
/// <param name="before">What is committed before it.</param>
/// <param name="documents">Makes the documents of entries.</param>
internal sealed class TransactionGroup(View before, EntryBlocks documents)
{
    private readonly List<(JournalEntry Entry, long Block)> entries = [];
    private readonly List<BsonDocument> blocks = [];
    private readonly List<BsonDocument> batches = [];
    private readonly List<BsonDocument> keys = [];
    private readonly Dictionary<StreamId, long> highest = [];
    private readonly Dictionary<StreamId, Floor> floors = [];
    private readonly List<(long First, long Last)> gaps = [];
    private readonly List<BsonDocument> receipts = [];
    private readonly List<BsonDocument> beginnings = [];
    private readonly List<(Hash Leaf, long Position)> treeLeaves = [];
    private BatchTreePeaks? begun;
    private BsonDocument? beginning;
    private Head? basis;
    private long keysBefore = before.Progress.KeysBefore;
    private Head head = before.Progress.Head;
    private long readable = before.Progress.Entries;
    private long count = before.Progress.Batches;
    private DateTimeOffset? latest = before.Progress.Latest;

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => batches.Count == 0 && floors.Count == 0 && basis is null && keysBefore == before.Progress.KeysBefore;

    /// <summary>Canonical bytes of its entries.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many batches it has.</summary>
    public int Batches => batches.Count;

    /// <summary>How many entries it has.</summary>
    public int Entries => entries.Count;

    /// <summary>Its number.</summary>
    public long Commit => before.Progress.Commit + 1;

    /// <summary>What it changes.</summary>
    public GroupChange Change =>
        new(
            new Progress(head, Commit, readable, count, latest, keysBefore, before.Progress.Indexed), entries, floors, highest, gaps,
            basis, begun, treeLeaves);

    /// <summary>Adds a batch behind the head.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="highestVersion">The highest version of a stream before the batch.</param>
    /// <param name="dropped">The versions of leaves that a compaction dropped.</param>
    public void Add(PlacedBatch batch, Func<StreamId, long> highestVersion, IReadOnlyList<DroppedLeaf>? dropped = null)
    {
        foreach (var leaf in dropped ?? [])
        {
            Drop(leaf.Versions, highestVersion);
            latest = Times.Later(latest, leaf.Latest);
        }

        var made = documents.Write(batch).ToList();
        var ends = made.ConvertAll(block => block["_id"].AsInt64);
        blocks.AddRange(made);
        for (var (item, block) = (0, 0); item < batch.Count; item++)
        {
            if (batch.Position(item) > ends[block]) block++;
            var stream = batch.Stream(item);
            // A restored stream may begin anywhere.
            if (batch.Version(item) > 1 && !highest.ContainsKey(stream) && highestVersion(stream) == 0)
                floors[stream] = new Floor(batch.Version(item) - 1, 0);
            highest[stream] = batch.Version(item);
            AddGap(item == 0 ? head.Position : batch.Position(item - 1), batch.Position(item));
            var entry = batch.Entry(item);
            latest = Times.Later(latest, entry.Time);
            entries.Add((entry, ends[block]));
            Bytes += batch.CanonicalBytes(item).Length;
        }

        AddGap(batch.Count == 0 ? head.Position : batch.Position(batch.Count - 1), batch.Receipt.Head.Position + 1);
        readable += batch.Count;
        head = batch.Receipt.Head;
        var isWhole = dropped is null or [];
        var leaves = ReceiptVersions.PartsOfLeaves(batch.FirstPosition, dropped ?? []);
        receipts.AddRange(leaves);
        var row = BatchRow.Of(batch, leaves.Count, count++, latest);
        batches.Add(row.Write());
        treeLeaves.Add((row.Tree.Leaf, row.Head.Position));
        if (batch.Key is { } key) AddKey(key, batch.Content, batch.Receipt, isWhole);
    }

    /// <summary>Begins behind what was dropped in another store.</summary>
    public void Begin(JournalBeginning dropped)
    {
        head = dropped.Head;
        basis = dropped.Head;
        (count, latest) = (dropped.Summary.Batches, dropped.Summary.Latest);
        begun = BatchTreePeaks.TryOf(dropped.Summary.Batches, dropped.Summary.Peaks)
            ?? throw new ArgumentException("The peaks of the batch tree do not fit the batches of the dropped beginning.", nameof(dropped));
        beginning = Base.Write(dropped);
        foreach (var stream in dropped.Streams)
        {
            highest[stream.Stream] = stream.Highest;
            // Whatever of it is left has versions above those it had when its beginning was dropped.
            floors[stream.Stream] = new Floor(Math.Max(stream.Floor, floors.GetValueOrDefault(stream.Stream).Version), 0);
            beginnings.Add(new BsonDocument { ["_id"] = Keys.OfStream(stream.Stream), ["h"] = stream.Highest, ["v"] = stream.Floor });
        }

        Forget(dropped.KeysBefore);
        foreach (var key in dropped.Keys) AddKey(key.Key, key.Known.Content, key.Known.Receipt, isWhole: false);
    }

    /// <summary>Forgets the keys of batches that begin before a position: they are not looked up any more.</summary>
    public void Forget(long position) => keysBefore = Math.Max(keysBefore, position);

    /// <summary>Hides a stream's entries; every version above its floor is there.</summary>
    public void Delete(StreamId stream, Floor floor)
    {
        readable -= floor.Version - FloorOf(stream);
        floors[stream] = floor;
    }

    /// <summary>Says again where the last deleted entry of a stream lies.</summary>
    public void Correct(StreamId stream, Floor floor) => floors[stream] = floor;

    /// <summary>Writes it in an open transaction.</summary>
    public void WriteTo(LiteEngine engine)
    {
        // Entries have a checksum of their own.
        if (blocks.Count > 0) engine.Insert(Collections.Entries, blocks, BsonAutoId.ObjectId);
        Insert(engine, Collections.Batches, batches);
        // A key that was forgotten may come again.
        Upsert(engine, Collections.Keys, keys);
        Insert(engine, Collections.Receipts, receipts);
        Insert(engine, Collections.Beginning, beginnings);
        Insert(engine, Collections.Gaps, [.. gaps.Select(gap => new BsonDocument { ["_id"] = gap.First, ["l"] = gap.Last })]);
        Upsert(engine, Collections.Floors, [.. floors.Select(item => item.Value.Write(item.Key))]);
        Upsert(engine, Collections.Meta, [.. beginning is null ? [] : (BsonDocument[])[beginning], Change.Progress.Write()]);
    }

    private long FloorOf(StreamId stream) => floors.TryGetValue(stream, out var floor) ? floor.Version : before.FloorOf(stream);

    // What is gone was deleted, and so was all of its stream before it.
    private void Drop(StreamVersions leaf, Func<StreamId, long> highestVersion)
    {
        var floor = FloorOf(leaf.Stream);
        if (leaf.Last > floor)
        {
            if (highest.ContainsKey(leaf.Stream) || highestVersion(leaf.Stream) > 0) readable -= Math.Max(0, leaf.First - 1 - floor);
            floors[leaf.Stream] = new Floor(leaf.Last, 0);
        }

        highest[leaf.Stream] = Math.Max(leaf.Last, highest.GetValueOrDefault(leaf.Stream));
    }

    private void AddKey(string key, Hash content, Receipt receipt, bool isWhole)
    {
        var parts = isWhole ? [] : ReceiptVersions.PartsOfReceipt(key, receipt);
        receipts.AddRange(parts);
        keys.Add(new KeyRow(content, receipt.FirstPosition, receipt.Head, parts.Count).Write(key));
    }

    private static void Insert(LiteEngine engine, string collection, List<BsonDocument> added)
    {
        if (added.Count > 0) engine.Insert(collection, added.Select(document => document.Sealed()), BsonAutoId.ObjectId);
    }

    private static void Upsert(LiteEngine engine, string collection, List<BsonDocument> changed)
    {
        if (changed.Count > 0) engine.Upsert(collection, changed.Select(document => document.Sealed()), BsonAutoId.ObjectId);
    }

    private void AddGap(long position, long next)
    {
        if (next > position + 1) gaps.Add((position + 1, next - 1));
    }
}

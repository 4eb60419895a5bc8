// The newest ids written as a run, and merges of runs brought on, so that there are few: a log-structured merge (O'Neil et al. 1996) in
// steps, each a part of one transaction and in proportion to what was written. Made and written by PlaceChange.
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;

namespace Refold.LiteDb;

/// <summary>What the transaction that writes <see cref="RecentPlaces"/> does to the runs of ids.</summary>
internal sealed class IdChange
{
    // Each merge goes on by so many times what is written: it ends before as much has come as it merges.
    private const int Pace = 2;

    private readonly Database database;
    private readonly PlaceLimits limits;
    private readonly List<IdRun> runs = [];
    private readonly List<BsonDocument> added = [];
    private readonly List<BsonValue> removed = [];

    /// <summary>Makes the documents ready.</summary>
    public IdChange(Database database, RecentPlaces recent)
    {
        (this.database, limits) = (database, recent.Limits);
        if (recent.Ids.IsEmpty) return;
        runs = IdRuns.Read(database.Get(Collections.Meta, IdRuns.Id));
        BeginMerge();
        var pairs = recent.Ids.Sorted();
        var number = NextNumber;
        foreach (var some in pairs.Chunk(limits.ChunkSize)) added.Add(IdChunk.Write(number, some).Sealed());
        var most = Pace * added.Count;
        foreach (var target in runs.Select(run => run.Into).Where(into => into > 0).Distinct().ToList()) GoOn(target, most);
        runs.Add(new IdRun(number, pairs.Length, 0));
    }

    private long NextNumber => runs.Count == 0 ? 1 : runs[^1].Number + 1;

    /// <summary>How many chunks it writes.</summary>
    public int Added => added.Count;

    /// <summary>Writes it in an open transaction.</summary>
    public void WriteTo(LiteEngine engine)
    {
        if (runs.Count == 0) return;
        if (removed.Count > 0) engine.Delete(Collections.Ids, removed);
        engine.Insert(Collections.Ids, added, BsonAutoId.ObjectId);
        engine.Upsert(Collections.Meta, [IdRuns.Write(runs).Sealed()], BsonAutoId.ObjectId);
    }

    // Of runs of about one size few are left beside each other; smaller ones go with them.
    private void BeginMerge()
    {
        var ready = runs.Where(run => run.Into == 0 && !runs.Exists(other => other.Into == run.Number)).ToList();
        var size = ready.GroupBy(Size).Where(some => some.Count() >= limits.Fan).Select(some => some.Key).DefaultIfEmpty(-1).Max();
        if (size < 0) return;
        var target = NextNumber;
        foreach (var run in ready.Where(run => Size(run) <= size)) runs[runs.IndexOf(run)] = run with { Into = target };
        runs.Add(new IdRun(target, 0, 0));
    }

    private int Size(IdRun run)
    {
        var size = 0;
        for (var pairs = run.Pairs; pairs >= limits.Fan; pairs /= limits.Fan) size++;
        return size;
    }

    /// <summary>Brings a merge on by so many chunks: they are added to the target, and chunks of which everything is there go.</summary>
    private void GoOn(long target, int most)
    {
        var written = runs.Find(run => run.Number == target).Pairs;
        var last = written > 0 ? EndOf(target) : default(IdPair?);
        var sources = new PriorityQueue<IdSource, IdPair>();
        foreach (var run in runs.Where(run => run.Into == target)) Queue(new IdSource(database, run, last));
        var chunk = new List<IdPair>(limits.ChunkSize);
        while (most > 0 && sources.TryDequeue(out var source, out var pair))
        {
            if (pair <= last) throw new InvalidDataException("a pair of ids is there twice");
            chunk.Add(pair);
            last = pair;
            written++;
            if (source.Take() is { } used)
            {
                removed.Add(used["_id"]);
                var item = runs.FindIndex(run => run.Number == source.Number);
                if (source.Left > 0) runs[item] = runs[item] with { Pairs = source.Left };
                else runs.RemoveAt(item);
            }

            Queue(source);
            if (chunk.Count < limits.ChunkSize && sources.Count > 0) continue;
            added.Add(IdChunk.Write(target, [.. chunk]).Sealed());
            chunk.Clear();
            most--;
        }

        runs[runs.FindIndex(run => run.Number == target)] = new IdRun(target, written, 0);

        void Queue(IdSource source)
        {
            if (source.Next is { } next) sources.Enqueue(source, next);
        }
    }

    private IdPair EndOf(long run) =>
        database.First(Search.LastId(Collections.Ids, IdChunk.First(run), IdChunk.Last(run))) is { } document
            ? IdChunk.Read(document)[^1]
            : throw new InvalidDataException("a run of ids is not there");
}

/// <summary>What is left of a run that is merged, pair by pair.</summary>
internal sealed class IdSource
{
    private readonly Database database;
    private BsonDocument? document;
    private IdPair[] pairs = [];
    private int taken;

    /// <param name="database">Where it is.</param>
    /// <param name="run">The run.</param>
    /// <param name="last">The last pair that was taken of any run; null for none.</param>
    public IdSource(Database database, IdRun run, IdPair? last)
    {
        (this.database, Number, Left) = (database, run.Number, run.Pairs);
        Read(IdChunk.First(Number));
        if (last is not { } before) return;
        while (taken < pairs.Length && pairs[taken] <= before) taken++;
        if (taken == pairs.Length) throw new InvalidDataException("a chunk of ids was merged, and is there");
    }

    public long Number { get; }

    /// <summary>How many pairs its chunks have.</summary>
    public long Left { get; private set; }

    /// <summary>The first pair that was not taken; null where all were.</summary>
    public IdPair? Next => taken < pairs.Length ? pairs[taken] : null;

    /// <summary>Takes a pair; the chunk, where that was its last one.</summary>
    public BsonDocument? Take()
    {
        if (++taken < pairs.Length) return null;
        var (used, last) = (document, pairs[^1]);
        Left -= pairs.Length;
        (pairs, taken, document) = ([], 0, null);
        if (Left > 0) Read(IdChunk.Key(Number, last with { Position = last.Position + 1 }));
        return used;
    }

    private void Read(byte[] from)
    {
        document = database.First(Search.ByIds(Collections.Ids, from, IdChunk.Last(Number)))
            ?? throw new InvalidDataException("a chunk of ids is not there");
        pairs = IdChunk.Read(document);
        if (pairs.Length > Left) throw new InvalidDataException("a run of ids has more than its pairs");
    }
}

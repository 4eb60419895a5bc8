// The row of the LiteDB store against LiteDB itself over the same log, which flushes each transaction.
// Part of PeerRows.
using LiteDB;
using Refold.LiteDb.Storage;

namespace Refold.Benchmarks.Peers;

internal static class LiteDbPeers
{
    private const int Batch = 100;

    public static IEnumerable<Row> All =>
    [
        new(
            "litedb.100", "Durable batches of 100 entries in the LiteDB store against LiteDB's bulk insert over the same log", "entries/s",
            Better.Larger, "LiteDB InsertBulk", 0.9, Batches),
    ];

    private static Figures Batches(BenchSession session)
    {
        var journal = LiteDbJournal.Open(Path.Combine(session.NewFolder("litedb"), "ours.db"));
        using var raw = Raw(Path.Combine(session.NewFolder("litedb-raw"), "raw.db"));
        int batches = session.Scaled(20, 2);
        var parts = Payloads.Entries(Batch * batches, 1000).Chunk(Batch).ToList();
        long id = 0;
        var figures = Measure.Interleaved(
            session.Rounds,
            () => Measure.Rate(Batch * batches, () =>
            {
                foreach (var part in parts) journal.AppendAsync(new AppendRequest(part)).Wait();
            }),
            () => Measure.Rate(Batch * batches, () =>
            {
                foreach (var part in parts)
                {
                    var documents = part.Select(entry => new BsonDocument { ["_id"] = ++id, ["d"] = entry.Payload.ToArray() }).ToList();
                    raw.Write(engine => engine.Insert("bulk", documents, BsonAutoId.Int64));
                    raw.CheckpointIfDue();
                }
            }));
        journal.DisposeAsync().Wait();
        return figures with { Beside = DurableRows.FlushBeside(session, Batch * 400) };
    }

    // Files with Refold's log and checksums, into which LiteDB's engine inserts by itself.
    private static Database Raw(string path)
    {
        LiteDbJournal.Open(path).DisposeAsync().Wait();
        return Database.Open(new LocalDatabaseFiles(path), readOnly: false);
    }
}

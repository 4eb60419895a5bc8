// Rows of durable appends against databases: batches of 100 and 1000 on one stream and on a thousand, and 1024 appenders.
// Part of PeerRows.
using Refold.Segments;

namespace Refold.Benchmarks.Peers;

internal static class AppendPeers
{
    private const string Sqlite = "SQLite WAL FULL", Lmdb = "LMDB";

    public static IEnumerable<Row> All =>
    [
        AgainstSqlite(100, 1, 3),
        AgainstSqlite(100, 1000, 3),
        AgainstSqlite(1000, 1, 8),
        AgainstSqlite(1000, 1000, 8),
        AgainstLmdb(1000, 1, 2),
        AgainstLmdb(1000, 1000, 1.2),
        new(
            "append.one.sqlite", "Durable appends of one entry, each answered before the next, against SQLite", "entries/s", Better.Larger,
            Sqlite, null, session => Batches(session, 1, 1, folder => SqliteStore.Open(folder), (store, batch) => store.Append(batch))),
        new(
            "appenders.1024.sqlite", "1024 appenders that wait for each answer, against SQLite one by one", "answers/s", Better.Larger,
            Sqlite, 50, Appenders),
    ];

    private static Row AgainstSqlite(int batch, int streams, double target) => new(
        $"append.{batch}x{streams}.sqlite", $"Durable batches of {batch} entries on {streams} streams against SQLite", "entries/s",
        Better.Larger, Sqlite, target,
        session => Batches(session, batch, streams, folder => SqliteStore.Open(folder), (store, entries) => store.Append(entries)));

    private static Row AgainstLmdb(int batch, int streams, double target) => new(
        $"append.{batch}x{streams}.lmdb", $"Durable batches of {batch} entries on {streams} streams against LMDB", "entries/s",
        Better.Larger, Lmdb, target,
        session => LmdbStore.Missing is { } missing
            ? new Figures(null, null) { Absent = missing }
            : Batches(session, batch, streams, folder => new LmdbStore(folder), (store, entries) => store.Append(entries)));

    /// <summary>Batches, each answered before the next, in two stores in turn.</summary>
    public static Figures Batches<TStore>(
        BenchSession session, int batch, int streams, Func<string, TStore> open, Action<TStore, EntryData[]> append)
        where TStore : IDisposable
    {
        using var opened = new MadeJournal.Closing(SegmentJournal.Open(session.NewFolder("batches")));
        using var store = open(session.NewFolder("peer"));
        int batches = session.Scaled(batch == 1 ? 200 : batch == 100 ? 50 : 20, 2);
        var parts = Payloads.Entries(batch * batches, streams).Chunk(batch).ToList();
        long count = (long)batch * batches;
        var figures = Measure.Interleaved(
            session.Rounds + 2,
            () => Measure.Rate(count, () =>
            {
                foreach (var part in parts) opened.Journal.AppendAsync(new AppendRequest(part)).Wait();
            }),
            () => Measure.Rate(count, () =>
            {
                foreach (var part in parts) append(store, part);
            }));
        return figures with { Beside = DurableRows.FlushBeside(session, batch * 400) };
    }

    private static Figures Appenders(BenchSession session)
    {
        using var opened = new MadeJournal.Closing(SegmentJournal.Open(session.NewFolder("appenders")));
        using var store = SqliteStore.Open(session.NewFolder("peer"));
        int each = session.Scaled(20, 1), singles = session.Scaled(200, 5);
        var entries = Payloads.Entries(singles, 1);
        var figures = Measure.Interleaved(
            session.Rounds + 2,
            () => DurableRows.Appenders(opened.Journal, 1024, each),
            () => Measure.Rate(singles, () =>
            {
                for (int number = 0; number < singles; number++) store.Append(entries.AsSpan(number, 1));
            }));
        return figures with { Beside = DurableRows.FlushBeside(session, 400) };
    }
}

// Rows of reading and opening against SQLite through ADO, over the same entries, with everything in the page cache.
// Part of PeerRows.
using Refold.Segments;

namespace Refold.Benchmarks.Peers;

internal static class ReadPeers
{
    private const string Sqlite = "SQLite through ADO";
    private const double OpenAllowanceMilliseconds = 5;

    public static IEnumerable<Row> All =>
    [
        new(
            "read.one_stream", "Reading 100,000 entries of one stream as objects", "entries/s", Better.Larger, Sqlite, 8,
            session => OneStream(session, (journal, count) =>
                journal.ReadStream(Payloads.One, maxCount: count).Sum(entry => (long)entry.Payload.Length))),
        new(
            "read.one_stream.in_place", "Reading 100,000 entries of one stream in place", "entries/s", Better.Larger, Sqlite, 40,
            session => OneStream(session, (journal, count) =>
                Scan(visitor => journal.ScanStream(Payloads.One, visitor, maxCount: count)))),
        new(
            "read.interleaved", "Reading 100 of 1000 interleaved streams as objects, one after the other", "entries/s", Better.Larger,
            Sqlite, 8,
            session => Interleaved(session, (journal, name) => journal.ReadStream(name).Sum(entry => (long)entry.Payload.Length))),
        new(
            "read.interleaved.in_place", "Reading 100 of 1000 interleaved streams in place, one after the other", "entries/s",
            Better.Larger, Sqlite, 20,
            session => Interleaved(session, (journal, name) => Scan(visitor => journal.ScanStream(name, visitor)))),
        new(
            "read.all", "Reading everything in order as objects", "entries/s", Better.Larger, Sqlite, 8,
            session => Everything(session, journal => journal.ReadAll().Sum(entry => (long)entry.Payload.Length))),
        new(
            "read.all.in_place", "Reading everything in order in place", "entries/s", Better.Larger, Sqlite, 50,
            session => Everything(session, journal => Scan(visitor => journal.ScanAll(visitor)))),
        new(
            "open.clean", "Opening a million entries after a clean close against SQLite's open with select max(rowid) plus 5 ms", "ms",
            Better.Smaller, "SQLite + 5 ms", 1, Open),
    ];

    private static Figures OneStream(BenchSession session, Func<SegmentJournal, int, long> read)
    {
        var made = MadeJournal.OfOneStream(session);
        using var opened = new MadeJournal.Closing(made.Open());
        using var store = SqliteStore.Open(Copied(session, made, 1));
        int count = session.Scaled(100_000, 1_000);
        return Measure.Interleaved(
            session.Rounds,
            () => Rate(count, () => read(opened.Journal, count)),
            () => Rate(count, () => store.ReadStreams([Payloads.One], count)));
    }

    private static Figures Interleaved(BenchSession session, Func<SegmentJournal, StreamId, long> read)
    {
        var made = MadeJournal.OfManyStreams(session);
        using var opened = new MadeJournal.Closing(made.Open());
        using var store = SqliteStore.Open(Copied(session, made, 1000));
        StreamId[] some = [.. Payloads.Names(1000).Where((_, index) => index % 10 == 3)];
        int count = made.Entries / 10;
        return Measure.Interleaved(
            session.Rounds,
            () => Rate(count, () => some.Sum(name => read(opened.Journal, name))),
            () => Rate(count, () => store.ReadStreams(some, long.MaxValue)));
    }

    private static Figures Everything(BenchSession session, Func<SegmentJournal, long> read)
    {
        var made = MadeJournal.OfManyStreams(session);
        using var opened = new MadeJournal.Closing(made.Open());
        using var store = SqliteStore.Open(Copied(session, made, 1000));
        return Measure.Interleaved(
            session.Rounds,
            () => Rate(made.Entries, () => read(opened.Journal)),
            () => Rate(made.Entries, store.ReadAll));
    }

    private static Figures Open(BenchSession session)
    {
        var made = MadeJournal.OfOneStream(session);
        string copied = Copied(session, made, 1);
        return Measure.Interleaved(
            (2 * session.Rounds) + 1,
            () =>
            {
                MadeJournal.Closing opened = default;
                double seconds = Measure.Seconds(() => opened = new MadeJournal.Closing(made.Open()));
                opened.Dispose();
                return 1e3 * seconds;
            },
            () => OpenAllowanceMilliseconds + (1e3 * Measure.Seconds(() => SqliteStore.OpenAndAsk(copied))));
    }

    // The bytes of the payloads that a scan hands out.
    private static long Scan(Func<EntryVisitor, long> scan)
    {
        long bytes = 0;
        scan((in EntryView entry) =>
        {
            bytes += entry.Payload.Length;
            return true;
        });
        return bytes;
    }

    private static double Rate(int count, Func<long> read) => Measure.Rate(count, () =>
    {
        if (read() != (long)count * Payloads.Bytes) throw new InvalidOperationException("Not every entry was read.");
    });

    // The same entries in SQLite, inserted without flushes and closed.
    private static string Copied(BenchSession session, MadeJournal made, int streams) => session.Kept($"sqlite {streams}", () =>
    {
        const int Part = 10_000;
        string folder = session.NewFolder("sqlite");
        using var store = SqliteStore.Open(folder, isDurable: false);
        for (int from = 0; from < made.Entries; from += Part)
            store.Append(Payloads.Entries(Math.Min(Part, made.Entries - from), streams, from));
        return folder;
    });
}

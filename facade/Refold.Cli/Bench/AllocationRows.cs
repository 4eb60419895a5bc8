// Rows of allocated bytes, and the same measurements by name for the guard: allocation is steady, so it can be held to a limit.
// Part of the tool's own rows.
using Refold.Segments;

namespace Refold.Bench;

internal static class AllocationRows
{
    // Bytes that are asked for; of a payload nothing is counted, as the caller has it, or the journal in memory its own copy.
    private const double AppendLimit = 64, ReadLimit = 200, CommandLimit = 3 * 1024;

    /// <summary>Everything that the guard holds to a limit, by name.</summary>
    public static IReadOnlyList<(string Name, Func<BenchSession, double> Bytes)> Guarded =>
    [
        ("draw", RandomRows.DrawBytes),
        ("step_generator", RandomRows.StepGeneratorBytes),
        ("append.file.1", session => Append(session, OpenFile(session), 1, 1)),
        ("append.file.1000x1", session => Append(session, OpenFile(session), 1000, 1)),
        ("append.file.1000x1000", session => Append(session, OpenFile(session), 1000, 1000)),
        ("append.memory.1", session => Append(session, new InMemoryJournal(), 1, 1) - Payloads.Bytes),
        ("append.memory.1000x1", session => Append(session, new InMemoryJournal(), 1000, 1) - Payloads.Bytes),
        ("read.file", session => Read(session, MadeJournal.OfOneStream(session).Open())),
        ("view", View),
        ("read.memory", session => Read(session, Filled(session))),
        ("fold.binary", FoldRows.BinaryBytes),
        ("fold.json", FoldRows.JsonBytes),
        ("command", RunRows.CommandBytes),
        ("verify", RunRows.VerifyBytes),
        ("open", Open),
        ("open.scan", Scan),
    ];

    public static IEnumerable<Row> All =>
    [
        Row.Limit("alloc.draw", "Allocated by a 64-bit draw", "B", 0, RandomRows.DrawBytes),
        Row.Limit(
            "alloc.step_generator", "Allocated by the generator of a step and one draw", "B", RandomRows.StepGeneratorLimit,
            RandomRows.StepGeneratorBytes),
        new(
            "alloc.view", "Allocated by reading an entry in place", "B", Better.Smaller, "limit", 1,
            session => new Figures(View(session), 0)),
        Row.Limit(
            "alloc.append", "Allocated by appending to segment files in batches of 1000 of one stream, an entry", "B", AppendLimit,
            session => Append(session, OpenFile(session), 1000, 1)),
        Row.Limit(
            "alloc.append.streams", "Allocated by appending to segment files in batches of 1000 of 1000 streams, an entry", "B",
            AppendLimit, session => Append(session, OpenFile(session), 1000, 1000)),
        Row.Limit(
            "alloc.read", "Allocated by reading an entry of segment files as an object, beyond its payload", "B", ReadLimit,
            session => Read(session, MadeJournal.OfOneStream(session).Open()) - Payloads.Bytes),
        Row.Limit("alloc.command", "Allocated by a command executed and recorded in memory", "B", CommandLimit, RunRows.CommandBytes),
        Row.Alone("alloc.verify", "Allocated by the verification of a command", "B", RunRows.VerifyBytes),
    ];

    private static SegmentJournal OpenFile(BenchSession session) => SegmentJournal.Open(session.NewFolder("allocation"));

    private static InMemoryJournal Filled(BenchSession session)
    {
        var journal = new InMemoryJournal();
        MadeJournal.Append(journal, Payloads.Entries(session.Scaled(20_000, 1_000), 1), 100);
        return journal;
    }

    // The entries are the caller's; the request and all that follows are counted.
    private static double Append(BenchSession session, LocalJournal journal, int batch, int streams)
    {
        int count = batch == 1 ? session.Scaled(500, 20) : session.Scaled(20_000, 2_000);
        var parts = Payloads.Entries(count, streams).Chunk(batch).ToList();
        double bytes = Measure.Allocated(session.Rounds, count, () =>
        {
            foreach (var part in parts) journal.AppendAsync(new AppendRequest(part)).Wait();
        });
        journal.DisposeAsync().Wait();
        return bytes;
    }

    private static double Read(BenchSession session, LocalJournal journal)
    {
        int count = session.Scaled(20_000, 1_000);
        long read = 0;
        double bytes = Measure.Allocated(session.Rounds, count, () =>
        {
            foreach (var entry in journal.ReadStream(Payloads.One, maxCount: count)) read += entry.Payload.Length;
        });
        journal.DisposeAsync().Wait();
        return read == (session.Rounds + 1L) * count * Payloads.Bytes
            ? bytes
            : throw new InvalidOperationException("Not every entry was read.");
    }

    // What more entries of one segment allocate than fewer: the scan itself has a few objects.
    private static double View(BenchSession session)
    {
        using var opened = new MadeJournal.Closing(MadeJournal.OfOneStream(session).Open());
        int count = session.Scaled(5_000, 500);
        double Bytes(int entries) => Measure.Allocated(session.Rounds, 1, () => Walk(opened.Journal, entries));
        return Math.Max(0, Bytes(2 * count) - Bytes(count)) / count;
    }

    private static void Walk(SegmentJournal journal, int entries)
    {
        long read = 0;
        bool Visit(in EntryView entry)
        {
            read += entry.Payload.Length;
            return true;
        }

        if (journal.ScanAll(Visit, maxCount: entries) != entries || read != (long)entries * Payloads.Bytes)
            throw new InvalidOperationException("Not every entry was read.");
    }

    private static double Open(BenchSession session)
    {
        var made = MadeJournal.OfOneStream(session);
        return Measure.Allocated(session.Rounds, made.Entries, () => new MadeJournal.Closing(made.Open()).Dispose());
    }

    private static double Scan(BenchSession session)
    {
        var made = MadeJournal.OfSingles(session);
        return Measure.Allocated(session.Rounds, made.Entries, () => new MadeJournal.Closing(made.Scan()).Dispose());
    }
}

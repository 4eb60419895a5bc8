// Rows of opening by scan, as after a crash: every frame is read and checked.
// Part of the tool's own rows; opening after a clean close has a peer and is in the benchmark program.
namespace Refold.Bench;

internal static class OpenRows
{
    // MB/s that are asked for.
    private const double OfBatches = 600, OfSingles = 100;

    public static IEnumerable<Row> All =>
    [
        Floor(
            "open.scan.100", "Opening by scan, as after a crash: batches of 100 entries of one stream", OfBatches,
            MadeJournal.OfOneStream),
        Floor("open.scan.1", "Opening by scan, as after a crash: batches of one entry", OfSingles, MadeJournal.OfSingles),
    ];

    private static Row Floor(string name, string what, double floor, Func<BenchSession, MadeJournal> made) =>
        new(name, what, "MB/s", Better.Larger, "floor", 1, session => new Figures(Scan(session, made(session)), floor));

    private static double Scan(BenchSession session, MadeJournal made)
    {
        long bytes = made.FileBytes;
        return Measure.Repeated(session.Rounds, () =>
        {
            MadeJournal.Closing opened = default;
            double seconds = Measure.Seconds(() => opened = new MadeJournal.Closing(made.Scan()));
            opened.Dispose();
            return bytes / 1e6 / seconds;
        });
    }
}

// The growth table: what an entry costs in journals of more and more entries, and of more and more streams.
// Printed in Markdown by BenchRun for `--growth`.
using System.Globalization;
using Refold.Segments;

namespace Refold.Bench;

internal static class Growth
{
    private const int Batch = 1000, Page = 100, Keys = 200, SmallestEntries = 10_000, ManyStreams = 1000;

    // What is read later need not be durable now; flushes would hide what grows.
    private static readonly JournalOptions Unflushed = new() { Segments = new() { Durability = Durability.PowerCutLosesNewest } };

    /// <summary>Measures, and gives the lines of two tables.</summary>
    public static IEnumerable<string> Table(BenchSession session, CancellationToken cancellationToken)
    {
        long most = session.Options.Entries ?? session.Scaled(1_000_000, 20_000);
        var entries = Steps(Math.Min(SmallestEntries, most), most).Select(count => new Size((int)count, ManyStreams)).ToList();
        foreach (string line in Lines(session, "entries", entries, size => size.Entries, cancellationToken)) yield return line;
        yield return "";
        int fixedEntries = session.Scaled(100_000, 5_000);
        var streams = Steps(1, session.Options.Streams ?? session.Scaled(100_000, 100))
            .Select(count => new Size(Math.Max(fixedEntries, (int)count), (int)count)).ToList();
        foreach (string line in Lines(session, "streams", streams, size => size.Streams, cancellationToken)) yield return line;
        foreach (var table in (Func<BenchSession, long, GrowthTable>[])[ProofGrowth.Batches, ProofGrowth.Causes])
        {
            yield return "";
            foreach (string line in Measured(session, table(session, most), cancellationToken)) yield return line;
        }
    }

    private readonly record struct Size(int Entries, int Streams);

    private static IEnumerable<long> Steps(long first, long last)
    {
        for (long step = first; step < last; step *= 10) yield return step;
        yield return last;
    }

    private static IEnumerable<string> Lines(
        BenchSession session, string axis, List<Size> sizes, Func<Size, long> of, CancellationToken cancellationToken)
    {
        var table = new GrowthTable(axis, [.. sizes.Select(of)], number =>
        {
            var size = sizes[number];
            session.Note(string.Create(CultureInfo.InvariantCulture, $"growth: {size.Entries} entries of {size.Streams} streams"));
            return Costs(session, size);
        });
        return Measured(session, table, cancellationToken);
    }

    private static IEnumerable<string> Measured(BenchSession session, GrowthTable table, CancellationToken cancellationToken)
    {
        var costs = table.Sizes.Select((_, number) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return table.Costs(number);
        }).ToList();
        yield return $"| by {table.Axis} | unit | "
            + string.Join(" | ", table.Sizes.Select(size => size.ToString("N0", CultureInfo.InvariantCulture))) + " | last / first |";
        yield return "| --- | --- | " + string.Concat(Enumerable.Repeat("--- | ", costs.Count + 1));
        for (int row = 0; row < costs[0].Count; row++)
        {
            var (name, unit, first) = costs[0][row];
            double?[] figures = [.. costs.Select(cost => cost[row].Cost)];
            double? slope = first > 0 ? figures[^1] / first : null;
            yield return $"| {name} | {unit} | {string.Join(" | ", figures.Select(BenchRun.Text))} | {BenchRun.Text(slope)} |";
        }
    }

    // One journal of the size, closed and opened again before it is read.
    private static List<(string Name, string Unit, double? Cost)> Costs(BenchSession session, Size size)
    {
        var made = MadeJournal.Make(session, "growth", size.Entries, Batch, (count, from) => Tagged(count, size.Streams, from));
        var costs = new List<(string, string, double?)>();
        void Cost(string name, string unit, double? cost) => costs.Add((name, unit, cost));

        Cost("open, closed in order", "ns an entry", Measure.Repeated(session.Rounds, () =>
            Measure.Nanoseconds(size.Entries, () => new MadeJournal.Closing(made.Open()).Dispose())));
        using (var opened = new MadeJournal.Closing(made.Open()))
        {
            Reads(session, size, opened.Journal, Cost);
            Cost("compact with nothing to do", "us", Measure.Repeated(session.Rounds, () =>
                1e6 * Measure.Seconds(() => opened.Journal.CompactAsync(new CompactionRequest.DropDeleted()).Wait())));
        }

        Cost("verify", "ns an entry", Measure.Nanoseconds(size.Entries, () => Require(SegmentJournal.Verify(made.Folder).Ok)));
        string copy = session.NewFolder("growth-merged");
        foreach (string file in Directory.EnumerateFiles(made.Folder)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using (var merged = new MadeJournal.Closing(SegmentJournal.Open(copy)))
        {
            Cost("compact --merge", "ns an entry", Measure.Nanoseconds(size.Entries, () =>
                merged.Journal.CompactAsync(new CompactionRequest.Merge()).Wait()));
        }

        using (var opened = new MadeJournal.Closing(SegmentJournal.Open(made.Folder, Unflushed)))
            Writes(session, size, opened.Journal, Cost);
        Directory.Delete(made.Folder, recursive: true);
        Directory.Delete(copy, recursive: true);
        return costs;
    }

    private static void Reads(BenchSession session, Size size, SegmentJournal journal, Action<string, string, double?> cost)
    {
        var names = Payloads.Names(size.Streams);
        int each = Math.Max(1, size.Entries / size.Streams);
        // As many streams as make up some thousands of entries, taken from everywhere.
        int many = Math.Clamp(5_000 / each, 1, size.Streams);
        StreamId[] some = [.. Enumerable.Range(0, many).Select(number => names[(int)((long)number * size.Streams / many)])];
        long reads = (long)many * Math.Min(each, 5_000);
        cost("read a stream", "ns an entry", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(reads, () =>
            Require(some.Sum(name => journal.ReadStream(name, maxCount: Math.Min(each, 5_000)).LongCount()) == reads))));
        cost("fold", "ns an entry", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(reads, () =>
        {
            foreach (var name in some) journal.FoldAsync(name, Payloads.Binary, Math.Min(each, 5_000)).Wait();
        })));
        var query = Query.WithTags("shelf:7");
        cost("query, a page of 100", "ns an entry", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(Page, () =>
            Require(journal.Query(query, size.Entries / 3, Page).Entries.Count > 0))));
        int listed = Math.Min(Page, size.Streams);
        cost("streams, a page of 100", "ns a stream", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(listed, () =>
            Require(journal.Streams("", size.Streams > 2 * Page ? names[size.Streams / 2] : null, listed).Count > 0))));
        var random = SeededRng.FromSeed(7);
        cost("look up a key that is not there", "ns", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(Keys, () =>
        {
            for (int key = 0; key < Keys; key++)
                Require(journal.FindByKey($"key-{random.NextUInt64()}") is null);
        })));
        Guid[] ids = [
            .. Enumerable.Range(0, Keys).SelectMany(_ => journal.ReadAll(random.Between(1L, size.Entries), 1)).Select(entry => entry.Id)];
        cost("look up an id at random", "ns", Measure.Repeated(session.Rounds, () => Measure.Nanoseconds(ids.Length, () =>
            Require(ids.All(id => journal.FindById(id).Count == 1)))));
    }

    private static void Writes(BenchSession session, Size size, SegmentJournal journal, Action<string, string, double?> cost)
    {
        int number = 0;
        double Append(int count, int batch, Func<int, EntryData[]> make, Func<string?> key) =>
            Measure.Repeated(session.Rounds, () =>
            {
                var parts = make(count).Chunk(batch).Select(part => new AppendRequest(part) { IdempotencyKey = key() }).ToList();
                return Measure.Nanoseconds(count, () => parts.ForEach(part => journal.AppendAsync(part).Wait()));
            });
        cost("append, batches of 1000", "ns an entry", Append(5_000, Batch, count => Tagged(count, size.Streams, 0), () => null));
        cost("append with a new key each, batches of 10", "ns an entry", Append(
            2_000, 10, count => Tagged(count, size.Streams, 0), () => FormattableString.Invariant($"key {++number}")));
        cost("append to a new stream each, batches of 1000", "ns an entry", Append(
            5_000, Batch,
            count => [.. Tagged(count, 1, 0).Select(entry => entry with { Stream = FormattableString.Invariant($"new/{++number}") })],
            () => null));
    }

    private static EntryData[] Tagged(int count, int streams, int from) =>
    [
        .. Payloads.Entries(count, streams, from).Select((entry, index) =>
            entry with { Tags = [FormattableString.Invariant($"shelf:{(from + index) % 100}")] }),
    ];

    private static void Require(bool isRight)
    {
        if (!isRight) throw new InvalidOperationException("The journal did not answer what it holds.");
    }
}

// Rows of memory: bytes an entry on disk and in memory, and the peak while a large journal is opened and folded.
// Part of the tool's own rows.
using System.Globalization;

namespace Refold.Bench;

internal static class MemoryRows
{
    private const long DefaultEntries = 10_000_000;

    public static IEnumerable<Row> All =>
    [
        Row.Alone("memory.disk", "Bytes of an entry on disk beyond its payload, batches of 100 of one stream", "B", session =>
        {
            var made = MadeJournal.OfOneStream(session);
            return (made.FileBytes / (double)made.Entries) - Payloads.Bytes;
        }),
        Row.Alone("memory.open", "Bytes of an entry that an open journal keeps in memory, one stream", "B", session =>
            Held(MadeJournal.OfOneStream(session))),
        Row.Alone("memory.open.streams", "Bytes of an entry that an open journal keeps in memory, 1000 streams", "B", session =>
            Held(MadeJournal.OfManyStreams(session))),
        Row.Alone("memory.journal", "Bytes of an entry in a journal in memory beyond its payload", "B", HeldInMemory),
        new(
            "memory.peak",
            "Growth of the process's own resident memory (files that are mapped apart) to its peak while a journal of "
            + "--entries (10 million) is opened and folded",
            "MiB", Better.Smaller, "none", null, Peak),
    ];

    private static double Held(MadeJournal made)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var opened = new MadeJournal.Closing(made.Open());
        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)made.Entries;
        GC.KeepAlive(opened.Journal);
        return bytes;
    }

    private static double HeldInMemory(BenchSession session)
    {
        int count = session.Scaled(200_000, 2_000);
        var entries = Payloads.Entries(count, 100);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var journal = new InMemoryJournal();
        MadeJournal.Append(journal, entries, 100);
        // The payloads are the caller's as long as the caller has them; a journal that copies them holds them too.
        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
        GC.KeepAlive(entries);
        journal.DisposeAsync().Wait();
        return bytes;
    }

    private static Figures Peak(BenchSession session)
    {
        if (!OperatingSystem.IsLinux()) return new Figures(null, null) { Absent = "the peak is read from /proc, which only Linux has" };
        int entries = (int)(session.Options.Entries ?? session.Scaled((int)DefaultEntries, 5_000));
        var made = MadeJournal.Make(session, "peak", entries, 1000, (count, from) => Payloads.Entries(count, 1, from));
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long before = Own(), peak = before;
        using (var ended = new ManualResetEventSlim())
        {
            // The system keeps the highest of all that is resident, mapped files too; what is the process's own is looked at every few ms.
            var watch = Task.Factory.StartNew(
                () =>
                {
                    do peak = Math.Max(peak, Own());
                    while (!ended.Wait(5));
                },
                TaskCreationOptions.LongRunning);
            using (var opened = new MadeJournal.Closing(made.Open())) opened.Journal.FoldAsync(Payloads.One, Payloads.Binary).Wait();
            ended.Set();
            watch.Wait();
        }

        Directory.Delete(made.Folder, recursive: true);
        return new Figures((peak - before) / 1024.0, null)
        {
            Beside = string.Create(CultureInfo.InvariantCulture, $"{entries} entries"),
        };
    }

    // In KiB.
    private static long Own()
    {
        string line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line["RssAnon:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}

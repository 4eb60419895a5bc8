// One history in every place where a journal can be: stores, copies, imports, compactions, with and without its beginning.
// Used by the tests of what reports say of it.
using System.Globalization;
using System.Text;
using Refold.LiteDb.Storage;
using Refold.Segments;

namespace Refold.Suites;

internal static class SameHistory
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Small segments, so that there is something to merge and to drop.</summary>
    public static JournalOptions Small { get; } = new() { Segments = new() { SegmentBytes = SegmentJournal.MinSegmentBytes } };

    /// <summary>The projections that read everything, by each kind of source.</summary>
    public static IReadOnlyList<Projection<long>> Projections { get; } =
    [
        Of("all"), Of("streams", new ProjectionSource.Stream("a/2"), new ProjectionSource.Stream("a/1")),
        Of("types", new ProjectionSource.Type("T"), new ProjectionSource.Type("\u00fc")), Of("tags", new ProjectionSource.Tag("x")),
        Of("mixed", new ProjectionSource.Stream("a/1"), new ProjectionSource.Type("T"), new ProjectionSource.Tag("x")),
        Of("none", new ProjectionSource.Stream("nobody")),
    ];

    /// <summary>A projection whose state tells the order of what it folded.</summary>
    public static Projection<long> Of(string id, params ProjectionSource[] sources) => Projection.Create(
        id, 1, sources, 7L, (state, entry) => unchecked((state * 31) + entry.Position), Numbers.Codec);

    /// <summary>The time of a batch; some are out of order.</summary>
    public static DateTimeOffset TimeOf(int batch) => Noon.AddMilliseconds((1500.7 * batch) - (batch % 5 == 3 ? 4000 : 0));

    /// <summary>Appends batches of several streams, types, tags, keys, and of payloads that fill segments.</summary>
    public static async Task FillAsync(IJournal journal, int from = 0, int count = 60)
    {
        for (var number = from; number < from + count; number++)
        {
            List<EntryData> entries =
            [
                Entry("a/" + (number % 3), number % 2 == 0 ? "T" : "\u00fc", number, number % 4 == 0 ? ["x", "I\u0130i\u0131"] : []),
                Entry("b", "V", number),
            ];
            // The latest so far: where it goes, its time stays that of the place.
            if (number % 7 == 0) entries.Add(Entry("gone", "W", number) with { Time = TimeOf(number).AddSeconds(10) });
            await journal.AppendAsync(new AppendRequest(entries)
            {
                IdempotencyKey = number % 6 == 0 ? "key " + number.ToString(CultureInfo.InvariantCulture) : null,
            });
        }
    }

    /// <summary>The history wherever a journal can be; the first is the one in memory.</summary>
    /// <param name="directory">Where files are made.</param>
    /// <returns>Names, and journals that are open; to be disposed.</returns>
    public static async Task<IReadOnlyList<(string Name, ILocalJournal Journal)>> EverywhereAsync(TemporaryDirectory directory)
    {
        var found = new List<(string, ILocalJournal)>();
        var memory = await AddAsync("memory", new InMemoryJournal());
        await FillAsync(memory);
        string first = directory.File("segments");
        await using (var written = SegmentJournal.Open(first, Small)) await FillAsync(written);

        // Opened again, copied, moved into the other store and back.
        foreach (var (name, to) in new[] { ("copied", "copy"), ("merged", "merged"), ("without a stream", "dropped") })
        {
            JournalCopy.Run(new DirectoryDevice(first), new DirectoryDevice(directory.File(to)));
            var copy = SegmentJournal.Open(directory.File(to), Small);
            if (to == "merged") await copy.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
            if (to == "dropped") await copy.CompactAsync(new CompactionRequest.DeleteStream("gone"));
            await AddAsync(name, copy);
        }

        JournalBackup.Make(new DirectoryDevice(first), new DirectoryDevice(directory.File("backup")));
        await AddAsync("restored from a backup", SegmentJournal.Open(directory.File("backup"), Small));
        LiteDbFiles.Write(new LocalDatabaseFiles(directory.File("moved.db")), SegmentTransfer.Read(new DirectoryDevice(first)));
        await AddAsync("moved to LiteDB", LiteDbJournal.Open(directory.File("moved.db")));
        await using (var written = LiteDbJournal.Open(directory.File("own.db"))) await FillAsync(written);
        SegmentTransfer.Write(
            new DirectoryDevice(directory.File("back")), LiteDbFiles.Read(new LocalDatabaseFiles(directory.File("own.db"))));
        await AddAsync("moved from LiteDB", SegmentJournal.Open(directory.File("back")));
        var own = (LiteDbJournal)await AddAsync("LiteDB, opened again", LiteDbJournal.Open(directory.File("own.db")));
        await own.BackupAsync(directory.File("backup.db"));
        LiteDbFiles.Compact(new LocalDatabaseFiles(directory.File("backup.db")));
        await AddAsync("LiteDB, backed up and compacted", LiteDbJournal.Open(directory.File("backup.db")));

        // Line by line and batch by batch.
        var lines = directory.Write("lines", RefoldTool.Run("export", "--journal", "segments:" + first).Expect(0).Output);
        foreach (var place in new[] { "segments:" + directory.File("imported"), "litedb:" + directory.File("imported.db") })
        {
            RefoldTool.Run("import", lines, "--journal", place).Expect(0);
            await AddAsync("imported, " + place[..place.IndexOf(':', StringComparison.Ordinal)], Journal.Open(place));
        }

        var restored = await AddAsync("restored in memory", new InMemoryJournal());
        foreach (var batch in memory.ReadAll().GroupBy(entry => entry.Batch)) await restored.RestoreAsync([.. batch]);
        await AddAsync("segments, opened again", SegmentJournal.Open(first, Small));
        return found;

        Task<ILocalJournal> AddAsync(string name, ILocalJournal journal)
        {
            found.Add((name, journal));
            return Task.FromResult(journal);
        }
    }

    /// <summary>The same journal in each store without its beginning, and the head behind that.</summary>
    public static async Task<IReadOnlyList<(string Name, ILocalJournal Journal, Head Begin)>> WithoutBeginningAsync(long position)
    {
        var device = new MemoryDevice();
        var segments = SegmentJournal.Open(device, Small);
        await FillAsync(segments);
        await segments.CompactAsync(new CompactionRequest.RetainFrom(position));
        var begin = segments.Begin;
        await segments.DisposeAsync();
        var files = new SimulatedFiles();
        LiteDbFiles.Write(files, SegmentTransfer.Read(device));
        var memory = new InMemoryJournal();
        await FillAsync(memory);
        memory.DropTo(begin.Position);
        return
        [
            ("memory", memory, begin), ("segments", SegmentJournal.Open(device, Small), begin),
            ("litedb", LiteDbJournal.Open(files), begin),
        ];
    }

    private static EntryData Entry(string stream, string type, int number, params string[] tags) =>
        new(stream, type, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{number} {new string('p', 100)}\"")))
        {
            Tags = tags,
            Time = TimeOf(number),
        };
}

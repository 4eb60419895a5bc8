// What opening and finding cost: reads of the device, counted. Sealed segments are asked in their footers, and few files stay open.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class IndexPartsTests
{
    /// <summary>Counts the reads of segment files but the last, which is scanned.</summary>
    private sealed class Counted
    {
        private readonly string last;

        public Counted(MemoryDevice device)
        {
            last = device.List().Last(name => name.EndsWith(".seg", StringComparison.Ordinal));
            Device = new WatchedDevice(device, (name, _, length) =>
            {
                if (!name.EndsWith(".seg", StringComparison.Ordinal) || name == last) return;
                Reads++;
                Bytes += length;
                Files.Add(name);
            });
        }

        public WatchedDevice Device { get; }

        public int Reads { get; private set; }

        public long Bytes { get; private set; }

        public HashSet<string> Files { get; } = [];

        public void Clear()
        {
            (Reads, Bytes) = (0, 0);
            Files.Clear();
        }
    }

    /// <summary>Segments with so many entries each: a stream, a key and a tag of their own, and a tag that all have.</summary>
    private static async Task<MemoryDevice> FilledAsync(int segments, int entries)
    {
        var device = new MemoryDevice();
        // Each segment is ended by a batch that is too large for the rest of it.
        var options = new JournalOptions { Segments = new() { SegmentBytes = 4096 + entries * 400 } };
        await using var journal = SegmentJournal.Open(device, options);
        for (var segment = 0; segment < segments; segment++)
        {
            await journal.Append(Samples.Entry("large", new string('x', options.Segments.SegmentBytes!.Value - 400)));
            if (segment == segments - 1) break;
            for (var entry = 0; entry < entries; entry++)
                await journal.AppendAsync(new AppendRequest(Samples.Entry($"s {segment} {entry}", "{}", "all", $"own {segment} {entry}"))
                {
                    IdempotencyKey = $"k {segment} {entry}"
                });
        }

        Assert.InRange(device.List().Count(name => name.EndsWith(".seg", StringComparison.Ordinal)), 2 * segments - 1, 2 * segments);
        return device;
    }

    [Fact]
    public async Task Defect26_OpeningByFooter_CostsAsMuchForManyEntriesAsForFew()
    {
        var costs = new List<(int Reads, long Bytes)>();
        foreach (var entries in (int[])[2, 20, 200])
        {
            var counted = new Counted(await FilledAsync(6, entries));
            await using var journal = SegmentJournal.Open(counted.Device, Samples.ReadOnly);
            Assert.Equal(OpeningPath.Footers, journal.Opened.Path);
            Assert.Equal(5 * entries + 6, journal.Restored);
            costs.Add((counted.Reads, counted.Bytes));
        }

        Assert.Single(costs.Distinct());
        // Of each segment a page, and of the last one before the tail what the batches before come to.
        Assert.InRange(costs[0].Bytes, 1, 12 * (4096 + 5 * 128));
    }

    [Fact]
    public async Task Defect27_AQueryCostsWhatItsAnswerDoes_OnEveryPage()
    {
        var counted = new Counted(await FilledAsync(20, 100));
        await using (var journal = SegmentJournal.Open(counted.Device, Samples.ReadOnly))
        {
            counted.Clear();
            Assert.Equal("s 7 50", Assert.Single(journal.Query(Query.WithTags("own 7 50")).Entries).Stream.Value);
            // A filter's page or less for each segment that has nothing, some pages and a frame for the one that has it.
            Assert.InRange(counted.Reads, 1, 20 + 20 + 12);
        }

        // Each page of an answer reads its own entries, wherever it begins, and no more files than they lie in.
        for (var from = 1L; from < 1900; from += 300)
        {
            counted.Clear();
            await using var journal = SegmentJournal.Open(counted.Device, Samples.ReadOnly);
            counted.Clear();
            var page = journal.Query(Query.WithTags("all"), from, 5).Entries;
            Assert.Equal(5, page.Count);
            Assert.InRange(counted.Files.Count, 1, 4);
            Assert.InRange(counted.Reads, 1, 30);
        }
    }

    [Fact]
    public async Task UnknownStreamsAndKeys_AreToldByAPageOfEachSegment_WhichIsNotReadAgain()
    {
        var counted = new Counted(await FilledAsync(20, 100));
        await using var journal = SegmentJournal.Open(counted.Device, Samples.ReadOnly);
        counted.Clear();
        Assert.Equal(0, journal.HighestVersion("nobody"));
        Assert.InRange(counted.Reads, 20, 2 * 39);
        counted.Clear();
        for (var number = 0; number < 200; number++)
        {
            Assert.Equal(0, journal.HighestVersion("nobody " + number));
            Assert.Null(journal.FindByKey("nothing " + number));
        }

        // One name in a hundred seems to be there, until the rows are asked: some pages more, once.
        Assert.InRange(counted.Reads, 0, 39 * 8);
        var before = counted.Reads;
        for (var number = 0; number < 200; number++) Assert.Null(journal.FindByKey("nothing " + number));
        Assert.Equal(before, counted.Reads);
    }

    [Fact]
    public async Task ManySegments_AreReadWithFewOpenFiles()
    {
        var inner = new MemoryDevice();
        var options = new JournalOptions { Segments = new() { SegmentBytes = SegmentJournal.MinSegmentBytes } };
        await using (var journal = SegmentJournal.Open(inner, options))
        {
            for (var number = 0; number < 300; number++) await journal.Append(Samples.Entry("s" + number % 7, new string('x', 200), "a"));
        }

        List<string> expected;
        await using (var journal = SegmentJournal.Open(inner, Samples.ReadOnly))
        {
            Assert.InRange(journal.Segments.Count, 290, 301);
            expected = journal.Everything();
        }

        var most = 0;
        var device = new ReplacedDevice(inner);
        device.Opening = _ => most = Math.Max(most, device.OpenFiles + 1);
        await using (var journal = SegmentJournal.Open(device, options.With(s => s with { OpenFiles = 8 })))
        {
            Assert.Equal(expected, journal.Everything());
            for (var number = 0; number < 20; number++) await journal.Append(Samples.Entry("s" + number % 7, new string('y', 200), "b"));
            Assert.Equal(320, journal.ReadAll().Count());
        }

        // The budget, the one that is written, COMMIT, and one that is just being opened.
        Assert.InRange(most, 8, 11);
        Assert.Equal(0, device.OpenFiles);
        Assert.Throws<ArgumentOutOfRangeException>(() => SegmentJournal.Open(inner, options.With(s => s with { OpenFiles = 0 })));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public async Task ReadsInFlight_GoOnInWhatCompactionMade_WhereTheirFilesAreGone(int openFiles)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Small.With(s => s with { OpenFiles = openFiles }));
        for (var number = 0; number < 60; number++) await journal.Append(Samples.Entry("s" + number % 3, new string('x', 100), "a"));
        List<string> expected = [.. journal.ReadAll().Select(entry => entry.ToString())];
        for (var begun = 0; begun < 50; begun += 7)
        {
            using var all = journal.ReadAll().GetEnumerator();
            using var stream = journal.ReadStream("s1").GetEnumerator();
            var (read, versions) = (new List<string>(), new List<long>());
            for (var number = 0; number < begun && all.MoveNext(); number++) read.Add(all.Current.ToString());
            Assert.True(stream.MoveNext());
            versions.Add(stream.Current.Version);
            await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 3000 + 500 * begun });
            while (all.MoveNext()) read.Add(all.Current.ToString());
            while (stream.MoveNext()) versions.Add(stream.Current.Version);
            Assert.Equal(expected, read);
            Assert.Equal(Enumerable.Range(1, 20).Select(version => (long)version), versions);
        }
    }

    [Fact]
    public async Task AnAppendThatNeedsADamagedPage_IsNotAppended()
    {
        var device = await FilledAsync(3, 100);
        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        var first = plan!.Segments.First(segment => segment.Trailer?.Value.Entries > 1);
        var (name, trailer) = (first.Name.ToString(), first.Trailer!.Value);
        await using var journal = SegmentJournal.Open(device, new JournalOptions());
        using (var file = device.Open(name, writable: true))
        {
            // Every page but the root, which was read.
            for (var page = 1; page < trailer.Pages; page++)
                file.Write([1, 2, 3], trailer.FooterOffset + page * Format.PageModule.bytes + 500);
        }

        var head = journal.Head;
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(number => journal.TryAppendAsync(new AppendRequest(Samples.Entry("s 0 5"))).AsTask()));
        foreach (var answer in answers)
            Assert.IsType<AppendFailure.Unavailable>(Assert.IsType<AppendResult.NotAppended>(answer).Failure);
        Assert.Equal(head, journal.Head);
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.HighestVersion("s 0 5")).File);
    }

    [Fact]
    public async Task AFileThatIsGoneForGood_IsNamed()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            for (var number = 0; number < 30; number++) await journal.Append(Samples.Entry("s", new string('x', 100)));
        }

        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { OpenFiles = 1 }));
        var names = FileNames.Segments(device).ConvertAll(name => name.ToString());
        _ = reader.ReadAll(30).Count();
        device.Delete(names[2]);
        var gone = Assert.ThrowsAny<JournalException>(() => reader.ReadAll().Count());
        Assert.Equal("segment-gone", gone.Code);
        Assert.Contains(names[2], gone.Message, StringComparison.Ordinal);
    }
}

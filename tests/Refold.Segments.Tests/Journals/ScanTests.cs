// Scans of segment files: the same as reads from every place, whatever happens meanwhile. Of damaged files: ScanDamageTests.
// Run by `dotnet test`. That they are equal after crashes and compactions is compared by the crash suites, for other stores by the kit.
using Xunit;

namespace Refold.Segments.Tests;

public class ScanTests
{
    internal static readonly StreamId[] Streams = ["a", "b", "c"];

    /// <summary>Durability is what decides whether blocks have gaps.</summary>
    [Theory]
    [InlineData(Durability.Flushed)]
    [InlineData(Durability.Padded)]
    public async Task AScan_HandsOutWhatAReadReads_FromEveryPlaceAndToEveryCount(Durability durability)
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(durability));
        await FillAsync(journal);
        await journal.DeleteToAsync("b", 4);
        for (var from = 0L; from <= journal.Head.Position + 1; from++)
        {
            foreach (var most in new[] { 0, 1, 3, long.MaxValue })
                Assert.Equal(journal.ReadAll(from, most), Scanned(visitor => journal.ScanAll(visitor, from, most)));
        }

        foreach (var stream in Streams)
        {
            var floor = stream == "b" ? 4 : 0;
            for (var from = floor + 1; from <= journal.HighestVersion(stream) + 1; from++)
            {
                var scanned = Scanned(visitor => journal.ScanStream(stream, visitor, from, from + 5, 4));
                Assert.Equal(journal.ReadStream(stream, from, from + 5, 4), scanned);
            }
        }

        Assert.Throws<EntriesDroppedException>(() => journal.ScanStream("b", (in EntryView _) => true, 4));
        Assert.Equal(0, journal.ScanStream("none", (in EntryView _) => true));
    }

    [Fact]
    public async Task AVisitorThatHasEnough_IsGivenNoMore_AndWhatItThrowsIsThrown()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed));
        await FillAsync(journal);
        var given = 0;
        Assert.Equal(7, journal.ScanAll((in EntryView _) => ++given < 7));
        Assert.Equal(2, journal.ScanStream("a", (in EntryView entry) => entry.Version < 2));
        Assert.Equal(7, given);
        Assert.Throws<NotSupportedException>(() => journal.ScanAll((in EntryView _) => throw new NotSupportedException()));
        Assert.Throws<NotSupportedException>(() => journal.ScanStream("a", (in EntryView _) => throw new NotSupportedException()));
        await journal.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => journal.ScanAll((in EntryView _) => true));
    }

    /// <summary>Appended, merged and dropped while a visitor is at work: it is given what was there at the call, once.</summary>
    [Fact]
    public async Task AScan_GoesOnInWhatReplacedItsFiles_ToTheHeadOfItsCall()
    {
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed).With(s => s with { OpenFiles = 1 }));
        await FillAsync(journal);
        var expected = journal.ReadAll().ToList();
        var found = new List<JournalEntry>();
        journal.ScanAll((in EntryView entry) =>
        {
            found.Add(entry.ToEntry());
            if (found.Count % 10 != 1) return true;
            Task.Run(async () =>
            {
                await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
                await journal.AppendAsync(new AppendRequest(Samples.Entry("a", "later")));
            }).GetAwaiter().GetResult();
            return true;
        });
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task AScan_EndsWithTheHeadOfItsCall_AlsoWhereThatIsDroppedMeanwhile()
    {
        // With few files open at a time, those to come are gone when they are asked for.
        await using var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed).With(s => s with { OpenFiles = 1 }));
        await FillAsync(journal);
        var head = journal.Head.Position;
        var found = new List<long>();
        journal.ScanAll((in EntryView entry) =>
        {
            found.Add(entry.Position);
            if (found.Count > 1) return true;
            Task.Run(async () =>
            {
                await FillAsync(journal);
                await journal.CompactAsync(new CompactionRequest.RetainFrom(head + 10));
            }).GetAwaiter().GetResult();
            return true;
        });
        Assert.All(found, position => Assert.InRange(position, 1, head));
        Assert.Equal(found.Order().Distinct(), found);
    }

    [Fact]
    public async Task ASegmentThatHasOnlyADeletion_IsPassed_ByItsFramesAndByItsFooter()
    {
        var device = new MemoryDevice();
        var options = Options(Durability.Flushed);
        List<JournalEntry> expected;
        await using (var journal = SegmentJournal.Open(device, options))
        {
            await FillAsync(journal);
            var before = SmallJournal.Segments(device).Count;
            var version = 0L;
            // Up to a deletion with which a segment begins, and a batch that does not fit behind it.
            while (SmallJournal.Segments(device).Count < before + 1 || version < 4) await journal.DeleteToAsync("b", ++version);
            await journal.AppendAsync(new AppendRequest(Samples.Entry("a", new string('x', 4000))));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("c")));
            expected = [.. journal.ReadAll()];
            Assert.Equal(expected, Scanned(visitor => journal.ScanAll(visitor)));
        }

        foreach (var footers in new[] { true, false })
        {
            await using var journal = SegmentJournal.Open(
                device, options.With(s => s with { Opening = new() { Footers = footers, Checkpoint = footers } }));
            Assert.Equal(expected, Scanned(visitor => journal.ScanAll(visitor)));
        }
    }

    /// <summary>What a visitor throws is its own, also where it is what a file of this journal that is gone would throw.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AVisitorThatMissesAFileOfAnotherJournal_IsHeard(bool readOnly)
    {
        var device = new MemoryDevice();
        await using var begun = SegmentJournal.Open(device, Options(Durability.Flushed));
        await FillAsync(begun);
        await using var journal = readOnly ? SegmentJournal.Open(device, Samples.ReadOnly) : begun;
        var given = 0;
        bool Visit(in EntryView entry) => ++given < 3 ? true : throw new SegmentGoneException("another", new FileNotFoundException());
        Assert.Throws<SegmentGoneException>(() => journal.ScanAll(Visit));
        Assert.Equal(3, given);
        given = 0;
        Assert.Throws<SegmentGoneException>(() => journal.ScanStream("a", Visit));
        Assert.Equal(3, given);
    }

    [Fact]
    public async Task AReadThatIsUnderWay_EndsWhereTheJournalIsClosed()
    {
        var journal = SegmentJournal.Open(new MemoryDevice(), Options(Durability.Flushed));
        await FillAsync(journal);
        using var entries = journal.ReadAll().GetEnumerator();
        // By the third, more than one piece was read ahead.
        Assert.True(entries.MoveNext() && entries.MoveNext() && entries.MoveNext());
        await journal.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => entries.MoveNext());
    }

    internal static List<JournalEntry> Scanned(Func<EntryVisitor, long> scan)
    {
        var found = new List<JournalEntry>();
        var count = scan((in EntryView entry) =>
        {
            found.Add(entry.ToEntry());
            return true;
        });
        Assert.Equal(found.Count, count);
        return found;
    }

    internal static JournalOptions Options(Durability durability) => Samples.Small.With(s => s with
    {
        Durability = durability,
        SegmentBytes = durability == Durability.Padded ? 6 * 4096 : 2048,
    });

    internal static async Task FillAsync(SegmentJournal journal)
    {
        for (var batch = 0; batch < 12; batch++)
        {
            var entries = Enumerable.Range(0, batch % 4 + 1).Select(number =>
                Samples.Entry(Streams[(batch + number) % 3].Value, new string('x', 10 * number), "tag:" + number));
            await journal.AppendAsync(new AppendRequest([.. entries]));
        }
    }
}

// What a read of one stream among many asks of the system, counted; never time. And what it hands out before a row that cannot be read.
// Run by `dotnet test`.
using System.Buffers.Binary;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class ReadCostTests(ITestOutputHelper output)
{
    private const int Each = 400;

    /// <summary>Entries of 20 streams lie some 5 KB apart, of 400 streams 100 KB: in sealed segments and in the one that is
    /// written.</summary>
    /// <param name="streams">How many streams are dealt entries in turn.</param>
    /// <param name="mostReads">The most reads of the system for each entry, with all pages of the index in memory.</param>
    /// <param name="mostBytes">The most bytes for each entry.</param>
    [Theory]
    [InlineData(1, 0.02, 1_000)]
    [InlineData(20, 0.1, 8_000)]
    [InlineData(400, 1.01, 400)]
    public async Task EntriesNearEachOther_ComeWithOneRead_AndThoseFarApartAlone(int streams, double mostReads, double mostBytes)
    {
        var (reads, bytes) = (0L, 0L);
        var device = await FilledAsync(streams, 4 * 1024 * 1024);
        foreach (var asObjects in new[] { false, true })
        {
            await using var journal = SegmentJournal.Open(
                new WatchedDevice(device, (_, _, length) => (reads, bytes) = (reads + 1, bytes + length)), Samples.ReadOnly);
            StreamId name = "s0";
            Assert.Equal(Each, journal.ReadStream(name).Count());
            (reads, bytes) = (0, 0);
            var count = asObjects ? journal.ReadStream(name).Count() : journal.ScanStream(name, (in EntryView _) => true);
            output.WriteLine($"{streams} streams: {reads} reads, {bytes} bytes for {count} entries");
            Assert.Equal(Each, count);
            // A look at COMMIT before, and the first entries of a read, of which nobody knows whether it goes on.
            Assert.InRange(reads, 1, (long)(mostReads * Each) + 5);
            Assert.InRange(bytes, 1, (long)(mostBytes * Each) + 10_000);
        }
    }

    /// <summary>Whoever takes one entry, or stops after it, pays for no more than the one behind it.</summary>
    [Fact]
    public async Task AReadThatStops_ReadsLittleAhead()
    {
        var bytes = 0L;
        var device = await FilledAsync(20, 4 * 1024 * 1024);
        await using var journal = SegmentJournal.Open(new WatchedDevice(device, (_, _, length) => bytes += length), Samples.ReadOnly);
        Assert.Equal(Each, journal.ReadStream("s0").Count());
        bytes = 0;
        Assert.Equal(1, journal.ReadStream("s0", maxCount: 1).Single().Version);
        Assert.InRange(bytes, 1, 4096 + 400);
        bytes = 0;
        Assert.Equal(1, journal.ReadStream("s0").First().Version);
        Assert.InRange(bytes, 1, 4096 + 8_000);
    }

    /// <summary>A page of rows that is damaged, or that the device does not give, ends the read at the first entry that needs it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EntriesBeforeARowThatCannotBeRead_AreHandedOut(bool isDamaged)
    {
        const int RowsInAPage = (4096 - 24) / 48, Page = 2;
        var device = await FilledAsync(1, 64 * 1024);
        var name = FileNames.Segments(device)[0].ToString();
        var content = device.Content(name);
        var header = Format.SegmentHeaderModule.decode(content).ResultValue;
        var last = content.AsMemory(content.Length - Format.SegmentTrailerModule.bytes);
        var trailer = Interop.FollowTranslation.Trailer(header, content.Length, last)!;
        Assert.InRange(trailer.Entries, (Page * RowsInAPage) + 1, Each);
        // Behind the root: the rows of entries.
        var page = trailer.FooterOffset + ((1 + Page) * 4096);
        Assert.Equal(Page * RowsInAPage, BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan((int)page + 8)));
        if (isDamaged) content[page + 100] ^= 1;
        var watched = new WatchedDevice(device.With(name, content), (read, offset, _) =>
        {
            if (!isDamaged && read == name && offset == page) throw new IOException("Input/output error");
        });
        await using var journal = SegmentJournal.Open(watched, Samples.ReadOnly);
        var versions = new List<long>();
        Assert.ThrowsAny<JournalException>(() => journal.ScanStream("s0", (in EntryView entry) =>
        {
            versions.Add(entry.Version);
            return true;
        }));
        Assert.Equal(Enumerable.Range(1, Page * RowsInAPage).Select(version => (long)version), versions);
        versions.Clear();
        Assert.ThrowsAny<JournalException>(() => versions.AddRange(journal.ReadStream("s0").Select(entry => entry.Version)));
        using var read = journal.ReadStream("s0").GetEnumerator();
        for (var version = 1; version <= Page * RowsInAPage; version++) Assert.True(read.MoveNext());
        Assert.ThrowsAny<JournalException>(() => read.MoveNext());
    }

    private static async Task<MemoryDevice> FilledAsync(int streams, int segmentBytes)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = segmentBytes } });
        for (var number = 0; number < Each; number++)
        {
            await journal.AppendAsync(new AppendRequest(
                [.. Enumerable.Range(0, streams).Select(stream => Samples.Entry("s" + stream, new string('x', 100)))]));
        }

        return device;
    }
}

// What an answer costs in journals of few segments and of many: bytes set aside and pages read, counted; never time.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class GrowthTests
{
    /// <summary>So many segments, each with a stream, a key and an id of its own for each of its entries, and tags that come in
    /// all.</summary>
    private static async Task<MemoryDevice> FilledAsync(int segments, int entries)
    {
        var device = new MemoryDevice();
        var options = new JournalOptions { Segments = new() { SegmentBytes = 4096 + entries * 400 } };
        await using var journal = SegmentJournal.Open(device, options);
        for (var segment = 0; segment < segments; segment++)
        {
            await journal.Append(Samples.Entry("large", new string('x', options.Segments.SegmentBytes!.Value - 400)));
            if (segment == segments - 1) break;
            for (var entry = 0; entry < entries; entry++)
            {
                await journal.AppendAsync(new AppendRequest(
                    Samples.Entry($"s {segment:D4} {entry:D4}", "{}", "all", entry % Math.Max(1, entries / 25) == 0 ? "some" : "most"))
                {
                    IdempotencyKey = $"k {segment} {entry}",
                });
            }
        }

        return device;
    }

    private static async Task<long> AllocatedAsync(MemoryDevice device, Action<SegmentJournal> question)
    {
        await using var journal = SegmentJournal.Open(device, Samples.ReadOnly);
        return Allocations.Least(() => question(journal));
    }

    // A bit for each segment, twice, is all that grows.
    private static void AssertFlat(long few, long many, int moreSegments) =>
        Assert.True(many <= few + 2 * moreSegments / 8 + 64, $"{few} bytes for few segments, {many} for {moreSegments} more");

    [Fact]
    public async Task WhatIsNotThere_CostsNoMoreAmongManySegments()
    {
        var (few, many) = (await FilledAsync(4, 70), await FilledAsync(84, 70));
        foreach (var question in (Action<SegmentJournal>[])[
            journal => Assert.Null(journal.FindByKey("no key 1")),
            journal => Assert.Equal(0, journal.HighestVersion("nobody")),
            journal => Assert.Empty(journal.ReadStream("no stream")),
            journal => Assert.Empty(journal.Query(Query.WithTags("no tag")).Entries),
            journal => Assert.Empty(journal.Query(Query.WithTags("all", "no tag")).Entries),
            journal => Assert.Empty(journal.Query(Query.Any(new QueryItem(["No type"], []), new QueryItem([], ["no tag"]))).Entries)])
        {
            AssertFlat(await AllocatedAsync(few, question), await AllocatedAsync(many, question), 2 * 80);
        }
    }

    [Fact]
    public async Task WhatIsInOneOldSegment_CostsNoMoreAmongManyOthers()
    {
        var (few, many) = (await FilledAsync(4, 70), await FilledAsync(84, 70));
        foreach (var question in (Action<SegmentJournal>[])[
            journal => Assert.NotNull(journal.FindByKey("k 1 5")),
            journal => Assert.Single(journal.ReadStream("s 0001 0005"))])
        {
            // A filter or two in a hundred allows what it should not: the rows tell.
            var (cheap, dear) = (await AllocatedAsync(few, question), await AllocatedAsync(many, question));
            Assert.True(dear <= cheap + 2 * 2 * 80 / 8 + 6000, $"{cheap} bytes among few segments, {dear} among many");
        }
    }

    [Fact]
    public async Task APageOfAQuery_CostsWhatIsOnIt_HoweverManyStreamsAndPostingsTheSegmentHas()
    {
        var (small, large) = (await FilledAsync(3, 400), await FilledAsync(3, 4000));
        // As many matches, and ten times as far apart.
        void Ask(SegmentJournal journal) => Assert.Equal(20, journal.Query(Query.WithTags("some"), 2, 20).Entries.Count);
        var (few, many) = (await AllocatedAsync(small, Ask), await AllocatedAsync(large, Ask));
        Assert.True(many <= few + few / 4, $"{few} bytes in a small segment, {many} in a large one");
    }

    [Fact]
    public async Task APageOfStreams_CostsWhatIsOnIt_HoweverManyThereAre()
    {
        var costs = new List<(long Bytes, long Reads)>();
        foreach (var entries in (int[])[300, 3000])
        {
            var device = await FilledAsync(3, entries);
            var reads = 0;
            var watched = new WatchedDevice(device, (_, _, _) => reads++);
            await using var journal = SegmentJournal.Open(watched, Samples.ReadOnly);
            reads = 0;
            Assert.Equal(10, journal.Streams("s 0001", "s 0001 0200", 10).Count);
            var first = reads;
            costs.Add((Allocations.Least(() => Assert.Equal(10, journal.Streams("s 0001", "s 0001 0200", 10).Count)), first));
        }

        Assert.True(costs[1].Bytes <= costs[0].Bytes * 5 / 4, $"{costs[0].Bytes} bytes of few streams, {costs[1].Bytes} of many");
        // Halving over ten times as many pages.
        Assert.InRange(costs[1].Reads, 1, costs[0].Reads + 3 * 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PagesOfStreams_AreThoseOfTheWholeList_WhileStreamsCome(bool reopens)
    {
        var rng = SeededRng.FromSeed(11);
        var device = new MemoryDevice();
        await using var model = new InMemoryJournal();
        var journal = SegmentJournal.Open(device, Samples.Small);
        for (var round = 0; round < 60; round++)
        {
            for (var number = rng.Between(1, 12); number > 0; number--)
            {
                var name = rng.Pick(["a", "a/b", "\u00e9", "\U0001F600", "\uFF5E", "z"]) + rng.Between(0, 60);
                var entry = Samples.Entry(name, new string('x', rng.Between(0, 90)));
                await journal.Append(entry);
                await model.Append(entry);
                if (!rng.Chance(0.1)) continue;
                var upTo = rng.Between(1, (int)model.HighestVersion(name));
                await journal.DeleteToAsync(name, upTo);
                await model.DeleteToAsync(name, upTo);
            }

            if (round % 9 == 8)
                await journal.CompactAsync(rng.NextBoolean() ? new CompactionRequest.DropDeleted() : new CompactionRequest.Merge());
            if (reopens && round % 10 == 3)
            {
                await journal.DisposeAsync();
                journal = SegmentJournal.Open(device, Samples.Small.With(s => s with { Opening = new() { Footers = rng.NextBoolean() } }));
            }

            var all = model.Streams();
            Assert.Equal(all, journal.Streams());
            var after = rng.Chance(0.5) ? rng.Pick([.. all]).Stream : StreamId.Create(rng.Pick(["a", "a3x", "b", "\uE000", "~"]));
            foreach (var prefix in (string[])["", "a", "a/", "\u00e9", "\U0001F600", "none"])
            {
                Assert.Equal(model.Streams(prefix, after, 7), journal.Streams(prefix, after, 7));
                Assert.Equal(model.Streams(prefix, null, 3), journal.Streams(prefix, null, 3));
            }
        }

        await journal.DisposeAsync();
    }

    [Fact]
    public async Task ADamagedFilter_IsReported_ByWhoeverComesToIt_AndByNobodyElse()
    {
        var device = await FilledAsync(6, 70);
        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        var damaged = plan!.Segments.Where(segment => segment.Trailer?.Value.Entries > 1).ElementAt(1);
        var name = damaged.Name.ToString();
        await using var journal = SegmentJournal.Open(device, Samples.ReadOnly);
        var trailer = damaged.Trailer!.Value;
        using (var file = device.Open(name, writable: true))
        {
            // The filter comes last.
            file.Write([1, 2, 3], trailer.FooterOffset + (trailer.Pages - 1) * Format.PageModule.bytes + 500);
        }

        // From the newest segment on: what is found before is answered, time and again.
        for (var time = 0; time < 4; time++)
        {
            Assert.NotNull(journal.FindByKey("k 3 5"));
            Assert.Equal(1, journal.HighestVersion("s 0003 0005"));
            Assert.Single(journal.ReadStream("s 0003 0005"));
            Assert.Equal(1, journal.ScanStream("s 0003 0005", (in EntryView _) => true));
            Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.FindByKey("k 0 5")).File);
            Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.FindByKey("nothing")).File);
            Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => journal.Query(Query.WithTags("nothing"))).File);
        }
    }
}

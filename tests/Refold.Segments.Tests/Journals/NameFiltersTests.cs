// Filters side by side, postings from where the last one was, and rows one by one: each against the plain way to the same answer.
// Run by `dotnet test`.
using System.Text;
using Microsoft.FSharp.Core;
using Xunit;

namespace Refold.Segments.Tests;

public class NameFiltersTests
{
    private static readonly PageCache Cache = new(1000);

    /// <summary>Segments of few names and of many, each sealed.</summary>
    private static async Task<List<(SegmentFile File, Format.SegmentTrailer Trailer)>> SegmentsAsync(
        SeededRng rng, int segmentBytes = 40_000)
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = segmentBytes } }))
        {
            for (var number = 0; number < 3000; number++)
            {
                var payload = new string('x', rng.Chance(0.02) ? 8000 : rng.Between(0, 100));
                await journal.AppendAsync(new AppendRequest(
                    Samples.Entry($"s{rng.Between(0, 900)}", payload, $"t{number % 7}", $"rare {rng.Between(0, 90)}"))
                {
                    IdempotencyKey = rng.NextBoolean() ? "key " + number : null,
                });
            }
        }

        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        return
        [
            .. plan!.Segments.Where(segment => segment.Trailer is not null).Select(segment => (
                new SegmentFile(segment.Name, segment.Header!.Value, device.Open(segment.Name.ToString(), writable: false)),
                segment.Trailer!.Value)),
        ];
    }

    private static Format.FooterReader Reader((SegmentFile File, Format.SegmentTrailer Trailer) segment)
    {
        var read = FuncConvert.FromFunc<long, int, ReadOnlyMemory<byte>>(segment.File.ReadBytes);
        return Format.FooterReader.Open(Format.FooterDecoding.sourceOf(segment.File.Header, segment.Trailer, read)).ResultValue;
    }

    [Fact]
    public async Task FiltersSideBySide_AllowWhatEachFilterAllows()
    {
        var rng = SeededRng.FromSeed(3);
        List<(SegmentFile File, Format.SegmentTrailer Trailer)> segments =
            [.. await SegmentsAsync(rng), .. await SegmentsAsync(rng, 8_400), .. await SegmentsAsync(rng, 1_000_000)];
        rng.Shuffle(segments);
        // More than one word of 64, and more than one size of filter.
        segments = [.. segments.Take(150)];
        List<FooterPart> parts = [.. segments.Select(segment => FooterPart.Open(segment.File, segment.Trailer, Cache))];
        Assert.Equal(150, parts.Count);
        Assert.True(parts.Select(part => part.FilterBlocks).Distinct().Count() > 1);
        var filters = new NameFilters();
        var count = 0;
        for (var round = 0; round < 400; round++)
        {
            if (count < parts.Count && rng.NextBoolean())
            {
                filters.Add(count, parts[count]);
                count++;
            }

            var name = rng.Between(0, 3) switch
            {
                0 => Format.FooterFilter.ofStream("s" + rng.Between(0, 2000)),
                1 => Format.FooterFilter.ofTag("rare " + rng.Between(0, 200)),
                2 => Format.FooterFilter.ofKey("key " + rng.Between(0, 6000)),
                _ => Format.FooterFilter.ofType(rng.NextBoolean() ? "Happened" : "Other"),
            };
            // Parts behind the last footer may have anything.
            var search = filters.Search(count + 3, name);
            var expected = Enumerable.Range(0, count + 3).Where(number => number >= count || Allows(parts[number], name)).ToList();
            var (up, down) = (new List<int>(), new List<int>());
            for (var number = search.From(0); number >= 0; number = search.From(number + 1)) up.Add(number);
            search = filters.Search(count + 3, name);
            for (var number = search.DownFrom(count + 2); number >= 0; number = search.DownFrom(number - 1)) down.Add(number);
            // One of few names has no filter; what is made of its names allows no more than having none.
            Assert.Equal(expected, up.Union(expected.Where(number => number < count && parts[number].FilterBlocks == 0)).Order());
            Assert.Equal(up, down.Union(up.Where(number => number < count && parts[number].FilterBlocks == 0)).Order());
        }

        Assert.Equal(parts.Count, count);

        static bool Allows(FooterPart part, Format.FilterHash name) =>
            part.FilterBlocks == 0 || name.Allows(part.FilterBlock(name.Block(part.FilterBlocks)).Span);
    }

    [Fact]
    public async Task EveryNameThatIsThere_IsAllowed_HoweverOftenItIsAskedFor()
    {
        var segments = await SegmentsAsync(SeededRng.FromSeed(4));
        var filters = new NameFilters();
        foreach (var (number, segment) in segments.Index())
            filters.Add(number, FooterPart.Open(segment.File, segment.Trailer, Cache));
        for (var time = 0; time < 4; time++)
        {
            foreach (var (number, segment) in segments.Index())
            {
                var rows = FooterPart.Open(segment.File, segment.Trailer, Cache).StreamsFrom("");
                while (rows.MoveNext())
                    Assert.True(filters.Search(segments.Count, Format.FooterFilter.ofStream(rows.Stream.Value)).MayHave(number));
            }
        }
    }

    [Fact]
    public async Task PostingsFromWhereTheLastWas_AreThoseOfHalvingAllOfThem_AndRowsOneByOneThoseOfAll()
    {
        var rng = SeededRng.FromSeed(5);
        foreach (var segment in await SegmentsAsync(rng))
        {
            var reader = Reader(segment);
            foreach (var tag in Enumerable.Range(0, 7).Select(number => "t" + number).Concat(["rare 5", "rare 80"]))
            {
                if (reader.Tag(tag).ResultValue?.Value is not { } word) continue;
                var (cursor, from) = (reader.Postings(word.First, word.Count), 0);
                for (var step = 0; step < 60; step++)
                {
                    var expected = reader.NextPosting(word.First, word.Count, from).ResultValue;
                    Assert.Equal(expected, cursor.NextFrom(from).ResultValue);
                    from = rng.Chance(0.1) ? rng.Between(0, reader.Entries) : expected < 0 ? 0 : expected + rng.Between(0, 12);
                }
            }

            List<string> names = [];
            while (names.Count < reader.Streams)
                names.AddRange(reader.StreamsWith(names.Count).ResultValue.Item2.Select(row => row.Stream.Value));
            Assert.Equal(names, Enumerable.Range(0, names.Count).Select(number => reader.StreamAt(number).ResultValue.Stream.Value));
            foreach (var from in (string[])["", "s", "s1", "s500", "s500x", "s99", "t"])
            {
                var (walk, found) = (reader.StreamsFrom(from), new List<string>());
                while (walk.MoveNext().ResultValue) found.Add(Encoding.UTF8.GetString(walk.Name));
                Assert.Equal(names.SkipWhile(name => string.CompareOrdinal(name, from) < 0), found);
            }
        }
    }
}

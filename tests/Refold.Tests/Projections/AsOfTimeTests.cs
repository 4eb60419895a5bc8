// States as of a time: up to the last batch before which, and in which, no entry has a later time; found by halving.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Xunit;

namespace Refold.Tests.Projections;

public class AsOfTimeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private static readonly Projection<long> Count = Projection.Create(
        "count", 1, [], 0L, (count, entry) => count + 1, Codec.Create<long>(
            "number", number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
            bytes => long.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture)));

    public static TheoryData<string> All => Stores.All;

    private static EntryData Entry(int? minute) => Samples.Entry("a") with { Time = minute is { } at ? Noon.AddMinutes(at) : null };

    // What the search has to find, by looking at each batch.
    private static Head Expected(IEnumerable<BatchPlace> batches, DateTimeOffset time) =>
        batches.LastOrDefault(batch => batch.Latest is null || batch.Latest <= time)?.Head ?? default;

    [Theory]
    [MemberData(nameof(All))]
    public async Task AsOfATime_AState_IsThatOfThePositionThatWasReachedThen(string store)
    {
        await using var journal = Stores.Open(store);
        // No time, two times, out of order, none, later, the same again.
        await journal.Append(Entry(null));
        await journal.Append(Entry(10), Entry(5));
        await journal.Append(Entry(7));
        await journal.Append(Entry(null));
        await journal.Append(Entry(20), Entry(21), Entry(null));
        await journal.Append(Entry(21));
        foreach (var (minute, position) in new[] { (-5, 1), (9, 1), (10, 5), (19, 5), (20, 5), (21, 9), (9999, 9) })
        {
            var time = Noon.AddMinutes(minute);
            Assert.Equal(journal.HeadAt(position), journal.HeadAsOf(time.ToOffset(TimeSpan.FromHours(3))));
            Assert.Equal(journal.HeadAt(position), await ((IJournal)journal).HeadAsOfAsync(time.ToOffset(TimeSpan.FromHours(-3))));
            var result = journal.RunWithEvidenceAsOf(Count, time);
            Assert.Equal(position, result.State);
            Assert.Equal(journal.RunWithEvidence(Count, position).Report.BodyToJson(), result.Report.BodyToJson());
            var options = new ProjectionOptions { AsOfTime = time };
            Assert.Equal(result.Report.BodyHash, (await journal.RunWithEvidenceAsync(Count, options)).Report.BodyHash);
            var byId = await new ProjectionRegistry().Register(Count).TryRunAsync("count", journal, options);
            Assert.Equal((result.State, result.Report.BodyHash), ((long)byId!.State!, byId.Report.BodyHash));
        }

        await Assert.ThrowsAsync<ArgumentException>(
            () => journal.RunWithEvidenceAsync(Count, new ProjectionOptions { AsOf = 1, AsOfTime = Noon }).AsTask());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhereNothingIsThatOld_NothingMatched(string store)
    {
        await using var journal = Stores.Open(store);
        Assert.Equal(default, journal.HeadAsOf(Noon));
        await journal.Append(Entry(10));
        var result = journal.RunWithEvidenceAsOf(Count, Noon);
        Assert.Equal((false, null, default(Head)), (result.HasState, result.Report.Frontier, result.Report.Head));
        Assert.Equal("NotApplicable", result.Report.Freshness);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WithGaps_AndBatchesWithoutAnEntryLeft_TheSearchFindsTheSameBatch(string store)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var random = new Random(seed);
            await using var journal = Stores.Open(store, new JournalOptions { Segments = new() { SegmentBytes = 1024 } });
            var (position, version, positions) = (1L, 1L, new List<long>());
            for (var batch = 0; batch < 40; batch++)
            {
                position += random.Next(3) == 0 ? random.Next(1, 2000) : 0;
                var data = Entry(random.Next(5) == 0 ? null : (2 * batch) + random.Next(-6, 6));
                await journal.RestoreAsync([new JournalEntry(position, version, position, data)]);
                positions.Add(position);
                (position, version) = (position + 1, version + 1);
            }

            await journal.DeleteToAsync("a", random.Next(0, 40));
            var batches = positions.Select(at => journal.BatchAt(at)!).ToList();
            for (var minute = -10; minute < 90; minute++)
                Assert.Equal(Expected(batches, Noon.AddMinutes(minute)), journal.HeadAsOf(Noon.AddMinutes(minute)));
        }
    }

    [Fact]
    public async Task ByItsId_AProjectionGoesOnFromWhatACacheKept_AndIsNoneWhereNobodyRegisteredIt()
    {
        await using var journal = new InMemoryJournal();
        await journal.Append(Entry(10));
        var registry = new ProjectionRegistry().Register(Count);
        var options = new ProjectionOptions { Cache = new ProjectionCache(new InMemorySnapshotStore()) };
        Assert.Equal("Miss", (await registry.TryRunAsync("count", journal, options))!.Report.CacheStatus);
        // What was kept by id is what a direct run finds, and the other way round.
        Assert.Equal("Hit", (await journal.RunWithEvidenceAsync(Count, options)).Report.CacheStatus);
        Assert.Equal("Hit", (await registry.TryRunAsync("count", journal, options))!.Report.CacheStatus);
        var direct = (await registry.TryRunAsync("count", journal))!;
        Assert.Equal(journal.RunWithEvidence(Count).Report.BodyHash, direct.Report.BodyHash);
        Assert.Equal("1", Encoding.UTF8.GetString(direct.Encoded!.Value.Span));
        Assert.Null(await registry.TryRunAsync("nobody", journal));
        var nothing = (await registry.TryRunAsync("count", new InMemoryJournal()))!;
        Assert.Equal((null, null), (nothing.State, nothing.Encoded));
        await Assert.ThrowsAsync<ArgumentException>(
            () => registry.TryRunAsync("count", journal, new ProjectionOptions { AsOf = 1, AsOfTime = Noon }).AsTask());
    }

    [Fact]
    public async Task WhatWasBeforeADroppedBeginning_IsRefused()
    {
        await using var journal = new InMemoryJournal();
        for (var minute = 0; minute < 5; minute++) await journal.Append(Entry(10 * minute));
        journal.DropTo(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.HeadAsOf(Noon.AddMinutes(9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.RunWithEvidenceAsOf(Count, Noon.AddMinutes(9)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ((IJournal)journal).HeadAsOfAsync(Noon.AddMinutes(9)).AsTask());
        Assert.Equal(2, journal.HeadAsOf(Noon.AddMinutes(10)).Position);
        Assert.Equal(4, journal.HeadAsOf(Noon.AddMinutes(39)).Position);
    }

    [Fact]
    public async Task TheSearch_ReadsAsManyBatchesAsTheLogarithm()
    {
        await using var journal = new InMemoryJournal();
        for (var minute = 0; minute < 2000; minute++) await journal.Append(Entry(minute));
        var asked = 0;
        var found = Core.BatchTime.upTo(
            Noon.AddMinutes(1234).UtcTicks, 0, journal.Head.Position,
            Microsoft.FSharp.Core.FuncConvert.FromFunc<long, Microsoft.FSharp.Core.FSharpValueOption<Core.TimedBatch>>(position =>
            {
                asked++;
                var batch = journal.BatchAt(position)!;
                return Microsoft.FSharp.Core.FSharpValueOption<Core.TimedBatch>.NewValueSome(
                    new(batch.FirstPosition, batch.Head.Position, batch.Latest!.Value.UtcTicks));
            }));
        Assert.Equal(1235, found);
        Assert.InRange(asked, 1, 12);
    }
}

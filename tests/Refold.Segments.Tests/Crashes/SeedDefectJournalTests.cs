// What the seed's segment store got wrong beside losing entries: expectations, keys, hashes, hints, ids;
// one test each, named after the line.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class SeedDefectJournalTests
{
    private readonly SimulatedDevice device = new(5);

    private static AppendRequest Expecting(ExpectedVersion expected, string? key = null, string payload = "{}") =>
        new(CrashStore.Entry("s", payload))
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["s"] = expected },
            IdempotencyKey = key,
        };

    [Fact]
    public async Task Defect20_NoStream_IsACaseOfItsOwn_SoThatOfTwoCreatorsOneWins()
    {
        await using (var journal = CrashStore.Open(device))
        {
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 2).Select(_ => journal.TryAppendAsync(Expecting(ExpectedVersion.NoStream)).AsTask()));
            Assert.Single(answers.OfType<AppendResult.Appended>());
            Assert.IsType<AppendFailure.Conflict>(Assert.Single(answers.OfType<AppendResult.NotAppended>()).Failure);
            Assert.Throws<ArgumentOutOfRangeException>(() => ExpectedVersion.Exactly(0));
        }

        await using var again = CrashStore.Open(device);
        Assert.IsType<AppendResult.NotAppended>(await again.TryAppendAsync(Expecting(ExpectedVersion.NoStream)));
        Assert.IsType<AppendResult.Appended>(await again.TryAppendAsync(Expecting(ExpectedVersion.Exactly(1))));
    }

    [Fact]
    public async Task Defect21_TheKeyIsLookedUpFirst_ReturnsTheFirstReceipt_AndOtherContentIsAnError()
    {
        Receipt first;
        await using (var journal = CrashStore.Open(device))
        {
            first = await journal.AppendAsync(Expecting(ExpectedVersion.NoStream, "key"));
            Assert.Equal(first, await journal.AppendAsync(Expecting(ExpectedVersion.NoStream, "key")));
        }

        await using var again = CrashStore.Open(device);
        Assert.Equal(first, await again.AppendAsync(Expecting(ExpectedVersion.NoStream, "key")));
        var reused = Assert.IsType<AppendResult.NotAppended>(await again.TryAppendAsync(Expecting(ExpectedVersion.Any, "key", "[]")));
        Assert.Equal(new AppendFailure.KeyReused("key", 1), reused.Failure);
        Assert.Equal(1, again.Head.Position);
    }

    [Fact]
    public async Task Defect22_TheHeadCoversEveryField_AndEqualPayloadsHaveIdsOfTheirOwn()
    {
        var entry = CrashStore.Entry("s");
        EntryData[] variants =
        [
            entry,
            new("t", entry.Type, entry.Payload),
            new("s", "Other", entry.Payload),
            new("s", entry.Type, "[]"u8.ToArray()),
            entry with { Role = EntryRole.Command },
            entry with { SchemaVersion = 2 },
            entry with { Tags = ["tag"] },
            entry with { Time = DateTimeOffset.UnixEpoch },
            entry with { Id = Guid.Parse("00000000-0000-8000-8000-000000000001") },
            entry with { CorrelationId = Guid.Parse("00000000-0000-8000-8000-000000000001") },
            entry with { CausationId = Guid.Parse("00000000-0000-8000-8000-000000000001") },
            entry with { Run = RunId.Create("run") },
        ];
        var heads = new List<Head>();
        foreach (var variant in variants)
        {
            await using var journal = CrashStore.Open(new SimulatedDevice(1));
            heads.Add((await journal.AppendAsync(new AppendRequest(variant))).Head);
        }

        await using (var journal = CrashStore.Open(new SimulatedDevice(1)))
            heads.Add((await journal.AppendAsync(new AppendRequest(entry) { IdempotencyKey = "key" })).Head);
        Assert.Equal(heads.Count, heads.Distinct().Count());

        await using var equal = CrashStore.Open(device);
        await equal.AppendAsync(new AppendRequest(entry, entry));
        var caused = entry with { CausationId = equal.ReadAll().Last().Id };
        await equal.AppendAsync(new AppendRequest(caused));
        Assert.Equal(3, equal.ReadAll().Select(item => item.Id).Distinct().Count());
        Assert.Equal(equal.ReadAll().ElementAt(1).Id, equal.ReadAll().Last().CausationId);
    }

    /// <summary>Golden files of each format version are opened by the tests of the core.</summary>
    [Fact]
    public async Task Defect28_WhatAFooterOrTrailerSays_IsInertUntilItsChecksumHolds()
    {
        List<JournalEntry> entries;
        await using (var journal = CrashStore.Open(device))
        {
            for (var count = 0; count < 12; count++) await journal.AppendAsync(CrashStore.Batch("s" + count % 2, 2, 100));
            entries = [.. journal.ReadAll()];
        }

        var name = device.List().Where(CrashStore.IsSegment).Order(StringComparer.Ordinal).First();
        var bytes = device.Image()[name];
        var footer = BitConverter.ToInt64(bytes, bytes.Length - 128 + 16);
        Assert.InRange(footer, 128, bytes.Length - 128);
        var places = Enumerable.Range(bytes.Length - 128, 128)
            .Concat(Enumerable.Range(0, 200).Select(step => (int)footer + (step * 61 % (bytes.Length - 128 - (int)footer))));
        foreach (var place in places)
        {
            var damaged = device.AfterKill();
            damaged.FlipBit(name, place, place % 8);
            Assert.False(SegmentJournal.Verify(damaged).Ok);
            try
            {
                await using var journal = CrashStore.Open(damaged);
                var read = journal.ReadAll().ToList();
                Assert.Equal(entries, read);
            }
            catch (JournalCorruptedException refusal)
            {
                Assert.Equal(name, refusal.File);
            }
        }
    }

    [Fact]
    public async Task Defect29_IdsFollowFromRunStreamAndVersion()
    {
        async Task<List<Guid>> IdsAsync(string run)
        {
            await using var journal = CrashStore.Open(new SimulatedDevice(1));
            await journal.AppendAsync(new AppendRequest(
                [.. Enumerable.Range(0, 3).Select(number => CrashStore.Entry("s" + number % 2) with { Run = RunId.Create(run) })]));
            return [.. journal.ReadAll().Select(entry => entry.Id)];
        }

        var ids = await IdsAsync("run");
        Assert.Equal(ids, await IdsAsync("run"));
        Assert.Equal(3, ids.Distinct().Count());
        Assert.Empty(ids.Intersect(await IdsAsync("other")));
        Assert.All(ids, id => Assert.Equal(8, id.Version));
    }
}

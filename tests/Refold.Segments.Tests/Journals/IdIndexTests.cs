// Whether entries are found by id is said when a journal is begun, and everything that makes segments follows it.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class IdIndexTests
{
    private static readonly Guid Cause = new("33333333-3333-3333-3333-333333333333");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheFlagOfAJournal_IsThatOfItsFirstSegment_WhateverOpensOrCompactsOrCopiesIt(bool indexIds)
    {
        var device = new MemoryDevice();
        var begun = Samples.Small.With(s => s with { IndexIds = indexIds });
        var others = Samples.Small.With(s => s with { IndexIds = !indexIds });
        for (var opening = 0; opening < 3; opening++)
        {
            await using var journal = SegmentJournal.Open(device, opening == 0 ? begun : others);
            for (var number = 0; number < 8; number++)
            {
                await journal.Append(
                    Samples.Entry("s", "{}") with { Id = Id(opening * 8 + number), CausationId = Cause, Run = RunId.Create("a run") });
            }
        }

        CheckAll(device, indexIds, entries: 24);
        var copy = new MemoryDevice();
        JournalBackup.Make(device, copy);
        // It has one segment, which has no footer yet.
        CheckAll(copy, indexIds, entries: 24, leastSealed: 0);
        await using (var journal = SegmentJournal.Open(device, others))
        {
            await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 1 << 20 });
        }

        CheckAll(device, indexIds, entries: 24);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EntriesAreFoundById_WithTheIndexAndWithout_AfterOpeningsDeletionsAndCompactions(bool indexIds)
    {
        var rng = SeededRng.FromSeed(5);
        var device = new MemoryDevice();
        await using var model = new InMemoryJournal();
        var options = Samples.Small.With(s => s with { IndexIds = indexIds });
        for (var opening = 0; opening < 12; opening++)
        {
            var ways = new OpeningWays { Footers = opening % 3 < 2 };
            await using var journal = SegmentJournal.Open(device, options.With(s => s with { Opening = ways }));
            for (var number = rng.Between(1, 20); number > 0; number--)
            {
                var entry = Samples.Entry("s" + rng.Between(0, 3), new string('x', rng.Between(0, 200))) with
                {
                    Id = rng.NextBoolean() ? Id(rng.Between(0, 40)) : null,
                    Run = rng.NextBoolean() ? RunId.Create("a run") : null,
                    CausationId = rng.NextBoolean() ? Id(rng.Between(0, 40)) : null,
                };
                await journal.Append(entry);
                await model.Append(entry);
                if (rng.Chance(0.2)) Same(model, journal);
            }

            if (rng.NextBoolean())
            {
                await journal.DeleteToAsync("s1", model.HighestVersion("s1") / 2);
                await model.DeleteToAsync("s1", model.HighestVersion("s1") / 2);
                if (rng.NextBoolean()) await journal.CompactAsync(new CompactionRequest.DropDeleted());
            }

            if (opening % 4 == 3) await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 4000 });
            Same(model, journal);
            await using var reader = SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { Opening = ways }));
            Same(model, reader);
        }

        static void Same(InMemoryJournal model, SegmentJournal journal)
        {
            var ids = model.ReadAll().Select(entry => entry.Id).Concat(Enumerable.Range(0, 42).Select(Id)).Distinct().ToList();
            var slow = model.ReadAll().ToLookup(entry => entry.Id, entry => entry.Position);
            var caused = model.ReadAll().Where(entry => entry.CausationId is not null)
                .ToLookup(entry => entry.CausationId!.Value, entry => entry.Position);
            foreach (var id in ids)
            {
                Assert.Equal(slow[id], model.FindById(id));
                Assert.Equal(slow[id], journal.FindById(id));
                Assert.Equal(caused[id], model.CausedBy(id));
                Assert.Equal(caused[id], journal.CausedBy(id));
            }
        }
    }

    /// <summary>The last one has no footer that would show it.</summary>
    [Fact]
    public async Task ASegmentThatSaysOtherwiseThanThoseBeforeIt_IsFoundByVerify_AndByEveryOpening()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, ScanTests.Options(Durability.Flushed))) await ScanTests.FillAsync(journal);
        Assert.Null(SegmentJournal.Verify(device).First);
        var name = SmallJournal.Segments(device)[^1];
        var header = Format.SegmentHeaderModule.decode(device.Content(name)).ResultValue;
        var other = new Format.SegmentHeader(
            header.JournalId, header.Generation, header.FirstPosition, header.FirstFrame, header.HeadBefore, header.FileBytes,
            !header.HasIds);
        using (var file = device.Open(name, writable: true)) file.Write(Format.SegmentHeaderModule.encode(other).Span, 0);
        var fault = SegmentJournal.Verify(device).First!;
        Assert.Equal(name, fault.File);
        Assert.Contains("the index of ids", fault.What, StringComparison.Ordinal);
        foreach (var ways in new OpeningWays[] { new(), new() { Checkpoint = false }, new() { Checkpoint = false, Footers = false } })
        {
            foreach (var readOnly in new[] { false, true })
            {
                var options = ScanTests.Options(Durability.Flushed).With(s => s with { Opening = ways }) with { ReadOnly = readOnly };
                var refused = Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(device, options));
                Assert.Contains("the index of ids", refused.What, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task AnId_IsFoundWithoutReadingAnEntry_AndADamagedRowIsReported()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            for (var number = 0; number < 200; number++)
                await journal.Append(Samples.Entry("s", new string('x', 200)) with { Id = Id(number) });
        }

        var (bytes, last) = (0L, FileNames.Segments(device)[^1].ToString());
        var counted = new WatchedDevice(device, (name, _, length) =>
        {
            if (name.EndsWith(".seg", StringComparison.Ordinal) && name != last) bytes += length;
        });
        await using var reader = SegmentJournal.Open(counted, Samples.ReadOnly);
        // The pages of each footer are read once.
        for (var time = 0; time < 2; time++) Assert.Equal([5L], reader.FindById(Id(4)));
        bytes = 0;
        Assert.Equal([5L], reader.FindById(Id(4)));
        Assert.Equal(0, bytes);
        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        var damaged = plan!.Segments.First();
        using (var file = device.Open(damaged.Name.ToString(), writable: true))
        {
            for (var page = 1; page < damaged.Trailer!.Value.Pages; page++)
                file.Write([1, 2, 3], damaged.Trailer!.Value.FooterOffset + page * Format.PageModule.bytes + 500);
        }

        await using var another = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.Equal(damaged.Name.ToString(), Assert.Throws<JournalCorruptedException>(() => another.FindById(Id(0))).File);
    }

    private static Guid Id(int number) => new(number + 1, 7, 7, new byte[8]);

    // Of all entries but those of the last segment, which has no footer.
    private static void CheckAll(MemoryDevice device, bool hasIds, int entries, int leastSealed = 10)
    {
        Assert.Null(SegmentJournal.Verify(device).First);
        var (found, caused, ofRun) = (0, 0, 0);
        foreach (var name in FileNames.Segments(device))
        {
            var bytes = device.Content(name.ToString());
            var header = Format.SegmentHeaderModule.decode(bytes).ResultValue;
            Assert.Equal(hasIds, header.HasIds);
            var last = bytes.AsMemory(bytes.Length - Format.SegmentTrailerModule.bytes);
            if (Interop.FollowTranslation.Trailer(header, bytes.Length, last) is not { } trailer)
            {
                entries -= ScannedSegment.All(device, new Format.SegmentScanner(), FileNames.Segments(device))
                    .Where(segment => segment.Name.Equals(name)).Sum(segment => (int)segment.Entries);
                continue;
            }

            var read = Microsoft.FSharp.Core.FuncConvert.FromFunc<long, int, ReadOnlyMemory<byte>>(
                (offset, count) => bytes.AsMemory((int)offset, count));
            var footer = Format.FooterReader.Open(Format.FooterDecoding.sourceOf(header, trailer, read)).ResultValue;
            Assert.Equal(hasIds, footer.HasIds);
            found += Enumerable.Range(0, 24).Sum(number => footer.ById(Id(number)).ResultValue.Length);
            caused += footer.ByCause(Cause).ResultValue.Length;
            ofRun += footer.Run("a run").ResultValue is { } run ? run.Value.Count : 0;
            Assert.Empty(footer.ById(Cause).ResultValue);
        }

        var expected = hasIds ? entries : 0;
        Assert.True(entries >= leastSealed);
        Assert.Equal((expected, expected, expected), (found, caused, ofRun));
    }
}

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

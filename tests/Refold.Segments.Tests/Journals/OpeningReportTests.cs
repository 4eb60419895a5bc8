// What a journal says about its opening: the way, what was restored, how long each phase took.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class OpeningReportTests
{
    [Fact]
    public async Task TheReport_SaysTheWay_WhatWasRestored_AndHowLongEachPhaseTook()
    {
        var device = new MemoryDevice();
        await using (var first = SegmentJournal.Open(device, Samples.Small))
        {
            Assert.Equal((OpeningPath.Empty, 0, 0), (first.Opened.Path, first.Opened.Restored, first.Opened.Tail));
            for (var number = 0; number < 30; number++) await first.Append(Samples.Entry("s", new string('x', 100)));
            await first.DeleteToAsync("s", 3);
        }

        foreach (var options in new[] { Samples.ReadOnly, Samples.Small })
        {
            await using var journal = SegmentJournal.Open(device, options.With(s => s with { Opening = new() { Checkpoint = false } }));
            var report = journal.Opened;
            Assert.Equal((OpeningPath.Footers, 30), (report.Path, report.Restored));
            Assert.InRange(report.Tail, 1, 10);
            Assert.Equal(27, journal.Restored);
            var elapsed = report.Elapsed;
            Assert.True(elapsed.Planning > TimeSpan.Zero && elapsed.Footers > TimeSpan.Zero && elapsed.Scanning > TimeSpan.Zero);
            Assert.Equal(options.ReadOnly, elapsed.Healing == TimeSpan.Zero);
            Assert.Equal(elapsed.Planning + elapsed.Restoring + elapsed.Footers + elapsed.Scanning + elapsed.Healing, elapsed.Total);
        }

        var byFrames = Samples.ReadOnly.With(s => s with { Opening = new() { Checkpoint = false, Footers = false } });
        await using var scanned = SegmentJournal.Open(device, byFrames);
        Assert.Equal((OpeningPath.Scan, 30, 30), (scanned.Opened.Path, scanned.Opened.Restored, scanned.Opened.Tail));

        await SegmentJournal.Open(device, Samples.Checkpointed.With(s => s with { CheckpointBytes = 1 })).DisposeAsync();
        await using var restored = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.Equal((OpeningPath.Checkpoint, 30, 0), (restored.Opened.Path, restored.Opened.Restored, restored.Opened.Tail));
        Assert.True(restored.Opened.Elapsed.Restoring > TimeSpan.Zero);
    }
}

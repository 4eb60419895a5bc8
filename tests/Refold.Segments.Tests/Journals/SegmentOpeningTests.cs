// Every way of opening gives the same journal, and says which way it was.
// Run by `dotnet test`, random journals in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class SegmentOpeningTests(ITestOutputHelper output)
{
    private static readonly OpeningWays ScanOnly = new() { Checkpoint = false, Footers = false };

    [Fact]
    public Task EveryWayOfOpening_GivesTheSameJournal() => SegmentSuites.WaysOfOpening.HoldsAsync(output);

    [Fact]
    public async Task AJournalOpenedByFooters_GoesOnAsOneThatWasScanned()
    {
        var (lines, byCheckpoint) = (new List<List<string>>(), 0);
        foreach (var (ways, checkpointBytes) in new[] { (new OpeningWays(), 0), (ScanOnly, 0), (new OpeningWays(), 200) })
        {
            var device = new MemoryDevice();
            for (var opening = 0; opening < 6; opening++)
            {
                var options = Samples.Checkpointed.With(s => s with { CheckpointBytes = checkpointBytes, Opening = ways });
                await using var journal = SegmentJournal.Open(device, options);
                if (journal.Opened.Path == OpeningPath.Checkpoint) byCheckpoint++;
                for (var count = 0; count < 7; count++)
                    await journal.AppendAsync(new AppendRequest(Samples.Entry("s" + count % 3, $"{opening} {count}", "a"))
                    {
                        IdempotencyKey = $"{opening} {count / 2}" + (count % 2 == 0 ? "" : " other")
                    });
                await journal.DeleteToAsync("s0", opening + 1);
            }

            Assert.True(SegmentVerification.Of(device) is { Ok: true });
            await using var again = SegmentJournal.Open(device, Samples.ReadOnly);
            lines.Add(again.Everything());
        }

        Assert.Equal(lines[1], lines[0]);
        Assert.Equal(lines[1], lines[2]);
        Assert.InRange(byCheckpoint, 2, 5);
    }

    [Fact]
    public async Task FootersReadInParallel_GiveWhatReadingOneByOneGives()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small)) await RandomJournals.FillAsync(
            journal, SeededRng.FromSeed(7), []);
        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        var segments = plan!.Segments.Where(segment => segment.Trailer is not null)
            .Select(segment =>
                (new SegmentFile(segment.Name, segment.Header!.Value, device.Open(segment.Name.ToString(), writable: false)),
                    segment.Trailer!.Value)).ToList();
        Assert.True(segments.Count > 3);
        Assert.Equal(Read(1), Read(8));
        // Whichever thread is first, the first damaged footer is the one that is named.
        foreach (var (file, trailer) in segments.Skip(1)) Flip(device, file.Name.ToString(), trailer.FooterOffset + 20);
        var named = Enumerable.Range(0, 20).Select(_ => Assert.Throws<JournalCorruptedException>(() => Read(8)).File).Distinct();
        Assert.Equal(segments[1].Item1.Name.ToString(), Assert.Single(named));

        List<string> Read(int threads) =>
            [
                .. FooterLoading.ReadAll(new SegmentIndex(isWritten: false, new SegmentOptions()), segments, threads)
                    .Select(found => $"{found.Part.Segment.Name} {found.Part.Count} {string.Join(",", found.Deletions)} {found.Head}")];
    }

    [Fact]
    public async Task ADamagedPageOfAFooter_IsNamed_WhenItIsFirstTouched_AndNothingWrongOrMissingIsHandedOut()
    {
        var device = new MemoryDevice();
        List<string> expected;
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await RandomJournals.FillAsync(journal, SeededRng.FromSeed(7), []);
            expected = journal.Everything();
        }

        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        var first = plan!.Segments.Head;
        var (name, pages) = (first.Name.ToString(), first.Trailer!.Value.Pages);
        var named = 0;
        for (var page = 0; page < pages; page++)
        {
            var offset = first.Trailer!.Value.FooterOffset + page * Format.PageModule.bytes;
            var damaged = device.Copy();
            Flip(damaged, name, offset + 100);
            // By every frame it is always found: that checks footers whole.
            Assert.Equal(
                name,
                Assert.Throws<JournalCorruptedException>(() =>
                    SegmentJournal.Open(damaged, Samples.ReadOnly.With(s => s with { Opening = ScanOnly }))).File);
            try
            {
                await using var journal = SegmentJournal.Open(damaged, Samples.ReadOnly);
                // Only a page that nothing of this asks for changes nothing.
                Assert.Equal(expected, journal.Everything());
            }
            catch (JournalCorruptedException exception)
            {
                Assert.Equal((name, offset), (exception.File, exception.Offset));
                named++;
            }
        }

        Assert.True(named >= 5, $"{named} of {pages} pages");
    }

    [Fact]
    public async Task SegmentsWithoutFooters_AreScanned_UnlessThatIsSwitchedOff()
    {
        var device = new MemoryDevice();
        List<string> expected;
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await RandomJournals.FillAsync(journal, SeededRng.FromSeed(7), []);
            expected = journal.Everything();
        }

        // As written before there were footers.
        var (plan, _) = DirectoryPlan.Of(device, Format.OpeningWays.All);
        foreach (var segment in plan!.Segments.Where(segment => segment.Trailer is not null))
        {
            var name = segment.Name.ToString();
            device = device.With(name, device.Content(name)[..(int)segment.Header!.Value.FileBytes]);
            Assert.Equal(-1, device.Content(name).AsSpan((int)segment.Trailer!.Value.FramesEnd).IndexOfAnyExcept((byte)0));
        }

        await using var scanned = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.Equal((OpeningPath.Scan, scanned.Opened.Restored), (scanned.Opened.Path, scanned.Opened.Tail));
        Assert.Equal(expected, scanned.Everything());
        Assert.Throws<JournalOpenException>(() =>
            SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { Opening = new() { Footers = false, Scan = false } })));
    }

    private static void Flip(MemoryDevice device, string name, long offset)
    {
        using var file = device.Open(name, writable: true);
        file.Write([(byte)(device.Content(name)[offset] ^ 4)], offset);
    }

    /// <summary>What was scanned is gone once it is indexed: else an open journal keeps the bytes of its last segment until the next
    /// append.</summary>
    [Fact]
    public async Task OfWhatIsScanned_NoBatchIsKept()
    {
        var device = new MemoryDevice();
        var options = Samples.Small.With(s => s with { Opening = new() { Checkpoint = false } });
        await using (var journal = SegmentJournal.Open(device, options))
        {
            for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("s"));
        }

        using var held = device.TryLock(FileNames.Lock)!;
        var (opened, store) = OpenedDirectory.ForWriting(device, options, held);
        using (store)
        {
            var columns = opened.Index.ColumnsOf(opened.Files[^1]);
            Assert.Equal((5, 0), (columns.Entries, columns.Waiting));
        }
    }
}

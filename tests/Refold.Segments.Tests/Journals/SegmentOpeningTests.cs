// Every way of opening gives the same journal, and says which way it was.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class SegmentOpeningTests(ITestOutputHelper output)
{
    private static readonly OpeningWays ScanOnly = new() { Checkpoint = false, Footers = false };

    [Fact]
    public async Task EveryWayOfOpening_GivesTheSameJournal()
    {
        var seed = BitConverter.ToUInt32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4));
        for (var count = 0U; count < 12; count++)
        {
            output.WriteLine($"seed {seed + count}");
            var device = new MemoryDevice();
            var keys = new List<string>();
            var rng = SeededRng.FromSeed(seed + count);
            MemoryDevice killed;
            await using (var journal = SegmentJournal.Open(device, Samples.Checkpointed with
            {
                Segments = Samples.Checkpointed.Segments with
                {
                    SegmentBytes = rng.Pick([1024, 4096, 65536]),
                    CheckpointBytes = rng.Pick([0, 100, 700]),
                },
            }))
            {
                await RandomJournals.FillAsync(journal, rng, keys);
                if (rng.NextBoolean()) await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(1 + journal.Head.Position / 2));
                await RandomJournals.FillAsync(journal, rng, keys);
                killed = device.Copy();
            }

            await SameAsync(device, keys);
            await SameAsync(killed, keys);
        }

        Assert.True(byCheckpoint > 3, $"{byCheckpoint} by checkpoint");
    }

    private int byCheckpoint;

    private async Task SameAsync(MemoryDevice device, List<string> keys)
    {
        var answers = new List<List<string>>();
        var paths = new List<OpeningPath>();
        var segments = device.List().Count(name => Format.FileName.trySegment(name) is not null);
        foreach (var ways in new[]
        {
            new OpeningWays { Checkpoint = false },
            ScanOnly,
            new OpeningWays { Checkpoint = false, Scan = false },
            new OpeningWays(),
            new OpeningWays { Footers = false }
        })
        {
            await using var journal = SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { Opening = ways }));
            paths.Add(journal.Opened.Path);
            answers.Add(
                [.. journal.Everything(), .. keys.Select(key => Text(journal.FindByKey(key))), .. Conditions(journal),
                    .. journal.Segments.Select(segment => segment.ToString())]);
            // A sealed segment may hold no entry: a first batch larger than it got one of its own.
            if (journal.Opened.Path == OpeningPath.Scan || (segments == 1 && journal.Opened.Path != OpeningPath.Checkpoint))
                Assert.Equal(journal.Opened.Restored, journal.Opened.Tail);
            else Assert.InRange(journal.Opened.Tail, 0, journal.Opened.Restored);
        }

        Assert.Equal([segments > 1 ? OpeningPath.Footers : OpeningPath.Scan, OpeningPath.Scan, OpeningPath.Footers], paths[..3]);
        var last = FileNames.Segments(device)[^1];
        var isThere = device.List()
            .Where(name => Format.FileName.tryCheckpoint(name) is not null)
            .Any(name => CheckpointLoading.ReadRoot(device, name).ResultValue.Watermark.Equals(last));
        Assert.Equal(isThere ? [OpeningPath.Checkpoint, OpeningPath.Checkpoint] : [paths[0], OpeningPath.Scan], paths[3..]);
        if (isThere) byCheckpoint++;
        foreach (var answer in answers) Assert.Equal(answers[1], answer);
        Assert.Null(SegmentVerification.Of(device).First);

        static string Text(Receipt? receipt) =>
            receipt is null ? "forgotten" : $"{receipt.FirstPosition} {receipt.Count} {receipt.Head} {string.Join(",", receipt.Versions)}";
    }

    /// <summary>Where each condition finds its first match, deleted entries and holes included.</summary>
    private static IEnumerable<string> Conditions(SegmentJournal journal) =>
        from tag in new[] { "a", "b", "none" }
        from after in Enumerable.Range(0, (int)journal.Head.Position)
        select $"{tag} after {after}: {journal.Query(Query.WithTags(tag), after).Entries.Count}";

    [Fact]
    public async Task AJournalOpenedByFooters_GoesOnAsOneThatWasScanned()
    {
        var lines = new List<List<string>>();
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
                .. FooterLoading.ReadAll(new SegmentIndex(), segments, threads)
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
}

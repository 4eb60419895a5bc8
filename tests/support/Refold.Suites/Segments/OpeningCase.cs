// Every way of opening gives the same journal, and says which way it was: closed, and killed.
// Run by SegmentSuites.
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class OpeningCase
{
    /// <summary>One journal, opened in every way once it was closed, and as its process would have left it, killed.</summary>
    public static async Task RunAsync(Tally tally, ulong seed)
    {
        var device = new MemoryDevice();
        var keys = new List<string>();
        var rng = SeededRng.FromSeed(seed);
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

        await SameAsync(tally, device, keys);
        await SameAsync(tally, killed, keys);
    }

    private static async Task SameAsync(Tally tally, MemoryDevice device, List<string> keys)
    {
        var answers = new List<List<string>>();
        var paths = new List<OpeningPath>();
        var segments = device.List().Count(name => Format.FileName.trySegment(name) is not null);
        foreach (var ways in new[]
        {
            new OpeningWays { Checkpoint = false },
            new OpeningWays { Checkpoint = false, Footers = false },
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
        if (isThere) tally.Add("by a checkpoint");
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
}

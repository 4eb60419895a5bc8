// A journal of format version 1 as a store first wrote it, with everything that compaction leaves in one: it has to be read for ever.
// Run by `dotnet test`. The files lie in `golden/`; a new format version adds a directory and changes none.
// Those of the core have the checkpoint.
using Xunit;

namespace Refold.Segments.Tests;

public class GoldenJournalTests
{
    private const string Head = "113:31e242fe62565f4314bf5846ce66e8752eb0c21592f8dc17106f8037f35d1b8a";

    /// <summary>Two segments: one with a base, dropped leaves, a hole, forgotten keys, deletions and a footer with every table; the
    /// last one padded to blocks.</summary>
    private static MemoryDevice Compacted() => Add(new MemoryDevice(), "compacted");

    /// <summary>The same while a compaction is being ended: with its marker, one of its sources, and COMMIT as it was.</summary>
    private static MemoryDevice Interrupted() => Add(Compacted(), "interrupted");

    private static MemoryDevice Add(MemoryDevice device, string directory)
    {
        foreach (var file in Directory.EnumerateFiles(SourceTree.PathOf("tests/Refold.Segments.Tests/golden/version-1/" + directory)))
            device.Put(Path.GetFileName(file), File.ReadAllBytes(file));
        return device;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AJournalOfVersion1_OpensByEveryWay_IsWhole_AndGoesOn(bool isInterrupted)
    {
        MemoryDevice Device() => isInterrupted ? Interrupted() : Compacted();
        List<List<string>> answers = [];
        foreach (var ways in new[] { new OpeningWays(), new OpeningWays { Footers = false } })
        {
            await using var journal = SegmentJournal.Open(Device(), Samples.ReadOnly.With(s => s with { Opening = ways }));
            Assert.Equal(isInterrupted || !ways.Footers ? OpeningPath.Scan : OpeningPath.Footers, journal.Opened.Path);
            Assert.Equal(isInterrupted, journal.Opened.Interrupted is { Switched: true, Target: "0000000000000005.4.seg" });
            CheckAnswers(journal);
            answers.Add(journal.Everything());
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.True(SegmentJournal.Verify(Device()).Ok);
        var written = Device();
        await using (var journal = SegmentJournal.Open(written, Samples.Small))
        {
            CheckAnswers(journal);
            Assert.Equal(114, (await journal.Append(Samples.Entry("s0"))).FirstPosition);
        }

        Assert.True(SegmentJournal.Verify(written) is { Ok: true, Head.Position: 114 });
        Assert.DoesNotContain("pending", written.List());
        Assert.DoesNotContain("0000000000000005.3.seg", written.List());
    }

    private static void CheckAnswers(SegmentJournal journal)
    {
        Assert.Equal((Head, 4, 9), (journal.Head.ToString(), journal.Begin.Position, journal.KeysForgottenBefore));
        Assert.Equal(96, journal.ReadAll().Count());
        Assert.Equal(
            [("gone", 12L, 12L), ("padded", 0, 3), ("s0", 1, 6), ("s1", 2, 4)],
            journal.Streams().Take(4).Select(stream => (stream.Stream.Value, stream.Floor, stream.HighestVersion)));
        // Of a batch that lost a leaf, of one that holds a hole, and of a large one.
        Assert.Equal([11, 25, 29], new[] { "key 5", "restored", "many" }.Select(key => journal.FindByKey(key)!.FirstPosition));
        Assert.Equal(
            [("s2", 2, 2), ("gone", 6, 6)],
            journal.FindByKey("key 5")!.Versions.Select(versions => (versions.Stream.Value, versions.First, versions.Last)));
        Assert.Null(journal.FindByKey("key 3"));
        Assert.Null(journal.FindByKey("never"));
        Assert.Equal(
            [31, 38, 45, 52, 59, 66, 73, 80, 87, 94], journal.Query(Query.WithTags("tag 2")).Entries.Select(entry => entry.Position));
    }
}

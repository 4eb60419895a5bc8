// A journal of format version 2 as a store first wrote it, with everything that compaction leaves in one: it has to be read for ever.
// Run by `dotnet test`. The files lie in `golden/`; a new format version adds a directory and changes none.
// Those of the core have the checkpoint.
using Xunit;

namespace Refold.Segments.Tests;

public class GoldenJournalTests
{
    private const string Head = "113:ef7e9212050db984ff95fe17278eb2158ea87a9af24e9fe684f3e0525d42b670";

    /// <summary>Two segments: one with a base, dropped leaves, a hole, forgotten keys, deletions and a footer with every table; the
    /// last one padded to blocks.</summary>
    private static MemoryDevice Compacted() => Add(new MemoryDevice(), "version-2/compacted");

    /// <summary>The same while a compaction is being ended: with its marker, one of its sources, and COMMIT as it was.</summary>
    private static MemoryDevice Interrupted() => Add(Compacted(), "version-2/interrupted");

    private static MemoryDevice Add(MemoryDevice device, string directory)
    {
        foreach (var file in Directory.EnumerateFiles(SourceTree.PathOf("tests/Refold.Segments.Tests/golden/" + directory)))
            device.Put(Path.GetFileName(file), File.ReadAllBytes(file));
        return device;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AJournalOfVersion2_OpensByEveryWay_IsWhole_AndGoesOn(bool isInterrupted)
    {
        MemoryDevice Device() => isInterrupted ? Interrupted() : Compacted();
        List<List<string>> answers = [];
        foreach (var ways in new[] { new OpeningWays(), new OpeningWays { Footers = false } })
        {
            await using var journal = SegmentJournal.Open(Device(), Samples.ReadOnly.With(s => s with { Opening = ways }));
            Assert.Equal(isInterrupted || !ways.Footers ? OpeningPath.Scan : OpeningPath.Footers, journal.Opened.Path);
            Assert.Equal(isInterrupted, journal.Opened.Interrupted is { Switched: true, Target: "0000000000000005.6.seg" });
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
        Assert.DoesNotContain("0000000000000109.0.seg", written.List());
    }

    [Fact]
    public async Task AJournalOfVersion1_IsRefusedByName_WithTheWayThatIsLeft_AndNothingChanges()
    {
        var device = Add(new MemoryDevice(), "version-1/compacted");
        var before = device.Copy();
        foreach (var options in new[] { Samples.Small, Samples.ReadOnly })
        {
            var refused = await Assert.ThrowsAsync<UnsupportedFormatException>(async () =>
                await SegmentJournal.Open(device, options).DisposeAsync());
            Assert.Equal((1, 2, "past-format"), (refused.Found, refused.Supported, refused.Code));
            Assert.Contains("export the journal with the version of Refold that wrote it", refused.Message, StringComparison.Ordinal);
        }

        Assert.Throws<UnsupportedFormatException>(() => SegmentJournal.Verify(device));
        foreach (var name in before.List()) Assert.Equal(before.Content(name), device.Content(name));
    }

    private static void CheckAnswers(SegmentJournal journal)
    {
        Assert.Equal((Head, 4, 9), (journal.Head.ToString(), journal.Begin.Position, journal.KeysForgottenBefore));
        Assert.Equal(96, journal.ReadAll().Count());
        Assert.Equal(
            [("gone", 12L, 12L), ("many", 0, 80), ("padded", 0, 3), ("s0", 1, 6), ("s1", 2, 4), ("s2", 0, 6)],
            journal.Streams().Select(stream => (stream.Stream.Value, stream.Floor, stream.HighestVersion)));
        // Of a batch that lost a leaf, of one that holds a hole, and of a large one.
        Assert.Equal([11, 25, 29], new[] { "key 5", "restored", "many" }.Select(key => journal.FindByKey(key)!.FirstPosition));
        Assert.Equal(
            [("s2", 2, 2), ("gone", 6, 6)],
            journal.FindByKey("key 5")!.Versions.Select(versions => (versions.Stream.Value, versions.First, versions.Last)));
        Assert.Null(journal.FindByKey("key 3"));
        Assert.Null(journal.FindByKey("never"));
        Assert.Equal(
            [5, 19, 34, 41, 48, 55, 62, 69, 76, 83, 90, 97, 104, 109],
            journal.Query(Query.WithTags("tag 2")).Entries.Select(entry => entry.Position));
    }
}

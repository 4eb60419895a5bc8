// Checkpoints of a store, from outside: written when they are due, taken by the next opening.
// Run by `dotnet test`; CheckpointDamageTests.cs has those that are not right.
using Xunit;

namespace Refold.Segments.Tests;

public class CheckpointTests
{
    internal static readonly JournalOptions Large = Samples.Checkpointed.With(s => s with { SegmentBytes = 16384, CheckpointBytes = 500 });

    internal static List<string> Checkpoints(IStorageDevice device) =>
        [.. device.List().Where(name => name.StartsWith("index.", StringComparison.Ordinal))];

    /// <summary>A journal as a process that was killed leaves it: a checkpoint, and a tail behind it.</summary>
    internal static async Task<(MemoryDevice Device, List<string> Everything)> KilledAsync(JournalOptions? options = null)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, options ?? Large);
        for (var number = 1; number <= 8; number++) await AppendAsync(journal, number);
        await journal.DeleteToAsync("s1", 1);
        for (var number = 9; number <= 11; number++) await AppendAsync(journal, number);
        return (device.Copy(), journal.Everything());
    }

    internal static async Task AppendAsync(SegmentJournal journal, int number) =>
        await journal.AppendAsync(
            new AppendRequest(Samples.Entry("s" + number % 3, $"entry {number}", "a"), Samples.Entry("all", "{}", "b"))
            {
                IdempotencyKey = $"key {number}"
            });

    [Fact]
    public async Task OneIsWritten_AfterSoManyBytes_AndAtClose_AndTheOneBeforeGoes()
    {
        var device = new MemoryDevice();
        var seen = new List<string>();
        var journal = SegmentJournal.Open(device, Large);
        for (var number = 1; number <= 12; number++)
        {
            await AppendAsync(journal, number);
            var now = Checkpoints(device);
            Assert.InRange(now.Count, 0, 1);
            if (now.Count > 0 && seen.LastOrDefault() != now[0]) seen.Add(now[0]);
        }

        // Two frames of about 150 bytes each time.
        Assert.Equal(["index.0.4", "index.0.8", "index.0.12", "index.0.16", "index.0.20", "index.0.24"], seen);
        await AppendAsync(journal, 13);
        await journal.DisposeAsync();
        // Not worth one.
        Assert.Equal(["index.0.24"], Checkpoints(device));
        journal = SegmentJournal.Open(device, Large.With(s => s with { CheckpointBytes = 100_000 }));
        Assert.Equal((OpeningPath.Checkpoint, 26, 2), (journal.Opened.Path, journal.Opened.Restored, journal.Opened.Tail));
        Assert.Empty(journal.Opened.Ignored);
        for (var number = 14; number <= 16; number++) await AppendAsync(journal, number);
        await journal.DisposeAsync();
        Assert.Equal(["index.0.24"], Checkpoints(device));
        journal = SegmentJournal.Open(device, Large.With(s => s with { CheckpointBytes = 600 }));
        Assert.Equal(8, journal.Opened.Tail);
        await journal.DisposeAsync();
        Assert.Equal(["index.0.32"], Checkpoints(device));
        Assert.True(SegmentJournal.Verify(device).Ok);
        // What nothing came behind is not written again.
        var writes = device.Writes;
        await SegmentJournal.Open(device, Large).DisposeAsync();
        Assert.Equal(writes + 3, device.Writes);
    }

    [Fact]
    public async Task SwitchedOff_NoneIsWritten_AndNoneIsTaken()
    {
        var (device, expected) = await KilledAsync();
        var scanning = Samples.ReadOnly.With(s => s with { Opening = new() { Checkpoint = false } });
        await using (var journal = SegmentJournal.Open(device, scanning))
        {
            Assert.Equal((OpeningPath.Scan, 22), (journal.Opened.Path, journal.Opened.Tail));
            Assert.Equal("index.0.21: checkpoints are switched off", Assert.Single(journal.Opened.Ignored));
            Assert.Equal(expected, journal.Everything());
        }

        (device, _) = await KilledAsync(Large.With(s => s with { CheckpointBytes = 0 }));
        Assert.Empty(Checkpoints(device));
        Assert.Throws<ArgumentOutOfRangeException>(() => SegmentJournal.Open(device, Large.With(s => s with { CheckpointBytes = -1 })));
    }

    [Fact]
    public async Task AWriterThatWasOpenedByIt_WritesTheSameFiles_AsOneThatScanned()
    {
        var (device, _) = await KilledAsync();
        var files = new List<Dictionary<string, byte[]>>();
        foreach (var ways in (OpeningWays[])[new(), new() { Checkpoint = false }])
        {
            var copy = device.Copy();
            await using (var journal = SegmentJournal.Open(copy, Large.With(s => s with { Opening = ways })))
            {
                Assert.Equal(ways.Checkpoint, journal.Opened.Path == OpeningPath.Checkpoint);
                await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(3));
                for (var number = 11; number <= 80; number++) await AppendAsync(journal, number);
            }

            Assert.True(copy.List().Count(name => name.EndsWith(".seg", StringComparison.Ordinal)) > 1);
            files.Add(copy.List().ToDictionary(name => name, copy.Content));
        }

        Assert.Equal(files[1], files[0]);
    }

    [Fact]
    public async Task ACompaction_TakesItAway_AndTheNextOneNamesTheNewSet()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Checkpointed);
        for (var number = 1; number <= 20; number++) await AppendAsync(journal, number);
        Assert.StartsWith("index.0.", Assert.Single(Checkpoints(device)), StringComparison.Ordinal);
        var report = await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
        Assert.Empty(Checkpoints(device));
        for (var number = 21; number <= 24; number++) await AppendAsync(journal, number);
        var expected = journal.Everything();
        Assert.StartsWith($"index.{report.SetGeneration}.", Assert.Single(Checkpoints(device)), StringComparison.Ordinal);
        await using var opened = SegmentJournal.Open(device.Copy(), Samples.ReadOnly);
        Assert.Equal(OpeningPath.Checkpoint, opened.Opened.Path);
        Assert.Equal(expected, opened.Everything());
    }

    [Fact]
    public async Task AReader_IsRight_WhereItIsUnlinkedBetweenTheListingAndTheRead()
    {
        var (device, expected) = await KilledAsync();
        var name = Assert.Single(Checkpoints(device));
        for (var which = 1; which <= 3; which++)
        {
            var (copy, opened) = (device.Copy(), 0);
            copy.Fails = (operation, file) =>
            {
                if (operation == "open" && file == name && ++opened == which) copy.Delete(name);
                return null;
            };
            await using var journal = SegmentJournal.Open(copy, Samples.ReadOnly);
            Assert.Equal(which > 2 ? OpeningPath.Checkpoint : OpeningPath.Scan, journal.Opened.Path);
            Assert.Equal(expected, journal.Everything());
        }
    }

    [Fact]
    public async Task ReadersBesideTheWriter_OpenByItAgainAndAgain_AndSeeEverything()
    {
        using var directory = new TemporaryDirectory();
        await using var journal = SegmentJournal.Open(
            directory.Root, new JournalOptions { Segments = new() { SegmentBytes = 8192, CheckpointBytes = 400 } });
        await AppendAsync(journal, 1);
        var done = false;
        var reading = Task.Run(async () =>
        {
            for (var least = 0L; !Volatile.Read(ref done); least = journal.Head.Position)
            {
                await using var reader = SegmentJournal.Open(directory.Root, Samples.ReadOnly);
                var positions = reader.ReadAll().Select(entry => entry.Position).ToList();
                Assert.Equal(Enumerable.Range(1, positions.Count).Select(position => (long)position), positions);
                Assert.True(positions.Count >= least);
            }
        });
        for (var number = 2; number <= 400; number++) await AppendAsync(journal, number);
        Volatile.Write(ref done, true);
        await reading;
        await using var last = SegmentJournal.Open(directory.Root, Samples.ReadOnly);
        Assert.Equal(journal.Everything(), last.Everything());
    }

    [Fact]
    public async Task WithAnswersBeforeTheFlush_ItCoversOnlyWhatIsFlushed()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Large.With(s => s with { Durability = Durability.PowerCutLosesNewest }));
        for (var number = 1; number <= 6; number++) await AppendAsync(journal, number);
        Assert.Empty(Checkpoints(device));
        await journal.FlushAsync();
        await AppendAsync(journal, 7);
        Assert.Empty(Checkpoints(device));
        await journal.DeleteToAsync("s1", 1);
        Assert.Equal(["index.0.15"], Checkpoints(device));
        await using var survivor = SegmentJournal.Open(device.AfterPowerCut(), Large);
        Assert.Equal((OpeningPath.Checkpoint, journal.Head), (survivor.Opened.Path, survivor.Head));
    }
}

// The tests of seed 003, a round trip through each store, and what the seed's own harness gets wrong (lines 10 to 12).
// Run by `dotnet test`.
using Refold.Tests.Runs;
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessSeedTests
{
    private static readonly StreamId Stream = "harness";

    [Fact]
    public async Task RecordThenSnapshot_HasTheEntry()
    {
        await using var harness = new ReplayHarness(RecorderMode.Record);
        Assert.Equal(RecordAnswer.Recorded, await harness.RecordAsync(new RngSeed("test/rng", 42)));
        Assert.Equal([new RngSeed("test/rng", 42)], await harness.SnapshotAsync());
    }

    [Fact]
    public async Task OffMode_DropsRecords()
    {
        await using var harness = new ReplayHarness(RecorderMode.Off);
        Assert.Equal(RecordAnswer.Ignored, await harness.RecordAsync(new RngSeed("test", 1)));
        Assert.Empty(await harness.SnapshotAsync());
    }

    [Fact]
    public async Task LoadThenReplay_HandsTheEntriesToTheSinkInOrder()
    {
        await using var harness = new ReplayHarness(RecorderMode.Replay);
        await harness.LoadAsync([new RngSeed("a", 1), new RngSeed("b", 2)]);
        Assert.Equal([new RngSeed("a", 1), new RngSeed("b", 2)], await harness.SnapshotAsync());
        List<ReplayJournalEntry> handled = [];
        var count = await harness.ReplayAllAsync((entry, _) =>
        {
            handled.Add(entry);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(2, count);
        Assert.Equal([new RngSeed("a", 1), new RngSeed("b", 2)], handled);
    }

    [Theory]
    [InlineData("memory:")]
    [InlineData("segments:")]
    [InlineData("litedb:")]
    public async Task ThreeSeeds_ComeBackFromTheJournalInAFreshHarness_InOrder(string scheme)
    {
        using var directory = new TemporaryDirectory();
        ReplayJournalEntry[] seeds =
        [
            new RngSeed("actor/a", 1), new RngSeed("actor/b", (1UL << 53) + 1), new RngSeed("actor/c", ulong.MaxValue),
        ];
        string uri = scheme == "memory:" ? scheme : scheme + directory.File("journal");
        var journal = Journal.Open(uri);
        await using (var recording = new ReplayHarness(RecorderMode.Record, journal, Stream))
        {
            foreach (var seed in seeds) await recording.RecordAsync(seed);
        }

        // What the memory holds is gone with the object; files are opened again.
        if (scheme != "memory:")
        {
            await journal.DisposeAsync();
            journal = Journal.Open(uri);
        }

        await using (journal)
        {
            await using var fresh = new ReplayHarness(RecorderMode.Replay, journal, Stream);
            Assert.Equal(3, await fresh.LoadFromJournalAsync(fromVersion: 1, maxCount: 100));
            Assert.Equal(seeds, await fresh.SnapshotAsync());
            Assert.Equal([1, 2, 3], journal.ReadStream(Stream).Select(entry => entry.Version));
            Assert.All(
                journal.ReadStream(Stream), entry => Assert.Equal(("replay-journal-entry", EntryRole.Fact), (entry.Type, entry.Role)));
        }
    }

    // In the seed ReplayAll inside the actor does nothing and never replies.
    [Theory]
    [InlineData(RecorderMode.Off)]
    [InlineData(RecorderMode.Record)]
    [InlineData(RecorderMode.Replay)]
    public async Task ReplayAll_DoesWhatItSaysInReplay_AndRefusesInEveryOtherMode(RecorderMode mode)
    {
        await using var harness = new ReplayHarness(mode);
        await harness.LoadAsync([new BatchSize("a", 1), new BatchSize("b", 2)]);
        var handed = 0;
        ValueTask Count(ReplayJournalEntry entry, CancellationToken token)
        {
            handed++;
            return ValueTask.CompletedTask;
        }

        if (mode == RecorderMode.Replay)
        {
            Assert.Equal(2, await harness.ReplayAllAsync(Count));
            Assert.Equal(2, handed);
            return;
        }

        var refused = await Assert.ThrowsAsync<NotReplayingException>(() => harness.ReplayAllAsync(Count));
        Assert.Equal(("not-replaying", mode, 0), (refused.Code, refused.Mode, handed));
        Assert.Contains("SetModeAsync(RecorderMode.Replay)", refused.Message, StringComparison.Ordinal);
    }

    // In the seed a failed write is logged and swallowed, and its number is gone.
    [Fact]
    public async Task AFailedJournalWrite_IsAnErrorToTheCaller_AndBurnsNoSequenceNumber()
    {
        await using var inner = new InMemoryJournal();
        var journal = new StagedJournal(inner)
        {
            Before = append => append == 2 ? new AppendResult.NotAppended(new AppendFailure.NoRoom("the disk is full")) : null,
        };
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await harness.RecordAsync(new RngSeed("a", 1));
        var failed = await Assert.ThrowsAsync<NotAppendedException>(() => harness.RecordAsync(new RngSeed("b", 2)));
        Assert.IsType<AppendFailure.NoRoom>(failed.Failure);
        await harness.RecordAsync(new RngSeed("c", 3));
        Assert.Equal([1, 2], inner.ReadStream(Stream).Select(entry => entry.Version));
        Assert.Equal([new RngSeed("a", 1), new RngSeed("c", 3)], inner.ReadStream(Stream).Select(ReplayJournalEntry.Codec.Decode));
        // Memory has what the journal has.
        Assert.Equal([new RngSeed("a", 1), new RngSeed("c", 3)], await harness.SnapshotAsync());
    }

    // In the seed timestamps are taken when recording and are lost on the way back.
    [Fact]
    public async Task Timestamps_AreRecorded_AndFedBackAsTheyWere()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var journal = new InMemoryJournal();
        await using (var recording = new ReplayHarness(RecorderMode.Record, journal, Stream, new() { TimeProvider = clock }))
        {
            clock.Advance(TimeSpan.FromMicroseconds(7));
            await recording.RecordAsync(new DeviceCommand(0, "open", "0"));
            clock.Advance(TimeSpan.FromMicroseconds(5));
            await recording.RecordAsync(new KernelCommand(0, "gemm", "m=1"));
        }

        clock.Advance(TimeSpan.FromHours(1));
        await using var replaying = new ReplayHarness(RecorderMode.Replay, journal, Stream, new() { TimeProvider = clock });
        await replaying.LoadFromJournalAsync();
        List<ReplayJournalEntry> fed = [];
        await replaying.ReplayAllAsync((entry, _) =>
        {
            fed.Add(entry);
            return ValueTask.CompletedTask;
        });
        Assert.Equal([new DeviceCommand(7, "open", "0"), new KernelCommand(12, "gemm", "m=1")], fed);
    }
}

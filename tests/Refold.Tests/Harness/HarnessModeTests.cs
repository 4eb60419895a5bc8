// What each mode does with what is recorded, and what snapshots and loading do in every mode.
// Run by `dotnet test`.
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessModeTests
{
    public static TheoryData<RecorderMode> Modes => [.. Enum.GetValues<RecorderMode>()];

    [Theory]
    [InlineData(RecorderMode.Off)]
    [InlineData(RecorderMode.Replay)]
    public async Task Record_IsIgnoredInEveryOtherMode_AndTheJournalIsNotAsked(RecorderMode mode)
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(mode, journal, "harness");
        await harness.LoadAsync([new RngSeed("loaded", 1)]);
        Assert.Equal(RecordAnswer.Ignored, await harness.RecordAsync(new RngSeed("a", 1)));
        // What has no form is dropped like everything else.
        Assert.Equal(RecordAnswer.Ignored, await harness.RecordAsync(new RngSeed(null!, 1)));
        Assert.Equal([new RngSeed("loaded", 1)], await harness.SnapshotAsync());
        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task Record_StampsTheTimeOfTheFirstTwoKindsOnly_AndOverwritesIt()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var harness = new ReplayHarness(RecorderMode.Record, new() { TimeProvider = clock });
        // Whole microseconds since the harness began.
        clock.Advance(TimeSpan.FromTicks(15_000_019));
        await harness.RecordAsync(new DeviceCommand(99, "open", "0"));
        await harness.RecordAsync(new KernelCommand(ulong.MaxValue, "gemm", "m=1"));
        await harness.RecordAsync(new RngSeed("a", 99));
        await harness.RecordAsync(new BatchSize("a", 99));
        ReplayJournalEntry[] expected =
        [
            new DeviceCommand(1_500_001, "open", "0"), new KernelCommand(1_500_001, "gemm", "m=1"), new RngSeed("a", 99),
            new BatchSize("a", 99),
        ];
        Assert.Equal(expected, await harness.SnapshotAsync());
    }

    [Fact]
    public async Task Load_LeavesTimesAsTheyAre()
    {
        await using var harness = new ReplayHarness(RecorderMode.Record);
        await harness.LoadAsync([new DeviceCommand(99, "open", "0")]);
        Assert.Equal([new DeviceCommand(99, "open", "0")], await harness.SnapshotAsync());
    }

    [Fact]
    public async Task ASecondProcess_BeginsAtZeroAgain_SoOffsetsGoBack_AndTheOrderIsThatOfVersions()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var journal = new InMemoryJournal();
        foreach (string process in (string[])["first", "second"])
        {
            await using var recording = new ReplayHarness(RecorderMode.Record, journal, "harness", new() { TimeProvider = clock });
            clock.Advance(TimeSpan.FromMicroseconds(process == "first" ? 100 : 3));
            await recording.RecordAsync(new DeviceCommand(0, process, ""));
        }

        await using var replaying = new ReplayHarness(RecorderMode.Replay, journal, "harness");
        Assert.Equal(2, await replaying.LoadFromJournalAsync());
        Assert.Equal([new DeviceCommand(100, "first", ""), new DeviceCommand(3, "second", "")], await replaying.SnapshotAsync());
    }

    [Fact]
    public async Task SwitchingTheMode_KeepsTheContent()
    {
        await using var harness = new ReplayHarness(RecorderMode.Record);
        await harness.RecordAsync(new RngSeed("a", 1));
        foreach (var mode in (RecorderMode[])[RecorderMode.Off, RecorderMode.Replay, RecorderMode.Record])
        {
            await harness.SetModeAsync(mode);
            Assert.Equal(mode, harness.Mode);
            Assert.Equal([new RngSeed("a", 1)], await harness.SnapshotAsync());
        }

        Assert.Equal(RecordAnswer.Recorded, await harness.RecordAsync(new RngSeed("b", 2)));
        Assert.Equal([new RngSeed("a", 1), new RngSeed("b", 2)], harness.Entries);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Snapshot_IsACopyInEveryMode(RecorderMode mode)
    {
        await using var harness = new ReplayHarness(mode);
        await harness.LoadAsync([new RngSeed("a", 1)]);
        var before = await harness.SnapshotAsync();
        await harness.LoadAsync([]);
        Assert.Equal([new RngSeed("a", 1)], before);
        Assert.Empty(await harness.SnapshotAsync());
        // Nor does whoever changes a copy change the harness.
        await harness.LoadAsync([new RngSeed("b", 2)]);
        if (await harness.SnapshotAsync() is IList<ReplayJournalEntry> { IsReadOnly: false } list) list[0] = new RngSeed("changed", 0);
        if (await harness.SnapshotAsync() is ReplayJournalEntry[] array) array[0] = new RngSeed("changed", 0);
        Assert.Equal([new RngSeed("b", 2)], harness.Entries);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Load_ReplacesInEveryMode_AndAcknowledges(RecorderMode mode)
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(mode, journal, "harness");
        await harness.LoadAsync([new RngSeed("a", 1), new RngSeed("b", 2)]);
        List<ReplayJournalEntry> given = [new BatchSize("c", 3)];
        var loading = harness.LoadAsync(given);
        // The list is the caller's again as soon as the call returned.
        given.Clear();
        await loading;
        Assert.Equal([new BatchSize("c", 3)], await harness.SnapshotAsync());
        Assert.Equal((mode, 0), (harness.Mode, journal.Head.Position));
    }

    [Fact]
    public async Task Calls_AreHandledInTheirOrder_WhetherAwaitedOrNot()
    {
        await using var harness = new ReplayHarness(RecorderMode.Record);
        var first = harness.RecordAsync(new RngSeed("a", 1));
        var between = harness.SnapshotAsync();
        var off = harness.SetModeAsync(RecorderMode.Off);
        var ignored = harness.RecordAsync(new RngSeed("b", 2));
        var after = harness.SnapshotAsync();
        await Task.WhenAll(first, between, off, ignored, after);
        Assert.Equal((RecordAnswer.Recorded, RecordAnswer.Ignored), (await first, await ignored));
        Assert.Equal([new RngSeed("a", 1)], await between);
        Assert.Equal([new RngSeed("a", 1)], await after);
    }

    [Fact]
    public async Task ManyThreads_LoseNothing_AndMemoryHasTheOrderOfTheJournal()
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, "harness");
        var threads = Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (var entry = 0; entry < 50; entry++)
                Assert.Equal(RecordAnswer.Recorded, await harness.RecordAsync(new RngSeed("thread/" + (char)('a' + thread), (ulong)entry)));
        }));
        await Task.WhenAll(threads);
        var entries = await harness.SnapshotAsync();
        Assert.Equal(400, entries.Distinct().Count());
        Assert.Equal(journal.ReadStream("harness").Select(ReplayJournalEntry.Codec.Decode), entries);
        Assert.All(
            entries.Cast<RngSeed>().GroupBy(entry => entry.ActorPath),
            thread => Assert.Equal(Enumerable.Range(0, 50).Select(entry => (ulong)entry), thread.Select(entry => entry.Seed)));
    }
}

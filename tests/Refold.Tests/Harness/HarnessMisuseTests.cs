// A harness cancelled and disposed in the middle, and arguments that are none.
// Run by `dotnet test`.
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessMisuseTests
{
    private static readonly StreamId Stream = "harness";

    [Fact]
    public async Task ACancelledCall_DoesNothing()
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await harness.RecordAsync(new RngSeed("a", 1));
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.RecordAsync(new RngSeed("b", 2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.SnapshotAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.SetModeAsync(RecorderMode.Replay, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.LoadAsync([], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.LoadFromJournalAsync(cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask, cancelled));
        Assert.Equal([new RngSeed("a", 1)], await harness.SnapshotAsync());
        Assert.Equal((RecorderMode.Record, 1L), (harness.Mode, journal.HighestVersion(Stream)));
    }

    [Fact]
    public async Task Cancelling_EndsTheWaiting_NeverAWriteThatWasBegun_AndLeavesOutWhatWasNot()
    {
        await using var inner = new InMemoryJournal();
        var journal = new StagedJournal(inner) { Holds = true };
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        using var source = new CancellationTokenSource();
        var begun = harness.RecordAsync(new RngSeed("begun", 1), source.Token);
        var leftOut = harness.RecordAsync(new RngSeed("left out", 2), source.Token);
        var behind = harness.RecordAsync(new RngSeed("behind", 3));
        await SnapshotFixture.UntilAsync(() => journal.Held == 1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begun);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leftOut);
        // Who left kept its place for those behind: they wait for the write that was begun.
        Assert.False(behind.IsCompleted);
        Assert.Equal(1, journal.Appends);
        journal.Release();
        Assert.Equal(RecordAnswer.Recorded, await behind);
        Assert.Equal([new RngSeed("begun", 1), new RngSeed("behind", 3)], await harness.SnapshotAsync());
        Assert.Equal([new RngSeed("begun", 1), new RngSeed("behind", 3)], inner.ReadStream(Stream).Select(ReplayJournalEntry.Codec.Decode));
    }

    [Fact]
    public async Task Cancelling_EndsAReplay()
    {
        await using var harness = new ReplayHarness(RecorderMode.Replay);
        await harness.LoadAsync([new RngSeed("a", 1), new RngSeed("b", 2)]);
        using var source = new CancellationTokenSource();
        var sink = new HoldingSink();
        var replay = harness.ReplayAllAsync(sink, source.Token);
        var waiting = harness.ReplayAllAsync(sink, source.Token);
        await sink.HasTakenAsync(1);
        await source.CancelAsync();
        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => replay)).CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.True(sink.Token.IsCancellationRequested);
        Assert.Single(sink.Taken);
        // A sink that fails after nobody waits any more disturbs nobody.
        sink.Fail(new IOException("too late"));
        Assert.Equal(2, await harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask));
    }

    [Fact]
    public async Task DisposingInTheMiddleOfAReplay_EndsIt()
    {
        var harness = new ReplayHarness(RecorderMode.Replay);
        await harness.LoadAsync([new RngSeed("a", 1), new RngSeed("b", 2)]);
        var sink = new HoldingSink();
        var replay = harness.ReplayAllAsync(sink);
        var waiting = harness.ReplayAllAsync(sink);
        await sink.HasTakenAsync(1);
        await harness.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => replay);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.True(sink.Token.IsCancellationRequested);
        Assert.Single(sink.Taken);
    }

    [Fact]
    public async Task DisposingInsideASink_EndsTheReplay()
    {
        var harness = new ReplayHarness(RecorderMode.Replay);
        await harness.LoadAsync([new RngSeed("a", 1), new RngSeed("b", 2)]);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.ReplayAllAsync(async (_, _) => await harness.DisposeAsync()));
    }

    [Fact]
    public async Task DisposingInTheMiddleOfAWrite_WaitsForIt_AndLeavesOutWhatWasNotBegun()
    {
        await using var inner = new InMemoryJournal();
        var journal = new StagedJournal(inner) { Holds = true };
        var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        var begun = harness.RecordAsync(new RngSeed("begun", 1));
        var leftOut = harness.RecordAsync(new RngSeed("left out", 2));
        await SnapshotFixture.UntilAsync(() => journal.Held == 1);
        var disposing = harness.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => leftOut);
        Assert.False(disposing.IsCompleted);
        Assert.False(begun.IsCompleted);
        journal.Release();
        Assert.Equal(RecordAnswer.Recorded, await begun);
        await disposing;
        Assert.Equal([new RngSeed("begun", 1)], harness.Entries);
        Assert.Equal(1, inner.HighestVersion(Stream));
        // The journal is the caller's, and open.
        await inner.AppendAsync(new AppendRequest(new EntryData(Stream, "more", default)));
    }

    [Fact]
    public async Task Disposing_WaitsForAJournalThatNeverAnswers_ForABoundedTime()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var inner = new InMemoryJournal();
        var journal = new StagedJournal(inner) { Holds = true };
        var harness = new ReplayHarness(RecorderMode.Record, journal, Stream, new() { TimeProvider = clock });
        var begun = harness.RecordAsync(new RngSeed("begun", 1));
        await SnapshotFixture.UntilAsync(() => journal.Held == 1);
        var disposing = harness.DisposeAsync().AsTask();
        await SnapshotFixture.UntilAsync(() => clock.Waiting == 1);
        clock.Advance(TimeSpan.FromSeconds(30));
        await disposing;
        Assert.False(begun.IsCompleted);
        // Whoever waits is answered when the journal is.
        journal.Release();
        Assert.Equal(RecordAnswer.Recorded, await begun);
    }

    [Fact]
    public async Task ADisposedHarness_TakesNoCalls()
    {
        await using var journal = new InMemoryJournal();
        var harness = new ReplayHarness(RecorderMode.Replay, journal, Stream);
        await harness.LoadAsync([new RngSeed("a", 1)]);
        await harness.DisposeAsync();
        await harness.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.RecordAsync(new RngSeed("b", 2)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.SnapshotAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.SetModeAsync(RecorderMode.Off));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.LoadAsync([]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.LoadFromJournalAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask));
        Assert.Equal([new RngSeed("a", 1)], harness.Entries);
    }

    [Fact]
    public async Task AnEntryWithoutAForm_IsRefused_WithAJournalAndWithout()
    {
        await using var journal = new InMemoryJournal();
        ReplayJournalEntry[] formless =
        [
            new DeviceCommand(0, null!, ""), new DeviceCommand(0, "", "\ud800"), new KernelCommand(0, "\udc00", ""), new RngSeed(null!, 1),
            new BatchSize("a\ud83d", 1),
        ];
        foreach (var harness in (ReplayHarness[])[new(RecorderMode.Record), new(RecorderMode.Record, journal, Stream)])
        {
            foreach (var entry in formless)
                Assert.Equal("unencodable", (await Assert.ThrowsAsync<CodecException>(() => harness.RecordAsync(entry))).Code);
            Assert.Empty(await harness.SnapshotAsync());
            await harness.DisposeAsync();
        }

        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task ArgumentsThatAreNone_AreRefusedByTheCall()
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(RecorderMode.Replay);
        Assert.Throws<ArgumentNullException>(() => { _ = harness.RecordAsync(null!); });
        Assert.Throws<ArgumentNullException>(() => { _ = harness.LoadAsync(null!); });
        Assert.Throws<ArgumentException>(() => { _ = harness.LoadAsync([new RngSeed("a", 1), null!]); });
        Assert.Throws<ArgumentNullException>(() => { _ = harness.ReplayAllAsync((IReplaySink)null!); });
        Func<ReplayJournalEntry, CancellationToken, ValueTask> none = null!;
        Assert.Throws<ArgumentNullException>(() => { _ = harness.ReplayAllAsync(none); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = harness.SetModeAsync((RecorderMode)3); });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReplayHarness((RecorderMode)(-1)));
        Assert.Throws<ArgumentNullException>(() => new ReplayHarness(RecorderMode.Off, null!, Stream));
        Assert.Throws<ArgumentNullException>(() => new ReplayHarness(RecorderMode.Off, journal, null!));
        Assert.Throws<ArgumentException>(() => new ReplayHarness(RecorderMode.Off, journal, "$run/1"));
        TimeSpan[] bounds = [TimeSpan.Zero, TimeSpan.FromTicks(-1), Timeout.InfiniteTimeSpan, TimeSpan.FromDays(24.1), TimeSpan.MaxValue];
        Assert.All(bounds, bound =>
        {
            var options = new ReplayHarnessOptions { AcknowledgementTimeout = bound };
            Assert.Throws<ArgumentOutOfRangeException>(() => new ReplayHarness(RecorderMode.Off, options));
        });
        Assert.Empty(await harness.SnapshotAsync());
    }
}

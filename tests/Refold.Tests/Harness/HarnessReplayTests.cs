// Replaying into a sink: a copy, one entry at a time, each acknowledged before the next, within a bound.
// Run by `dotnet test`.
using Refold.Tests.Snapshots;
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessReplayTests
{
    private static readonly ReplayJournalEntry[] Three = [new RngSeed("a", 1), new DeviceCommand(2, "open", "0"), new BatchSize("c", 3)];

    [Fact]
    public async Task TheNextEntry_ComesOnlyAfterTheAcknowledgement()
    {
        await using var harness = await LoadedAsync();
        var sink = new HoldingSink();
        var replay = harness.ReplayAllAsync(sink);
        for (var count = 1; count <= 3; count++)
        {
            await sink.HasTakenAsync(count);
            // Were the next one on its way, it would come while these calls are handled.
            for (var turn = 0; turn < 20; turn++)
            {
                await Task.Yield();
                await harness.SnapshotAsync();
            }

            Assert.Equal(Three.Take(count), sink.Taken);
            Assert.False(replay.IsCompleted);
            sink.Acknowledge();
        }

        Assert.Equal(3, await replay);
        Assert.Equal(Three, sink.Taken);
        Assert.False(sink.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Replaying_WorksOnACopy()
    {
        await using var harness = await LoadedAsync();
        var sink = new HoldingSink();
        var replay = harness.ReplayAllAsync(sink);
        await sink.HasTakenAsync(1);
        await harness.LoadAsync([new RngSeed("other", 9)]);
        await harness.SetModeAsync(RecorderMode.Record);
        await harness.RecordAsync(new RngSeed("more", 10));
        for (var count = 1; count <= 3; count++)
        {
            await sink.HasTakenAsync(count);
            sink.Acknowledge();
        }

        Assert.Equal(3, await replay);
        Assert.Equal(Three, sink.Taken);
        Assert.Equal([new RngSeed("other", 9), new RngSeed("more", 10)], await harness.SnapshotAsync());
    }

    [Fact]
    public async Task Replaying_ChangesNothing_SoItCanBeRepeated()
    {
        await using var harness = await LoadedAsync();
        for (var time = 0; time < 2; time++)
        {
            List<ReplayJournalEntry> taken = [];
            await harness.ReplayAllAsync(async (entry, token) =>
            {
                await Task.Yield();
                // A sink may call its harness: recording is ignored, as always in this mode.
                Assert.Equal(RecordAnswer.Ignored, await harness.RecordAsync(entry, token));
                taken.Add(entry);
            });
            Assert.Equal(Three, taken);
            Assert.Equal(Three, await harness.SnapshotAsync());
        }
    }

    [Fact]
    public async Task Empty_IsDoneAtOnce_AlsoBesideAReplayThatWaits()
    {
        await using var harness = await LoadedAsync();
        var sink = new HoldingSink();
        var waiting = harness.ReplayAllAsync(sink);
        await sink.HasTakenAsync(1);
        await harness.LoadAsync([]);
        Assert.Equal(0, await harness.ReplayAllAsync((_, _) => throw new InvalidOperationException("There is nothing to hand out.")));
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task OfTwoReplays_TheSecondBeginsWhenTheFirstHasEnded()
    {
        await using var harness = await LoadedAsync();
        var sink = new HoldingSink();
        var first = harness.ReplayAllAsync(sink);
        var second = harness.ReplayAllAsync(sink);
        for (var count = 1; count <= 6; count++)
        {
            await sink.HasTakenAsync(count);
            Assert.Equal(count, sink.Taken.Count);
            Assert.Equal((count > 3, false), (first.IsCompleted, second.IsCompleted));
            sink.Acknowledge();
            if (count == 3) await first;
        }

        Assert.Equal(3, await second);
        Assert.Equal([.. Three, .. Three], sink.Taken);
    }

    [Fact]
    public async Task AnAcknowledgementThatNeverComes_EndsByATimeout_WhichIsAnErrorAndIsRecorded()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var harness = await LoadedAsync(new() { TimeProvider = clock, AcknowledgementTimeout = TimeSpan.FromMinutes(2) });
        var sink = new HoldingSink();
        var replay = harness.ReplayAllAsync(sink);
        await sink.HasTakenAsync(1);
        sink.Acknowledge();
        await sink.HasTakenAsync(2);
        await SnapshotFixture.UntilAsync(() => clock.Waiting == 1);
        var told = new TaskCompletionSource();
        await using var registration = sink.Token.Register(told.SetResult);
        clock.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromTicks(1));
        Assert.False(replay.IsCompleted);
        Assert.Null(harness.LastTimeout);
        clock.Advance(TimeSpan.FromTicks(1));
        var timeout = await Assert.ThrowsAsync<AcknowledgementTimeoutException>(() => replay);
        Assert.Equal(("acknowledgement-timeout", 2, Three[1]), (timeout.Code, timeout.Number, timeout.Entry));
        Assert.Equal(TimeSpan.FromMinutes(2), timeout.Bound);
        Assert.Contains("entry 2 of 3 within 00:02:00", timeout.Message, StringComparison.Ordinal);
        Assert.Same(timeout, harness.LastTimeout);
        // The sink is told that nobody waits any more, and an acknowledgement that is late changes nothing.
        await told.Task.WaitAsync(TimeSpan.FromMinutes(1));
        sink.Acknowledge();
        Assert.Equal(Three.Take(2), sink.Taken);
        // The harness goes on.
        Assert.Equal(3, await harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask));
        Assert.Same(timeout, harness.LastTimeout);
    }

    [Fact]
    public async Task ASinkThatBlocks_IsTimedOutToo()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var harness = await LoadedAsync(new() { TimeProvider = clock });
        using var open = new ManualResetEventSlim();
        var replay = harness.ReplayAllAsync((_, _) =>
        {
            open.Wait(CancellationToken.None);
            return ValueTask.CompletedTask;
        });
        await SnapshotFixture.UntilAsync(() => clock.Waiting == 1);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await Assert.ThrowsAsync<AcknowledgementTimeoutException>(() => replay)).Number);
        open.Set();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASinkThatThrows_EndsTheReplay_WithTheEntryAndTheCause(bool later)
    {
        await using var harness = await LoadedAsync();
        List<ReplayJournalEntry> taken = [];
        var failed = await Assert.ThrowsAsync<ReplaySinkException>(() => harness.ReplayAllAsync((entry, _) =>
        {
            taken.Add(entry);
            if (taken.Count < 2) return ValueTask.CompletedTask;
            // An exception of the kind of a time-out is the sink's own here.
            var cause = new TimeoutException("the device is gone.");
            return later ? ValueTask.FromException(cause) : throw cause;
        }));
        Assert.Equal(("sink-failed", 2, Three[1]), (failed.Code, failed.Number, failed.Entry));
        Assert.IsType<TimeoutException>(failed.InnerException);
        Assert.Contains("entry 2 of 3, and the replay ended there: the device is gone. Correct", failed.Message, StringComparison.Ordinal);
        Assert.Equal(Three.Take(2), taken);
        Assert.Null(harness.LastTimeout);
    }

    [Fact]
    public async Task ASinkThatCancelsItself_HasFailed()
    {
        await using var harness = await LoadedAsync();
        var failed = await Assert.ThrowsAsync<ReplaySinkException>(
            () => harness.ReplayAllAsync((_, _) => ValueTask.FromCanceled(new CancellationToken(canceled: true))));
        Assert.Equal(1, failed.Number);
        Assert.IsAssignableFrom<OperationCanceledException>(failed.InnerException);
    }

    [Fact]
    public async Task ReplayingInsideItsOwnSink_DoesNotHang()
    {
        var clock = new ManualClock { IsWithoutDay = true };
        await using var harness = await LoadedAsync(new() { TimeProvider = clock });
        var replay = harness.ReplayAllAsync(
            async (_, token) => await harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask, token));
        await SnapshotFixture.UntilAsync(() => clock.Waiting == 1);
        clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<AcknowledgementTimeoutException>(() => replay);
        Assert.Equal(3, await harness.ReplayAllAsync((_, _) => ValueTask.CompletedTask));
    }

    private static async Task<ReplayHarness> LoadedAsync(ReplayHarnessOptions? options = null)
    {
        var harness = new ReplayHarness(RecorderMode.Replay, options);
        await harness.LoadAsync(Three);
        return harness;
    }
}

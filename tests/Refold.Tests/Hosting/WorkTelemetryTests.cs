// What listeners see of recoveries, flushes, snapshots, operations and their effects; and that a replay tells nothing of it.
// Run by `dotnet test`, alone, because sources and meters are the process's.
using System.Diagnostics;
using Orders;
using Refold.Segments;
using Refold.Tests.Operations;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Hosting;

[Collection(nameof(TelemetryTests))]
public class WorkTelemetryTests
{
    [Fact]
    public async Task ARun_TellsItsRecoveriesFlushesSnapshotsOperationsAndEffects_AndItsReplayNothing()
    {
        using var seen = new Seen();
        var outside = new Outside();
        outside.InPayment = number => number == 1 ? Task.FromException(new IOException("gone")) : Task.CompletedTask;
        await using var journal = SegmentJournal.Open(new MemoryDevice());
        await using var store = new InMemorySnapshotStore();
        var permits = new RecoveryPermits(1);
        var options = new RunOptions { Snapshots = store, SnapshotInterval = 1, RecoveryPermits = permits };
        var run = await Shop.StartAsync(journal, options: options);
        var place = Shop.Place(outside);
        await Assert.ThrowsAsync<CallFailedException>(() => run.RunAsync(place, "key", Shop.Request(1)));
        await run.RunAsync(place, "key", Shop.Request(1));
        await run.RunAsync(place, "key", Shop.Request(1));
        // Of the whole process, so that what others left counts, too.
        var before = Permits();
        var held = await permits.AcquireAsync();
        var waiting = run.Orders().ExecuteAsync("order/2", new Draw());
        Assert.Equal((before.Held + 1, before.Waited + 1), Permits());
        held.Dispose();
        await waiting;
        Assert.Equal(before, Permits());
        await run.FinishAsync();
        await run.DisposeAsync();

        Assert.Equal(["order recovered", "order recovered"], seen.Tags(RefoldTelemetry.RecoveryDuration));
        // The two, and the two of the end.
        Assert.Equal(4, seen.Tags(RefoldTelemetry.RecoveryWait).Count);
        Assert.Equal(["none", "none"], seen.Tags(RefoldTelemetry.SnapshotLoads));
        Assert.Equal(["saved", "saved"], seen.Tags(RefoldTelemetry.SnapshotSaves));
        Assert.Equal(["saved", "saved"], seen.Tags(RefoldTelemetry.SnapshotSaveDuration));
        // A call with a key that has its answer is no attempt.
        Assert.Equal(["place call-failed", "place ended"], seen.Tags(RefoldTelemetry.OperationDuration));
        Assert.Equal(["quote answered", "pay failed", "pay answered"], seen.Tags(RefoldTelemetry.EffectDuration));
        Assert.Equal(["quote"], seen.Tags(RefoldTelemetry.EffectRepeats));
        Assert.All(seen.Tags(RefoldTelemetry.FlushDuration), tags => Assert.Equal("segments flushed", tags));
        Assert.NotEmpty(seen.Tags(RefoldTelemetry.FlushDuration));

        var attempts = seen.Activities(RefoldTelemetry.OperationActivity);
        var (failed, ended) = (attempts[0], attempts[1]);
        Assert.Equal((ActivityStatusCode.Error, ActivityStatusCode.Unset), (failed.Status, ended.Status));
        Assert.Equal(
            [("quote", failed.Id), ("pay", failed.Id), ("pay", ended.Id)],
            seen.Activities(RefoldTelemetry.EffectActivity)
                .Select(effect => ((string)effect.GetTagItem(RefoldTelemetry.EffectTag)!, effect.ParentId)));
        var executed = seen.Activities(RefoldTelemetry.ExecuteActivity);
        Assert.Equal(ended.Id, executed[0].ParentId);
        Assert.Equal(executed[0].Id, seen.Activities(RefoldTelemetry.RecoveryActivity)[0].ParentId);
        Assert.Equal(2, seen.Activities(RefoldTelemetry.SnapshotSaveActivity).Count);
        Assert.NotEmpty(seen.Activities(RefoldTelemetry.FlushActivity));
        Assert.Null(Activity.Current);

        seen.Forget();
        var report = await journal.ReplayAsync("run", place);
        Assert.True(report.Matched, report.ToString());
        Assert.Equal([RefoldTelemetry.VerifyActivity], seen.Names().Where(name => name != RefoldTelemetry.ReplayEntries).Distinct());

        (long Held, long Waited) Permits() =>
            (seen.Observed(RefoldTelemetry.RecoveryPermitsHeld), seen.Observed(RefoldTelemetry.RecoveryPermitsWaited));
    }

    [Fact]
    public async Task AFlushThatFails_AndARecoveryThatFails_AreErrors()
    {
        using var seen = new Seen();
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device);
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options()))
        {
            RunFixture.AppendFact(journal, "order/1", 1);
            await journal.AppendAsync(new AppendRequest(new EntryData("order/1", "won", "no JSON"u8.ToArray())));
            await Assert.ThrowsAsync<StateUnreadableException>(() => run.DrawAsync(1, "order/1"));
            device.Fails = (operation, _) => operation == "flush" ? new IOException("gone") : null;
            await Assert.ThrowsAnyAsync<JournalException>(() => run.DrawAsync(1, "order/2"));
        }

        Assert.Equal(["order state-unreadable", "order recovered"], seen.Tags(RefoldTelemetry.RecoveryDuration));
        Assert.Equal(ActivityStatusCode.Error, seen.Activities(RefoldTelemetry.RecoveryActivity)[0].Status);
        Assert.Equal("segments failed", seen.Tags(RefoldTelemetry.FlushDuration)[^1]);
        Assert.Equal(ActivityStatusCode.Error, seen.Activities(RefoldTelemetry.FlushActivity)[^1].Status);
    }
}

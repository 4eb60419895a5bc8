// The next segment is made ahead: in nobody's way, without an error until it is needed, and gone when the journal is closed.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class SpareTests
{
    private readonly SimulatedDevice device = new(1);

    private static Task<AppendResult> AppendAsync(IJournal journal, int payloadBytes = 300) =>
        journal.TryAppendAsync(CrashStore.Batch("s", 1, payloadBytes)).AsTask();

    private List<string> Since(long operation) =>
        [
            .. device.Log.Where(item => item.Changes && item.Index >= operation)
                .Select(item => $"{item.Kind} {(CrashStore.IsSegment(item.Name) ? "segment" : item.Name)}")];

    [Fact]
    public async Task ItIsMade_OnceTheSegmentIsMoreThanHalfFull_AndGoingOnMakesNone()
    {
        await using var journal = SegmentJournal.Open(device, CrashStore.Plain);
        await AppendAsync(journal);
        Assert.DoesNotContain("spare", device.List());
        var before = device.OperationCount;
        await AppendAsync(journal, 500);
        // Behind the flush, and behind COMMIT: nothing waits for it.
        Assert.Equal(["Write segment", "Flush segment", "Write COMMIT", "Create spare", "Write spare", "Flush spare"], Since(before));
        before = device.OperationCount;
        await AppendAsync(journal, 1000);
        Assert.DoesNotContain(Since(before).TakeWhile(item => item != "Rename segment"), item => item is "Create spare");
        Assert.Equal(2, device.List().Count(CrashStore.IsSegment));
    }

    [Fact]
    public async Task NoRoomForIt_IsNoError_UntilItIsNeeded_AndTheSameProcessGoesOn()
    {
        await using var journal = SegmentJournal.Open(device, CrashStore.Plain);
        device.Capacity = device.Image().Sum(file => file.Value.Length) + 1000;
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal));
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 500));
        Assert.Equal(1, device.FaultCount);
        Assert.DoesNotContain("spare", device.List());
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 8));
        // It is not tried again with every append.
        Assert.Equal(1, device.FaultCount);
        Assert.IsType<AppendFailure.NoRoom>(Assert.IsType<AppendResult.NotAppended>(await AppendAsync(journal, 1000)).Failure);
        device.Capacity = null;
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 1000));
    }

    [Theory]
    [InlineData(StorageOperationKind.Create)]
    [InlineData(StorageOperationKind.Write)]
    [InlineData(StorageOperationKind.Flush)]
    public async Task AFailureWhileItIsMade_IsNoError(StorageOperationKind kind)
    {
        await using var journal = SegmentJournal.Open(device, CrashStore.Plain);
        await AppendAsync(journal);
        var armed = true;
        device.Faults = operation =>
        {
            if (!armed || operation.Kind != kind || operation.Name != "spare") return StorageFault.None;
            armed = false;
            return StorageFault.Fails;
        };
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 500));
        Assert.False(armed);
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 1000));
    }

    [Fact]
    public async Task ABatchThatNeedsALargerSegment_GetsOne()
    {
        await using var journal = SegmentJournal.Open(device, CrashStore.Plain);
        await AppendAsync(journal, 1000);
        Assert.Contains("spare", device.List());
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 5000));
        Assert.True(device.Image()["0000000000000002.0.seg"].Length > 5000);
        // That one is nearly full too.
        Assert.Equal(2048, device.Image()["spare"].Length);
        Assert.Null(CrashStore.Inspect(device.AfterKill()));
    }

    [Fact]
    public async Task Closing_WaitsForTheThreadThatMakesIt_ClosesIt_AndRemovesIt()
    {
        var journal = SegmentJournal.Open(device, CrashStore.Plain.With(s => s with { Background = null }));
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        device.Begun = operation =>
        {
            if (operation is not { Kind: StorageOperationKind.Write, Name: "spare" }) return;
            reached.Set();
            goOn.Wait();
        };
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 1000));
        reached.Wait();
        // The writer goes on meanwhile.
        Assert.IsType<AppendResult.Appended>(await AppendAsync(journal, 8));
        var closing = Task.Run(() => journal.DisposeAsync().AsTask());
        Assert.Contains("spare", device.List());
        goOn.Set();
        await closing;
        Assert.DoesNotContain("spare", device.List());
        var operations = device.OperationCount;
        Assert.True(SegmentJournal.Verify(device).Ok);
        Assert.Equal(operations, device.OperationCount);
    }
}

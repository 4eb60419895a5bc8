// What the segment store of the seed lost, one test each: an open batch, a failed batch, a short write, a torn tail, a failed flush.
// Run by `dotnet test`; the oracle judges every step, the tests add what the caller was told.
using Xunit;

namespace Refold.Segments.Tests;

public class SeedDefectTests
{
    // Large enough that what fails here is the writing of a batch, not of a footer.
    private static ILocalJournal Open(IStorageDevice device) =>
        SegmentJournal.Open(device, CrashStore.Small.With(s => s with { SegmentBytes = 16 * 1024 }));

    private CrashOracle oracle = new(Open);
    private SimulatedDevice device = new(3);
    private ILocalJournal? journal;

    private async Task<ILocalJournal> OpenAsync(SimulatedDevice on)
    {
        device = on;
        return journal = await oracle.OpenAsync(on) ?? throw new InvalidOperationException("The store was not opened.");
    }

    private Task<AppendResult?> AppendAsync(int entries, string? key = null) =>
        oracle.AppendAsync(journal!, CrashStore.Batch("s", entries, 60, key), device);

    private async Task AppendSixAsync()
    {
        for (var count = 0; count < 6; count++) Assert.IsType<AppendResult.Appended>(await AppendAsync(1));
    }

    private async Task<ILocalJournal> OpenAfterAsync(Keep keep)
    {
        device.Stop();
        await journal!.DisposeAsync();
        return await OpenAsync(device.AfterCrash(keep));
    }

    private static bool IsSegment(StorageOperation operation) => operation.Name.EndsWith(".seg", StringComparison.Ordinal);

    private void CrashInTheNextBatch() => device.Begun = operation =>
    {
        if (operation.Kind == StorageOperationKind.Write && IsSegment(operation)) device.CrashAt ??= operation.Index;
    };

    private void FailNext(StorageOperationKind kind, StorageFault fault)
    {
        var armed = true;
        device.Faults = operation =>
        {
            if (!armed || operation.Kind != kind || !IsSegment(operation)) return StorageFault.None;
            armed = false;
            return fault;
        };
    }

    [Fact]
    public async Task Defect15_AnOpenBatch_NeverSwallowsLaterEntries()
    {
        await OpenAsync(device);
        for (var seed = 0UL; seed < 30; seed++)
        {
            Assert.IsType<AppendResult.Appended>(await AppendAsync(1));
            CrashInTheNextBatch();
            Assert.IsNotType<AppendResult.Appended>(await AppendAsync(5));
            await OpenAfterAsync(Keep.Random(seed));
            await AppendSixAsync();
            await OpenAfterAsync(Keep.None);
        }

        // Of each round 7 acknowledged entries, and the open batch whole or not at all.
        Assert.InRange(journal!.Head.Position, 30 * 7, 30 * 12);
        Assert.Equal(0, (journal.Head.Position - (30 * 7)) % 5);
    }

    [Fact]
    public async Task Defect16_AFailedBatch_ThenSixAppends_ThenACrash_LosesAndRenumbersNothing()
    {
        await OpenAsync(device);
        await AppendSixAsync();
        FailNext(StorageOperationKind.Write, StorageFault.Fails);
        Assert.IsType<AppendResult.OutcomeUnknown>(await AppendAsync(4));
        await OpenAfterAsync(Keep.All);
        Assert.Equal(6, journal!.Head.Position);
        await AppendSixAsync();
        await OpenAfterAsync(Keep.None);
        Assert.Equal(Enumerable.Range(1, 12).Select(position => (long)position), journal.ReadAll().Select(entry => entry.Position));
    }

    [Fact]
    public async Task Defect17_AShortWrite_PoisonsUntilTheTailIsHealed()
    {
        await OpenAsync(device);
        await AppendSixAsync();
        FailNext(StorageOperationKind.Write, StorageFault.WritesShort);
        Assert.IsType<AppendResult.OutcomeUnknown>(await AppendAsync(3));
        var writes = device.Log.Count(operation => operation.Kind == StorageOperationKind.Write);
        for (var count = 0; count < 4; count++)
            Assert.IsType<AppendFailure.Unavailable>(Assert.IsType<AppendResult.NotAppended>(await AppendAsync(1)).Failure);
        Assert.Equal(writes, device.Log.Count(operation => operation.Kind == StorageOperationKind.Write));
        await journal!.DisposeAsync();
        await OpenAsync(device);
        await AppendSixAsync();
        await OpenAfterAsync(Keep.None);
        Assert.Equal(12, journal.Head.Position);
        Assert.Null(CrashStore.Inspect(device));
    }

    [Fact]
    public async Task Defect18_ATornTail_FollowedByASecondCrash_StillOpens()
    {
        await OpenAsync(device);
        await AppendSixAsync();
        CrashInTheNextBatch();
        _ = await AppendAsync(8);
        await journal!.DisposeAsync();
        var torn = Enumerable.Range(0, 50)
            .Select(seed => device.AfterCrash(Keep.Random((ulong)seed)))
            .First(left => SegmentJournal.Verify(left).Torn);
        for (var operation = torn.OperationCount; ; operation++)
        {
            var healing = torn.AfterKill();
            healing.CrashAt = operation;
            if (await oracle.Copy().OpenAsync(healing) is { } opened)
            {
                await opened.DisposeAsync();
                Assert.True(operation > torn.OperationCount + 4);
                return;
            }

            for (var seed = 0UL; seed < 10; seed++)
            {
                await using var again = await oracle.Copy().OpenAsync(healing.AfterCrash(Keep.Random(seed)));
                Assert.Equal(6, again!.Head.Position);
            }
        }
    }

    [Fact]
    public async Task Defect24_AFailedFlush_Poisons_IsNotRepeated_AndARetryWithTheSameKeySettlesIt()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            await OpenAsync(new SimulatedDevice(seed));
            await AppendSixAsync();
            FailNext(StorageOperationKind.Flush, StorageFault.Fails);
            Assert.IsType<AppendResult.OutcomeUnknown>(await AppendAsync(3, "key"));
            var flushes = device.Log.Count(operation => operation.Kind == StorageOperationKind.Flush);
            Assert.IsType<AppendFailure.Unavailable>(Assert.IsType<AppendResult.NotAppended>(await AppendAsync(3, "key")).Failure);
            Assert.Equal(flushes, device.Log.Count(operation => operation.Kind == StorageOperationKind.Flush));
            await journal!.DisposeAsync();
            if (seed % 2 == 0) device.Evict();
            await OpenAsync(device);
            Assert.IsType<AppendResult.Appended>(await AppendAsync(3, "key"));
            await OpenAfterAsync(Keep.None);
            Assert.Equal(9, journal.Head.Position);
            oracle = new CrashOracle(Open);
        }
    }

    /// <summary>The flush that comes by itself has no caller to be told: the next one is, and nothing is
    /// added to what may be lost.</summary>
    [Fact]
    public async Task Defect24_AFailedFlushThatComesByItself_Poisons()
    {
        var clock = new StoppedTime();
        await using var weak = SegmentJournal.Open(device, CrashStore.Unflushed with { TimeProvider = clock });
        Assert.IsType<AppendResult.Appended>(await weak.TryAppendAsync(CrashStore.Batch("s", 1)));
        FailNext(StorageOperationKind.Flush, StorageFault.Fails);
        clock.Fire();
        var cause = Assert.IsType<AppendFailure.Unavailable>(
            Assert.IsType<AppendResult.NotAppended>(await weak.TryAppendAsync(CrashStore.Batch("s", 1))).Failure).Cause;
        Assert.IsType<IOException>(cause);
        await Assert.ThrowsAsync<NotAppendedException>(() => weak.FlushAsync().AsTask());
        await weak.DisposeAsync();
        await using var again = Open(device);
        Assert.Equal(1, again.Head.Position);
        Assert.IsType<AppendResult.Appended>(await again.TryAppendAsync(CrashStore.Batch("s", 1)));
    }
}

// What the simulator found in the segment journal, each as a test of its own.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class RegressionTests
{
    /// <summary>A journal of one entry that stops at the first operation of this kind when it begins its second segment.</summary>
    private static async Task<SimulatedDevice> StoppedInRotationAsync(StorageOperationKind kind)
    {
        var device = new SimulatedDevice(1);
        var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        device.Begun = operation => device.CrashAt ??= operation.Kind == kind ? operation.Index : null;
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 3000)));
        Assert.True(device.HasStopped);
        await journal.DisposeAsync();
        return device;
    }

    [Fact]
    public async Task ASegmentThatAKilledProcessHadNamed_IsDurable_BeforeAnythingInItIsAcknowledged()
    {
        var next = (await StoppedInRotationAsync(StorageOperationKind.FlushDirectory)).AfterKill();
        Assert.Contains("0000000000000002.0.seg", next.List());
        Assert.DoesNotContain("0000000000000002.0.seg", next.AfterCrash(Keep.None).List());
        var journal = CrashStore.Open(next);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        await using var survivor = CrashStore.Open(next.AfterCrash(Keep.None));
        Assert.Equal(journal.Head, survivor.Head);
    }

    /// <summary>A killed process left half a batch of its epoch, which was cut off; the trailer named that epoch.</summary>
    [Fact]
    public async Task ATrailer_NamesTheEpochOfItsLastFrame_NotThatOfABatchThatWasCutOff() =>
        Assert.Equal(1, (await CrashStore.Simulation().RandomAsync(2791649402)).FaultCount);

    [Fact]
    public async Task ASegmentWithAHeaderAndNoName_IsNoTampering_AndIsGoneAfterOpening()
    {
        var left = (await StoppedInRotationAsync(StorageOperationKind.Rename)).AfterCrash(Keep.None);
        Assert.DoesNotContain("spare", left.List());
        var device = await StoppedInRotationAsync(StorageOperationKind.Rename);
        var crashes = Enumerable.Range(0, 50)
            .Select(seed => device.AfterCrash(Keep.Random((ulong)seed)))
            .Where(crash => crash.List().Contains("spare"))
            .ToList();
        Assert.NotEmpty(crashes);
        foreach (var crash in crashes)
        {
            // In order with the whole header that was written into it, torn with a part of it, and never tampered with.
            var found = SegmentJournal.Verify(crash);
            Assert.True(found is { Ok: true, Entries: 1 } or { Ok: false, Torn: true, First.File: "spare", Entries: 1 });
            await CrashStore.Open(crash).DisposeAsync();
            Assert.True(SegmentJournal.Verify(crash).Ok);
            Assert.DoesNotContain("spare", crash.AfterCrash(Keep.None).List());
        }
    }

    [Fact]
    public async Task ZerosThatAFailedFlushOfAHealingLeftInMemory_AreWrittenAgain()
    {
        var device = new SimulatedDevice(1);
        var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        device.Begun = operation => device.CrashAt ??= operation.Kind == StorageOperationKind.Flush ? operation.Index : null;
        Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(CrashStore.Batch("s", 3, 300)));
        await journal.DisposeAsync();
        for (var seed = 0UL; seed < 40; seed++)
        {
            var torn = device.AfterCrash(Keep.Random(seed));
            torn.Faults = operation =>
                operation.Kind == StorageOperationKind.Flush && operation.Name.EndsWith(".seg", StringComparison.Ordinal)
                    ? StorageFault.Fails
                    : StorageFault.None;
            // Whether it fails depends on what was kept; what lies in memory is zeros then.
            if (Record.Exception(() => CrashStore.Open(torn)) is null) continue;
            var next = torn.AfterKill();
            var healed = CrashStore.Open(next);
            await healed.AppendAsync(CrashStore.Batch("s", 1));
            await healed.DisposeAsync();
            await using var survivor = CrashStore.Open(next.AfterCrash(Keep.None));
            Assert.Equal(healed.Head, survivor.Head);
        }
    }

    [Fact]
    public Task RoomForAFooterThatCouldNotBeMade_IsFlushed_BeforeTheJournalIsCalledClosed() => CloseWithoutRoomForAFooterAsync(_ => { });

    /// <summary>Fails to make room for a footer, closes, and cuts the power.</summary>
    internal static async Task CloseWithoutRoomForAFooterAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        var journal = SegmentJournal.Open(device, CrashStore.Padded);
        await journal.AppendAsync(CrashStore.Batch("s", 2, 6000));
        var failed = 0;
        // Zeros for a footer go behind the end that the segment was made with.
        device.Faults = operation =>
            operation.Kind == StorageOperationKind.Write && operation.Offset >= CrashStore.Padded.Segments.SegmentBytes && failed++ == 0
                ? StorageFault.WritesShort
                : StorageFault.None;
        Assert.True(
            await journal.TryAppendAsync(CrashStore.Batch("s", 2, 6000)) is AppendResult.NotAppended { Failure: AppendFailure.NoRoom });
        Assert.Equal(1, failed);
        await journal.DisposeAsync();
        for (var seed = 0UL; seed < 40; seed++)
        {
            var left = device.AfterCrash(Keep.Random(seed) with { GarblesBlocks = true });
            try
            {
                await using var survivor = SegmentJournal.Open(left, CrashStore.Padded);
                Assert.Equal(2, survivor.ReadAll().Count());
            }
            catch (JournalCorruptedException refusal)
            {
                throw new CrashViolationException(
                    "A journal that was closed does not open: " + refusal.Message + "\n" + left.Story(), refusal);
            }
        }
    }

    [Fact]
    public async Task AReader_GoesOnWithWhatCommitOnceConfirmed_WhereAFailedFlushOfCommitTakesThatBack()
    {
        var fellBack = 0;
        for (var seed = 0UL; seed < 20; seed++)
        {
            var device = new SimulatedDevice(seed);
            var journal = CrashStore.Open(device);
            await journal.AppendAsync(CrashStore.Batch("s", 3));
            await using var reader = CrashStore.OpenForReading(device);
            Assert.Equal(journal.Head, reader.Head);
            device.Faults = operation =>
                operation is { Kind: StorageOperationKind.Flush, Name: "COMMIT" } ? StorageFault.Fails : StorageFault.None;
            await journal.DisposeAsync();
            device.Faults = _ => StorageFault.None;
            device.Evict();
            // Whoever opens now for reading cannot know that the entries are flushed; this reader was told so.
            await using var later = CrashStore.OpenForReading(device);
            if (later.Head.Position == 0) fellBack++;
            Assert.Equal(journal.Head, reader.Head);
            Assert.Equal(3, reader.ReadAll().Count());
            await using var next = CrashStore.Open(device);
            await next.AppendAsync(CrashStore.Batch("s", 1));
            Assert.Equal(next.Head, reader.Head);
            Assert.Equal(4, reader.ReadAll().Count());
        }

        Assert.InRange(fellBack, 1, 19);
    }

    [Fact]
    public async Task AnIndexPageThatIsDamaged_IsRefusedBeforeAnythingIsHealed()
    {
        var device = new SimulatedDevice(1);
        await using var journal = CrashStore.Open(device);
        for (var count = 0; count < 6; count++) await journal.AppendAsync(CrashStore.Batch("s", 3, 100));
        await journal.DeleteToAsync("s", 2);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        // Killed, so that an opening for writing has the last frames to write again.
        var left = device.AfterKill();
        var (refused, length) = (0, left.Image()["0000000000000001.0.seg"].Length);
        for (var offset = 4096; offset < length; offset += 61)
        {
            var damaged = left.AfterKill();
            damaged.FlipBit("0000000000000001.0.seg", offset, 0);
            var before = damaged.Image();
            if (Record.Exception(() => CrashStore.Open(damaged).DisposeAsync().AsTask().Wait()) is not JournalException) continue;
            refused++;
            var after = damaged.Image();
            Assert.Equal(before.Keys, after.Keys);
            Assert.All(before, file => Assert.True(file.Value.AsSpan().SequenceEqual(after[file.Key]), file.Key));
        }

        Assert.InRange(refused, 10, length);
    }

    /// <summary>A flush of the directory that failed for a checkpoint took back a spare's name, so that the next segment was another
    /// file than the one written.</summary>
    [Theory]
    [InlineData(3259222270)]
    public Task ANameThatAFailedFlushOfTheDirectoryPutInDoubt_IsNotBuiltOn(ulong seed) => CrashStore.Simulation().RandomAsync(seed);
}

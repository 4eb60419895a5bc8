// Crashes around a compaction: inside it, while an interrupted one is ended, and right behind its answer.
// Run by `dotnet test`; FlushControlTests runs the scenarios without one flush after the other.
using Xunit;

namespace Refold.Segments.Tests;

public class CompactionCrashTests
{
    private static readonly CrashStep[] Batches =
        [
            .. Enumerable.Range(0, 6)
                .Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number)))];

    private static readonly CrashStep[] Merging = [.. Batches, new CrashStep.Compact(Compaction.Merge)];

    /// <summary>Crash points of a compaction: FlushControlTests runs each of them, also with nothing taken out.</summary>
    internal static Task EnumerateAsync(Action<SimulatedDevice> prepare, int every) =>
        CrashStore.Simulation(prepare).EnumerateAsync(Merging, 5, every);

    /// <summary>A compaction is interrupted behind its switch, and so is the opening that ends it, at each of its operations.</summary>
    internal static async Task CrashWhileItIsEndedAsync(Action<SimulatedDevice> prepare)
    {
        var (_, whole) = await CrashStore.Simulation(prepare).RunAsync(Merging, 5, null, null);
        var switched = whole.Log.First(operation =>
            operation.Kind == StorageOperationKind.Delete && operation.Name.EndsWith(".seg", StringComparison.Ordinal)).Index;
        var (oracle, interrupted) = await CrashStore.Simulation(prepare).RunAsync(Merging, 5, switched, null);
        var left = interrupted.AfterCrash(Keep.None);
        for (var operation = left.OperationCount; ; operation++)
        {
            var opening = left.AfterKill();
            opening.CrashAt = operation;
            if (await oracle.Copy().OpenAsync(opening) is { } opened)
            {
                await opened.DisposeAsync();
                Assert.True(operation > left.OperationCount + 5);
                return;
            }

            for (var seed = 0UL; seed < 12; seed++)
            {
                await using (await oracle.Copy().OpenAsync(opening.AfterCrash(Keep.Random(seed))))
                {
                    // Judged by being opened.
                }
            }
        }
    }

    /// <summary>The power fails while the new name is made durable: of the names that changed since the
    /// last flush, any part is there.</summary>
    internal static async Task CrashAtTheSwitchAsync(Action<SimulatedDevice> prepare)
    {
        var (_, whole) = await CrashStore.Simulation(prepare).RunAsync(Merging, 5, null, null);
        var marked = whole.Log.First(operation => operation is { Kind: StorageOperationKind.Rename, Name: "pending" }).Index;
        var renamed = whole.Log.First(operation => operation.Kind == StorageOperationKind.Rename && operation.Index > marked).Index;
        var (oracle, interrupted) = await CrashStore.Simulation(prepare).RunAsync(Merging, 5, renamed + 1, null);
        for (var seed = 0UL; seed < 40; seed++)
        {
            await using (await oracle.Copy().OpenAsync(interrupted.AfterCrash(Keep.Random(seed))))
            {
                // Judged by being opened.
            }
        }
    }

    /// <summary>The power fails at one of so many operations from the marker's name on, and a reader in another process opens what is
    /// left before a writer does.</summary>
    internal static async Task CrashBeforeAReaderAsync(Action<SimulatedDevice> prepare, int every)
    {
        var simulation = CrashStore.Simulation(prepare);
        var (_, whole) = await simulation.RunAsync(Merging, 5, null, null);
        var marked = whole.Log.First(operation => operation is { Kind: StorageOperationKind.Rename, Name: "pending" }).Index;
        for (var operation = marked; operation < whole.OperationCount; operation += every)
        {
            var (oracle, stopped) = await simulation.RunAsync(Merging, 5, operation, null);
            for (var seed = 0UL; seed < 4; seed++)
            {
                var left = stopped.AfterCrash(Keep.Random(seed));
                try
                {
                    await using var reader = CrashStore.OpenForReading(left);
                    Assert.NotEmpty(reader.ReadAll());
                }
                catch (JournalException failure)
                {
                    throw new CrashViolationException($"a reader in another process failed: {failure.Message}\n{left.Story()}", failure);
                }

                await using (await oracle.Copy().OpenAsync(left))
                {
                    // Judged by being opened.
                }
            }
        }
    }

    /// <summary>Once a compaction was answered, a power cut brings nothing of it back, and its generation is taken.</summary>
    internal static async Task NothingComesBackAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(5);
        prepare(device);
        await using var journal = (SegmentJournal)CrashStore.Open(device);
        for (var number = 0; number < 6; number++) await journal.AppendAsync(CrashStore.Batch("s", 2, 300));
        var report = await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
        for (var seed = 0UL; seed < 20; seed++)
        {
            var left = device.AfterCrash(seed == 0 ? Keep.None : Keep.Random(seed));
            var names = left.List();
            if (names.Contains("pending") || names.Count(name => name.EndsWith(".seg", StringComparison.Ordinal)) != journal.Segments.Count)
                throw new CrashViolationException("What a compaction removed came back: " + string.Join(", ", names));
            var generation = Format.Commit.read(left.Image()["COMMIT"]).ResultValue.Slot!.Value.SetGeneration;
            if (generation != report.SetGeneration)
                throw new CrashViolationException(
                    $"The set generation {report.SetGeneration} was answered, and it is {generation} after a power cut.");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutRoom_NothingIsReplaced_AndTheSameProcessGoesOn(bool allocatesAtFlush)
    {
        var device = new SimulatedDevice(5) { AllocatesAtFlush = allocatesAtFlush };
        await using var journal = (SegmentJournal)CrashStore.Open(device);
        for (var number = 0; number < 8; number++) await journal.AppendAsync(CrashStore.Batch("s", 2, 300, "key " + number));
        var (before, names) = (journal.ReadAll().ToList(), device.List());
        device.Capacity = device.Image().Values.Sum(file => file.Length) + 1000;
        var refused = await Assert.ThrowsAsync<JournalException>(() =>
            journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 }));
        Assert.Equal("compaction-failed", refused.Code);
        Assert.Equal(names, device.List());
        Assert.Equal(before, journal.ReadAll());
        device.Capacity = null;
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1)));
        Assert.Equal(1, (await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 })).Made);
        Assert.Equal(before, journal.ReadAll(maxCount: before.Count));
        Assert.Null(CrashStore.Inspect(device));
    }

    [Fact]
    public async Task ADeviceThatFailsAtTheSwitch_PoisonsTheJournal_AndOpeningAgainSettlesIt()
    {
        foreach (var kind in new[] { StorageOperationKind.Rename, StorageOperationKind.FlushDirectory, StorageOperationKind.Delete })
        {
            var device = new SimulatedDevice(5);
            var journal = (SegmentJournal)CrashStore.Open(device);
            for (var number = 0; number < 8; number++) await journal.AppendAsync(CrashStore.Batch("s", 2, 300, "key " + number));
            var expected = journal.ReadAll().ToList();
            // From the marker's name on; the flush of the directory that fails is the one that makes the switch.
            var begins = kind == StorageOperationKind.FlushDirectory ? ".seg" : "pending";
            var isMarked = false;
            device.Faults = operation =>
            {
                var fails = isMarked && operation.Kind == kind;
                isMarked |= operation.Kind == StorageOperationKind.Rename && operation.Name.EndsWith(begins, StringComparison.Ordinal);
                return fails ? StorageFault.Fails : StorageFault.None;
            };
            await Assert.ThrowsAsync<JournalException>(() => journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 }));
            device.Faults = _ => StorageFault.None;
            Assert.Equal(expected, journal.ReadAll());
            Assert.IsType<AppendFailure.Unavailable>(
                Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1))).Failure);
            await journal.DisposeAsync();
            await using var again = (SegmentJournal)CrashStore.Open(device);
            Assert.Equal(expected, again.ReadAll());
            Assert.IsType<AppendResult.Appended>(await again.TryAppendAsync(CrashStore.Batch("s", 1)));
            Assert.Null(CrashStore.Inspect(device));
        }
    }

    private static void Nothing(SimulatedDevice device)
    {
    }

    [Fact]
    public Task CrashedAgain_WhileAnInterruptedOneIsEnded_LosesNothing() => CrashWhileItIsEndedAsync(Nothing);

    [Fact]
    public Task CrashedAtTheSwitch_LosesNothing() => CrashAtTheSwitchAsync(Nothing);

    [Fact]
    public Task CrashedFromTheMarkerOn_AReaderOpensItToo() => CrashBeforeAReaderAsync(Nothing, every: 3);

    [Fact]
    public Task BehindTheAnswer_NothingComesBack() => NothingComesBackAsync(Nothing);
}

// Checkpoints under faults and crashes: one that was written is there after a power cut, and one that fails harms nobody.
// Run by `dotnet test`; FlushControlTests use the scenarios too.
using Microsoft.Extensions.Logging;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class CheckpointCrashTests(ITestOutputHelper output)
{
    private static readonly JournalOptions Options = CrashStore.Small.With(s => s with { SegmentBytes = 16384 });

    private static List<string> Checkpoints(SimulatedDevice device) =>
        [.. device.List().Where(name => name.StartsWith("index.", StringComparison.Ordinal))];

    [Fact]
    public Task OneThatWasWritten_IsTakenAfterAPowerCut() => SurviveAsync(_ => { });

    [Fact]
    public Task WhatItCovers_IsKnownToBeFlushed_WithoutItToo() => DamageWithoutItAsync(_ => { });

    /// <summary>Writes checkpoints, and cuts the power after each.</summary>
    internal static async Task SurviveAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        await using var journal = SegmentJournal.Open(device, Options);
        for (var number = 0; number < 4; number++)
        {
            await journal.AppendAsync(CrashStore.Batch("s", 1, 600));
            foreach (var keep in new[] { Keep.None, Keep.All, Keep.Random((ulong)number) })
            {
                var left = device.AfterCrash(keep);
                await using var survivor = SegmentJournal.Open(left, Options with { ReadOnly = true });
                if (survivor.Opened.Path != OpeningPath.Checkpoint || survivor.Opened.Tail != 0 || survivor.Head != journal.Head)
                    throw new CrashViolationException(
                        "A checkpoint that was written is not taken after a power cut: "
                        + $"{string.Join(", ", survivor.Opened.Ignored)}\n{left.Story()}");
            }
        }
    }

    /// <summary>Writes a checkpoint, cuts the power, removes it, and damages the last frame that it covered: that
    /// must not pass for a torn tail.</summary>
    internal static async Task DamageWithoutItAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        await using var journal = SegmentJournal.Open(device, Options);
        await journal.AppendAsync(CrashStore.Batch("s", 1, 600));
        var left = device.AfterCrash(Keep.None);
        foreach (var name in Checkpoints(left)) left.LoseFile(name);
        if (left.List().Where(CrashStore.IsSegment).ToList() is not [var segment])
            throw new CrashViolationException("The segment is not left.\n" + left.Story());
        left.Zero(segment, left.Image()[segment].AsSpan().LastIndexOfAnyExcept((byte)0) - 16, 16);
        try
        {
            await SegmentJournal.Open(left, Options).DisposeAsync();
        }
        catch (JournalCorruptedException)
        {
            return;
        }

        throw new CrashViolationException("Damage in what a checkpoint covered passes unnoticed once it is gone.\n" + left.Story());
    }

    public static TheoryData<StorageOperationKind, string, StorageFault> Failures => new()
    {
        { StorageOperationKind.Create, "index.new", StorageFault.Fails },
        { StorageOperationKind.Write, "index.new", StorageFault.Fails },
        { StorageOperationKind.Write, "index.new", StorageFault.WritesShort },
        { StorageOperationKind.Write, "index.new", StorageFault.NoRoom },
        { StorageOperationKind.Flush, "index.new", StorageFault.NoRoom },
        { StorageOperationKind.Flush, "COMMIT", StorageFault.Fails },
        { StorageOperationKind.Rename, "index.0.", StorageFault.Fails },
        { StorageOperationKind.FlushDirectory, "", StorageFault.Fails },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task OneThatFails_IsLogged_FailsNoAppend_AndLeavesNothing(StorageOperationKind kind, string name, StorageFault fault)
    {
        for (var seed = 0UL; seed < 6; seed++)
        {
            var device = new SimulatedDevice(seed);
            var oracle = new CrashOracle(CrashStore.Open);
            using var log = new CheckpointLog();
            await using var journal = SegmentJournal.Open(device, CrashStore.Small with { LoggerFactory = log });
            var isArmed = true;
            device.Faults = operation =>
            {
                if (!isArmed || operation.Kind != kind || !operation.Name.StartsWith(name, StringComparison.Ordinal))
                    return StorageFault.None;
                isArmed = false;
                return fault;
            };
            Assert.IsType<AppendResult.Appended>(await oracle.AppendAsync(journal, CrashStore.Batch("s", 1, 600), device));
            Assert.False(isArmed);
            Assert.Equal(1, log.Failures);
            Assert.DoesNotContain("index.new", device.List());
            // Whatever a power cut keeps of it.
            await using (await oracle.Copy().OpenAsync(device.AfterCrash(Keep.Random(seed))))
            {
                // Judged by being opened.
            }

            // Through a rotation too.
            for (var number = 0; number < 4; number++)
                Assert.IsType<AppendResult.Appended>(await oracle.AppendAsync(journal, CrashStore.Batch("s", 1, 600), device));
            Assert.Equal(1, log.Failures);
            Assert.Single(Checkpoints(device));
            await using var next = await oracle.OpenAsync(device.AfterKill());
            Assert.Equal(journal.Head, next!.Head);
        }
    }

    [Fact]
    public async Task ADiskThatIsFull_TakesAppendsThatStillFit_WithoutACheckpoint()
    {
        var device = new SimulatedDevice(1);
        await using var journal = SegmentJournal.Open(device, Options);
        device.Capacity = device.Image().Sum(file => file.Value.Length) + 8000;
        for (var number = 0; number < 3; number++)
            Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 600)));
        Assert.Empty(Checkpoints(device));
        device.Capacity = null;
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 600)));
        Assert.Equal(["index.0.4"], Checkpoints(device));
    }

    [Fact]
    public async Task AppendsGoOn_WhileOneIsWritten_AndClosingWaitsForIt()
    {
        var device = new SimulatedDevice(1);
        var journal = SegmentJournal.Open(device, Options.With(s => s with { Background = null }));
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        device.Begun = operation =>
        {
            if (operation is not { Kind: StorageOperationKind.Flush, Name: "index.new" }) return;
            reached.Set();
            goOn.Wait();
        };
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 600)));
        reached.Wait();
        for (var number = 0; number < 5; number++)
            Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 600)));
        var compacting = Task.Run(() => journal.CompactAsync(new CompactionRequest.Merge()));
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1, 600)));
        Assert.False(compacting.IsCompleted);
        goOn.Set();
        await compacting;
        await journal.DisposeAsync();
        Assert.Equal(["index.0.7"], Checkpoints(device));
        await using var next = SegmentJournal.Open(device.AfterKill(), Options);
        Assert.Equal((OpeningPath.Checkpoint, 7, 0), (next.Opened.Path, next.Opened.Restored, next.Opened.Tail));
    }

    [Fact]
    public Task DrawnWorkloads_OpenByThem() => SegmentSuites.CheckpointOpenings.HoldsAsync(output);

    /// <summary>Counts the log lines of checkpoints that failed.</summary>
    private sealed class CheckpointLog : ILoggerFactory, ILogger
    {
        private int failures;

        public int Failures => failures;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != RefoldEventIds.CheckpointFailed) return;
            Assert.Equal(LogLevel.Warning, logLevel);
            Assert.NotNull(exception);
            Interlocked.Increment(ref failures);
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}

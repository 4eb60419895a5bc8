// What each durability mode loses: nothing to sector tears in any that flushes, nothing to garbled blocks in Padded, the newest only and
// only to a power cut in the weak one.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class DurabilityTests(ITestOutputHelper output)
{
    [Fact]
    public Task Padded_LosesNothing_ToSectorTears() => SegmentSuites.SectorTears.HoldsAsync(output);

    [Fact]
    public Task Padded_LosesNothing_ToGarbledBlocks() => SegmentSuites.GarbledBlocks.HoldsAsync(output);

    [Fact]
    public Task Padded_LosesNothing_ToGarbledBlocks_InChainsOfTwentyCrashes() => SegmentSuites.PaddedChains.HoldsAsync(output);

    [Theory]
    [MemberData(nameof(CrashPointTests.Workloads), MemberType = typeof(CrashPointTests))]
    public Task Padded_LosesNothing_ToGarbledBlocks_AtCrashPoints(string workload) =>
        SegmentSuites.PaddedCrashPoints.HoldsAsync(output, [.. CrashWorkloads.Named.Keys], workload);

    [Fact]
    public async Task ARewrittenBlockOfGarbage_LosesNothingInPadded_AndEntriesInTheDefaultMode()
    {
        Assert.Equal(0, await LossesAsync(CrashStore.Padded));
        Assert.InRange(await LossesAsync(CrashStore.Small), 1, 39);
    }

    /// <summary>Appends once, and again while the power fails and the block that is written turns to garbage: how often of 40
    /// times the first append is lost.</summary>
    private static async Task<int> LossesAsync(JournalOptions options)
    {
        var losses = 0;
        for (var seed = 0UL; seed < 40; seed++)
        {
            var device = new SimulatedDevice(seed);
            var oracle = new CrashOracle(on => SegmentJournal.Open(on, options));
            var journal = (await oracle.OpenAsync(device))!;
            await oracle.AppendAsync(journal, CrashStore.Batch("a", 1), device);
            device.CrashAt = device.OperationCount;
            await oracle.AppendAsync(journal, CrashStore.Batch("a", 1), device);
            await journal.DisposeAsync();
            try
            {
                await using (await oracle.OpenAsync(device.AfterCrash(Keep.Random(seed) with { GarblesBlocks = true })))
                {
                    // Judged by being opened.
                }
            }
            catch (CrashViolationException)
            {
                losses++;
            }
        }

        return losses;
    }

    [Fact]
    public Task Padded_HealsWithoutWritingAcknowledgedBlocksAgain() => ReplaceAsync(_ => { });

    /// <summary>Acknowledges more than COMMIT and frames know of after a power cut, and crashes at every operation of the opening that
    /// heals it, and of the one after that.</summary>
    internal static async Task ReplaceAsync(Action<SimulatedDevice> prepare)
    {
        var device = new SimulatedDevice(1);
        prepare(device);
        var oracle = new CrashOracle(on => SegmentJournal.Open(on, CrashStore.Padded));
        var journal = (await oracle.OpenAsync(device))!;
        for (var count = 0; count < 3; count++) await oracle.AppendAsync(journal, CrashStore.Batch("s", 2, 300), device);
        await journal.DisposeAsync();
        var left = device.AfterKill();
        journal = (await oracle.OpenAsync(left))!;
        for (var count = 0; count < 2; count++) await oracle.AppendAsync(journal, CrashStore.Batch("s", 2, 300), left);
        left.Stop();
        await journal.DisposeAsync();
        await CrashAtEveryOpeningAsync(oracle, left.AfterCrash(Keep.None), 2);
    }

    private static async Task CrashAtEveryOpeningAsync(CrashOracle oracle, SimulatedDevice device, int depth)
    {
        for (var operation = device.OperationCount; ; operation++)
        {
            var opening = device.AfterKill();
            opening.CrashAt = operation;
            if (await oracle.Copy().OpenAsync(opening) is { } opened) await opened.DisposeAsync();
            if (!opening.HasStopped)
            {
                if (CrashStore.Inspect(opening) is { } violation) throw new CrashViolationException(violation + "\n" + opening.Story());
                return;
            }

            Keep[] keeps = depth > 1 ? [Keep.None, Keep.Random(1), Keep.Random((ulong)operation)] : [Keep.Random((ulong)operation)];
            foreach (var keep in keeps)
            {
                var next = opening.AfterCrash(keep with { GarblesBlocks = true });
                if (depth > 1)
                {
                    await CrashAtEveryOpeningAsync(oracle, next, depth - 1);
                    continue;
                }

                await using (await oracle.Copy().OpenAsync(next))
                {
                    // Judged by being opened.
                }
            }
        }
    }

    [Fact]
    public Task TheWeakMode_LosesTheNewestOnly_AndOnlyToPowerCuts() => SegmentSuites.WeakMode.HoldsAsync(output);

    [Fact]
    public Task TheWeakMode_LosesTheNewestOnly_InChainsOfTwentyCrashes() => SegmentSuites.WeakChains.HoldsAsync(output);

    [Theory]
    [MemberData(nameof(CrashPointTests.Workloads), MemberType = typeof(CrashPointTests))]
    public Task TheWeakMode_LosesTheNewestOnly_AtCrashPoints(string workload) =>
        SegmentSuites.WeakCrashPoints.HoldsAsync(output, [.. CrashWorkloads.Named.Keys], workload);

    /// <summary>Without being told that answers come first, the oracle notices: the tests above do not pass by doing nothing.</summary>
    [Fact]
    public async Task TheWeakMode_IsNoDurableOne()
    {
        var simulation = CrashStore.LosingNewest(isTold: false);
        await Assert.ThrowsAsync<CrashViolationException>(() => simulation.EnumerateAsync(CrashWorkloads.Named["rotation"], 1));
    }

    [Fact]
    public async Task TheWeakMode_FlushesAfterItsTime_AfterItsBytes_AtAFlush_AndAtClose()
    {
        var time = new StoppedTime();
        var device = new SimulatedDevice(1);
        var options = new JournalOptions
        {
            TimeProvider = time,
            Segments = new()
            {
                Durability = Durability.PowerCutLosesNewest,
                Background = InlineTaskScheduler.Instance,
            },
        };
        var journal = SegmentJournal.Open(device, options);
        static async Task<long> FoundAsync(SimulatedDevice left, JournalOptions options)
        {
            await using var found = SegmentJournal.Open(left, options);
            return found.Head.Position;
        }

        Task<long> DurableAsync() => FoundAsync(device.AfterCrash(Keep.None), options);
        async Task<long> AppendAsync(int payloadBytes = 8)
        {
            await journal.AppendAsync(CrashStore.Batch("s", 1, payloadBytes));
            return journal.Head.Position;
        }

        await AppendAsync();
        Assert.Equal(2, await AppendAsync());
        Assert.Equal(0, await DurableAsync());
        time.Fire();
        await journal.FlushAsync();
        Assert.Equal(2, await DurableAsync());

        Assert.Equal(3, await AppendAsync());
        time.Fire();
        // The flush of the timer is on its way; what was queued behind it is answered behind it.
        Assert.Equal(4, await AppendAsync());
        Assert.Equal(3, await DurableAsync());

        Assert.Equal(5, await AppendAsync(SegmentJournal.MaxUnflushedBytes / 2));
        Assert.Equal(3, await DurableAsync());
        Assert.Equal(6, await AppendAsync(SegmentJournal.MaxUnflushedBytes / 2));
        Assert.Equal(6, await DurableAsync());

        Assert.Equal(7, await AppendAsync());
        Assert.Equal(7, await FoundAsync(device.AfterKill(), options));
        await journal.DisposeAsync();
        Assert.Equal(7, await DurableAsync());
        Assert.True(SegmentJournal.Verify(device.AfterCrash(Keep.None)).Ok);
    }

    [Fact]
    public async Task CommitNeverLeads_InAnyMode()
    {
        foreach (var options in new[] { CrashStore.Small, CrashStore.Padded, CrashStore.Unflushed })
        {
            var device = new SimulatedDevice(2);
            await using var journal = SegmentJournal.Open(device, options);
            for (var count = 0; count < 40; count++)
            {
                await journal.AppendAsync(CrashStore.Batch("s", 1 + count % 3, 100));
                // COMMIT as the process sees it, everything else as it is durable.
                var left = device.AfterCrash(Keep.None);
                var commit = device.Image()["COMMIT"];
                using (var file = left.Open("COMMIT", writable: true)) file.Write(commit, 0);
                await SegmentJournal.Open(left, options).DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task OneJournal_InOneModeAfterTheOther_IsOneJournal()
    {
        var device = new SimulatedDevice(3);
        var modes = new[] { CrashStore.Small, CrashStore.Padded, CrashStore.Unflushed };
        var count = 0;
        foreach (var options in Enumerable.Range(0, 12).Select(number => modes[number * 7 % 3].With(s => s with { SegmentBytes = 12_000 })))
        {
            await using var journal = SegmentJournal.Open(device, options);
            Assert.Equal(count, journal.ReadAll().Count());
            await journal.AppendAsync(CrashStore.Batch("s", 2, 300));
            await journal.AppendAsync(CrashStore.Batch("t", 1, 300));
            count += 3;
        }

        Assert.True(SegmentJournal.Verify(device).Ok);
        Assert.Equal(36, SegmentJournal.Verify(device).Entries);
    }
}

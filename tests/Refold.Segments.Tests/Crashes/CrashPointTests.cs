// The segment journal at every crash point of several workloads, at random ones, and through chains of crashes.
// Run by `dotnet test`; a soak is `dotnet test tests/Refold.Testing.Tests --filter Random -e REFOLD_CRASH_RUNS=10000`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class CrashPointTests(ITestOutputHelper output)
{
    public static TheoryData<string> Workloads => [.. Steps.Keys];

    internal static IReadOnlyList<CrashStep> StepsOf(string workload) => Steps[workload];

    private static readonly Dictionary<string, CrashStep[]> Steps = new(StringComparer.Ordinal)
    {
        ["rotation"] = [.. Enumerable.Range(0, 8).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 1 + number % 3, 200)))],
        ["large batches"] =
        [
            new CrashStep.Append(SegmentStore.Batch("a", 12, 400)),
            new CrashStep.Append(SegmentStore.Batch("a", 1)),
            new CrashStep.Append(SegmentStore.Batch("b", 3, 1500)),
            new CrashStep.Reopen(),
            new CrashStep.Append(SegmentStore.Batch("b", 1)),
        ],
        ["keys and deletes"] =
        [
            new CrashStep.Append(SegmentStore.Batch("a", 3, key: "first")),
            new CrashStep.Delete("a", 0.4),
            new CrashStep.Retry(0),
            new CrashStep.Append(SegmentStore.Batch("b", 2, key: "second")),
            new CrashStep.Delete("a", 1),
            new CrashStep.Retry(1),
            new CrashStep.Append(SegmentStore.Batch("a", 1)),
            new CrashStep.Kill(),
            new CrashStep.Retry(0),
        ],
        ["groups"] =
        [
            new CrashStep.Append(SegmentStore.Batch("a", 1)),
            new CrashStep.Group(SegmentStore.Batch("a", 2), [SegmentStore.Batch("b", 1, key: "k"), SegmentStore.Batch("c", 3), SegmentStore.Batch("b", 1, key: "k"), SegmentStore.Batch("a", 1, 900)]),
            new CrashStep.Group(SegmentStore.Batch("d", 1), [SegmentStore.Batch("d", 1), SegmentStore.Batch("e", 4, 300)]),
        ],
        ["merging"] =
        [
            .. Enumerable.Range(0, 6).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 1 + number % 3, 300))),
            new CrashStep.Compact(Compaction.Merge) { Meanwhile = [SegmentStore.Batch("m", 1, 100, "during")], After = 3 },
            new CrashStep.Append(SegmentStore.Batch("s1", 1)),
        ],
        ["retention"] =
        [
            .. Enumerable.Range(0, 6).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Compact(Compaction.Retain, 0.6) { Meanwhile = [SegmentStore.Batch("m", 2, 100)], After = 6 },
            new CrashStep.Append(SegmentStore.Batch("s1", 1)),
            new CrashStep.Retry(1),
            new CrashStep.Compact(Compaction.Retain),
            new CrashStep.Append(SegmentStore.Batch("s0", 1)),
        ],
        ["streams dropped"] =
        [
            .. Enumerable.Range(0, 6).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Compact(Compaction.DeleteStream) { Stream = "s0", Meanwhile = [SegmentStore.Batch("s0", 1, 100)], After = 2 },
            new CrashStep.Delete("s1", 0.7),
            new CrashStep.Compact(Compaction.DropDeleted),
            new CrashStep.Retry(2),
            new CrashStep.Append(SegmentStore.Batch("s0", 1)),
        ],
        ["keys forgotten"] =
        [
            .. Enumerable.Range(0, 4).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Delete("s0", 1),
            new CrashStep.Compact(Compaction.DropDeleted),
            new CrashStep.Compact(Compaction.ForgetKeys, 0.5),
            new CrashStep.Retry(0),
            new CrashStep.Retry(3),
            new CrashStep.Compact(Compaction.Retain, 0.9),
            new CrashStep.Reopen(),
            new CrashStep.Retry(0),
            new CrashStep.Retry(1),
        ],
        ["checkpoints"] =
        [
            .. Enumerable.Range(0, 3).Select(number => new CrashStep.Append(SegmentStore.Batch("s" + number % 2, 2, 60, "key " + number))),
            new CrashStep.Reopen(),
            new CrashStep.Delete("s0", 0.5),
            new CrashStep.Append(SegmentStore.Batch("s1", 2, 150, "key 3")),
            new CrashStep.Kill(),
            new CrashStep.Retry(3),
            new CrashStep.Append(SegmentStore.Batch("s0", 1, 900)),
            new CrashStep.Append(SegmentStore.Batch("s1", 1, 900)),
            new CrashStep.Reopen(),
            new CrashStep.Append(SegmentStore.Batch("s0", 1)),
        ],
        ["process after process"] =
        [
            new CrashStep.Append(SegmentStore.Batch("a", 2)),
            new CrashStep.Kill(),
            new CrashStep.Append(SegmentStore.Batch("a", 2, 700)),
            new CrashStep.Reopen(),
            new CrashStep.Append(SegmentStore.Batch("a", 2, 300)),
            new CrashStep.Kill(),
            new CrashStep.Kill(),
            new CrashStep.Append(SegmentStore.Batch("a", 1)),
        ],
    };

    [Theory]
    [MemberData(nameof(Workloads))]
    public async Task EveryCrashPoint_LeavesEverythingAcknowledged(string workload)
    {
        var crashes = await SegmentStore.Simulation().EnumerateAsync(Steps[workload], SegmentStore.Seed(output, nameof(EveryCrashPoint_LeavesEverythingAcknowledged)));
        output.WriteLine($"{workload}: {crashes} crashes");
        Assert.InRange(crashes, 80, 10_000);
    }

    [Fact]
    public Task EveryCrashPoint_OfDrawnWorkloads_LeavesEverythingAcknowledged() =>
        SegmentStore.ForEachSeed(output, nameof(EveryCrashPoint_OfDrawnWorkloads_LeavesEverythingAcknowledged), 3, async seed =>
            Assert.InRange(await SegmentStore.Simulation().EnumerateAsync(CrashWorkload.Draw(SeededRng.FromSeed(seed), 8), seed), 10, 10_000));

    [Fact]
    public async Task RandomCrashes_WithFaults_LeaveEverythingAcknowledged()
    {
        var (faults, runs) = (0, 0);
        await SegmentStore.ForEachSeed(output, nameof(RandomCrashes_WithFaults_LeaveEverythingAcknowledged), 400, async seed =>
        {
            var device = await SegmentStore.Simulation().RandomAsync(seed);
            faults += device.FaultCount;
            runs++;
        });
        output.WriteLine($"{runs} crashes, {faults} faults");
        Assert.True(runs < 100 || faults > 0);
    }

    [Fact]
    public Task ChainsOfTwentyCrashes_LeaveEverythingAcknowledged() =>
        SegmentStore.ForEachSeed(output, nameof(ChainsOfTwentyCrashes_LeaveEverythingAcknowledged), 15, seed => SegmentStore.Simulation().ChainAsync(seed, 20));
}

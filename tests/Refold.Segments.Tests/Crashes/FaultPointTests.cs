// A device that fails at each operation in turn, in each way it can: in appends, rotations, sealing, deletions and compactions.
// Run by `dotnet test` in the short form; the long one of Soak leaves none out.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class FaultPointTests(ITestOutputHelper output)
{
    public static TheoryData<string> Workloads => [.. FaultPoints.Workloads];

    [Theory]
    [MemberData(nameof(Workloads))]
    public Task AFaultAtAnOperation_LosesNothing(string workload) =>
        SegmentSuites.Faults.HoldsAsync(output, FaultPoints.Workloads, workload);

    /// <summary>What the callers are told where a segment is sealed and the next one begun: each answer means what it says.</summary>
    [Fact]
    public async Task AFaultAtEachOperation_OfARotation_IsAnsweredByWhatCameOfIt()
    {
        var answers = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var number = 0; ; number++)
        {
            if (await RotateAsync(number, StorageFault.None) is not { } operation) break;
            foreach (var fault in FaultPoints.FaultsOf(operation))
            {
                var told = await RotateAsync(number, fault) is null ? "" : lastAnswer;
                answers[told] = answers.GetValueOrDefault(told) + 1;
                // What grows is the next segment; its header is written over zeros that are there. The one after
                // it is made ahead, behind the answer.
                var isHeader = operation is { Name: "spare", Offset: 0, Length: 128 };
                if (
                    fault == StorageFault.NoRoom && operation.Name == "spare"
                        && operation.Kind is StorageOperationKind.Create or StorageOperationKind.Write && !isHeader)
                    Assert.Contains(told, (string[])["no room", "appended"]);
            }
        }

        output.WriteLine(string.Join(", ", answers));
        Assert.True(
            answers.GetValueOrDefault("no room") > 5 && answers.GetValueOrDefault("unavailable") > 2
                && answers.GetValueOrDefault("unknown") > 1);
    }

    private string lastAnswer = "";

    /// <summary>Appends a batch that begins a segment of its own, with a fault at one of its operations;
    /// then what the answer allows.</summary>
    /// <returns>That operation; null where there are not as many.</returns>
    private async Task<StorageOperation?> RotateAsync(int number, StorageFault fault)
    {
        var device = new SimulatedDevice(1);
        var journal = CrashStore.Open(device);
        await journal.AppendAsync(CrashStore.Batch("s", 1));
        var (first, seen) = (device.OperationCount, (StorageOperation?)null);
        device.Faults = operation =>
        {
            if (!operation.Changes || operation.Index != first + number) return StorageFault.None;
            seen = operation;
            return fault;
        };
        var large = CrashStore.Batch("s", 1, 3000, "large");
        var answer = await journal.TryAppendAsync(large);
        device.Faults = _ => StorageFault.None;
        lastAnswer = answer switch
        {
            AppendResult.Appended => "appended",
            AppendResult.NotAppended { Failure: AppendFailure.NoRoom } => "no room",
            AppendResult.NotAppended { Failure: AppendFailure.Unavailable } => "unavailable",
            AppendResult.OutcomeUnknown => "unknown",
            _ => throw new InvalidOperationException(answer.ToString()),
        };
        var isCertain = lastAnswer is "no room" or "unavailable";
        if (isCertain) Assert.Equal(1, journal.Head.Position);
        // What was refused for want of room can be tried again by the same process; after any other failure nothing more is taken.
        if (lastAnswer is "unavailable" or "unknown")
        {
            Assert.IsType<AppendFailure.Unavailable>(
                Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(CrashStore.Batch("s", 1))).Failure);
            await journal.DisposeAsync();
            journal = CrashStore.Open(device);
            if (isCertain) Assert.Equal(1, journal.Head.Position);
        }

        var receipt = Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(large)).Receipt;
        Assert.Equal((2, receipt.Head), (receipt.FirstPosition, journal.Head));
        var entries = journal.ReadAll().ToList();
        await using var survivor = CrashStore.Open(device.AfterCrash(Keep.None));
        Assert.Equal(entries, survivor.ReadAll().ToList());
        await journal.DisposeAsync();
        return seen;
    }
}

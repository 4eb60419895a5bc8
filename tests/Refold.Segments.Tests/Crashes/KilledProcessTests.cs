// Real processes killed with SIGKILL: at numbered steps inside rotation, compaction and checkpointing, and from outside beside readers.
// Run by `dotnet test` in the short form; Soak has the long one, with every step.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class KilledProcessTests(ITestOutputHelper output)
{
    public static TheoryData<string> Works => [.. KilledSteps.Works.Select(item => item.Work)];

    [Theory]
    [MemberData(nameof(Works))]
    public Task KilledAtAStep_EverythingAnsweredReadsBack(string work) =>
        SegmentSuites.Kills.HoldsAsync(output, [.. KilledSteps.Works.Select(item => item.Work)], work);

    [Fact]
    public Task KilledInCompactionsAndDeletions_NothingAnsweredIsLost_AndNothingDeletedIsBack() =>
        SegmentSuites.CompactionKills.HoldsAsync(output);
}

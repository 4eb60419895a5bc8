// The segment journal at crash points of several workloads, at random ones, and through chains of crashes.
// Run by `dotnet test` in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class CrashPointTests(ITestOutputHelper output)
{
    public static TheoryData<string> Workloads => [.. CrashWorkloads.Named.Keys];

    [Theory]
    [MemberData(nameof(Workloads))]
    public Task CrashPoints_LeaveEverythingAcknowledged(string workload) =>
        SegmentSuites.CrashPoints.HoldsAsync(output, [.. CrashWorkloads.Named.Keys], workload);

    [Fact]
    public Task CrashPoints_OfDrawnWorkloads_LeaveEverythingAcknowledged() => SegmentSuites.DrawnCrashPoints.HoldsAsync(output);

    [Fact]
    public Task RandomCrashes_WithFaults_LeaveEverythingAcknowledged() => SegmentSuites.RandomCrashes.HoldsAsync(output);

    [Fact]
    public Task ChainsOfTwentyCrashes_LeaveEverythingAcknowledged() => SegmentSuites.CrashChains.HoldsAsync(output);
}

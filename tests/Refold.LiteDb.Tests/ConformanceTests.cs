// The conformance suites of journals and of snapshot stores for LiteDB, case by case: on simulated files that lose
// what was not flushed, and in real ones.
// Run by `dotnet test`, random sequences in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class ConformanceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases => [.. ConformanceSuites.LiteDb.Cases];

    public static TheoryData<string> SnapshotCases => [.. ConformanceSuites.LiteDbSnapshots.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task LiteDb(string name) => ConformanceSuites.LiteDb.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task LiteDbInFiles(string name) => ConformanceSuites.LiteDbInFiles.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(SnapshotCases))]
    public Task LiteDbSnapshots(string name) => ConformanceSuites.LiteDbSnapshots.HoldsAsync(output, name);
}

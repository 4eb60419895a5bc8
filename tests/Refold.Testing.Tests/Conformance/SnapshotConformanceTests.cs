// The conformance suite of snapshot stores for memory, for files, and for the store that keeps nothing, case by case.
// Run by `dotnet test`, random sequences in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class SnapshotConformanceTests(ITestOutputHelper output)
{
    private static readonly SnapshotConformance OfNone = new("none", () => new NoneFixture());

    public static TheoryData<string> Cases => [.. ConformanceSuites.MemorySnapshots.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Memory(string name) => ConformanceSuites.MemorySnapshots.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Files(string name) => ConformanceSuites.SnapshotFiles.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task FilesInADirectory(string name) => ConformanceSuites.SnapshotsInADirectory.HoldsAsync(output, name);

    [Fact]
    public async Task None_HoldsWhatItDeclares_AndTheRestIsNotShown()
    {
        var report = await OfNone.RunAsync();
        output.WriteLine(report.ToString());
        Assert.True(report.Holds);
        Assert.Equal(OfNone.Cases.Count(item => item.Needs != SnapshotCapabilities.None), report.NotShown.Count);
    }

    [Fact]
    public async Task AStoreThatForgetsOrMixesUp_IsCaught()
    {
        var report = await new SnapshotConformance("forgetful", () => new NoneFixture(SnapshotCapabilities.All)).RunAsync();
        Assert.False(report.Holds);
        Assert.Contains(
            report.Results, result =>
            result.Outcome == ConformanceOutcome.Failed
            && result.Message.Contains("again: new ConformanceOptions", StringComparison.Ordinal));
    }

    private sealed class NoneFixture(SnapshotCapabilities declared = SnapshotCapabilities.None) : SnapshotFixture
    {
        public override SnapshotCapabilities Capabilities => declared;

        public override ValueTask<ISnapshotStore> OpenAsync(SnapshotOptions options, CancellationToken cancellationToken) =>
            new(new NoSnapshotStore());
    }
}

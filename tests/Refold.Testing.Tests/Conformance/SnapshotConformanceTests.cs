// The conformance suite of snapshot stores for memory, for files, and for the store that keeps nothing, case by case.
// Run by `dotnet test`; REFOLD_CONFORMANCE_SEED repeats the random sequences, REFOLD_CONFORMANCE_SEQUENCES makes more of them.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class SnapshotConformanceTests(ITestOutputHelper output)
{
    private static readonly SnapshotConformance OfMemory = new("memory", () => new MemoryFixture(), ConformanceStores.Options(200));
    private static readonly SnapshotConformance OfFiles = new("segments", () => new FilesFixture(), ConformanceStores.Options(100));
    private static readonly SnapshotConformance OfDirectory = new("segments in a directory", () => new DirectoryFixture(), ConformanceStores.Options(5));
    private static readonly SnapshotConformance OfNone = new("none", () => new NoneFixture());

    public static TheoryData<string> Cases => [.. OfMemory.Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Memory(string name) => HoldsAsync(OfMemory, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Files(string name) => HoldsAsync(OfFiles, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task FilesInADirectory(string name) => HoldsAsync(OfDirectory, name);

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
        Assert.Contains(report.Results, result => result.Outcome == ConformanceOutcome.Failed && result.Message.Contains("again: new ConformanceOptions", StringComparison.Ordinal));
    }

    private async Task HoldsAsync(SnapshotConformance suite, string name) => output.WriteLine((await suite.RunAsync(name)).ThrowIfFailed().ToString());

    private sealed class MemoryFixture : SnapshotFixture
    {
        public override SnapshotCapabilities Capabilities => SnapshotCapabilities.Keeps;

        public override ISnapshotStore Open(SnapshotOptions options) => new InMemorySnapshotStore(options);
    }

    private sealed class NoneFixture(SnapshotCapabilities declared = SnapshotCapabilities.None) : SnapshotFixture
    {
        public override SnapshotCapabilities Capabilities => declared;

        public override ISnapshotStore Open(SnapshotOptions options) => new NoSnapshotStore();
    }

    private sealed class FilesFixture : SnapshotFixture
    {
        private SimulatedDevice device = new(1);

        public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

        public override ISnapshotStore Open(SnapshotOptions options) => DirectorySnapshotStore.Open(device, options);

        public override bool Crash()
        {
            device.Stop();
            device = device.AfterCrash(Keep.Random((ulong)device.OperationCount));
            return true;
        }

        public override bool Damage(StreamId stream)
        {
            // The names of one stream's files are in the order of its versions.
            device.FlipBit(device.List().Last(name => name.EndsWith(".snapshot", StringComparison.Ordinal)), 60, 3);
            return true;
        }
    }

    private sealed class DirectoryFixture : SnapshotFixture
    {
        private readonly string directory = Directory.CreateTempSubdirectory("refold-").FullName;

        public override SnapshotCapabilities Capabilities => SnapshotCapabilities.All;

        public override ISnapshotStore Open(SnapshotOptions options) => Refold.Snapshots.Open("segments:" + directory, options);

        public override ValueTask DisposeAsync()
        {
            Directory.Delete(directory, recursive: true);
            return base.DisposeAsync();
        }
    }
}

// The conformance suite for memory and for segment files, case by case.
// Run by `dotnet test`; REFOLD_CONFORMANCE_SEED repeats the random sequences, REFOLD_CONFORMANCE_SEQUENCES makes more of them.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class JournalConformanceTests(ITestOutputHelper output)
{
    private static readonly JournalConformance OfMemory = ConformanceStores.Memory(sequences: 200);
    private static readonly JournalConformance OfSegments = ConformanceStores.Segments(sequences: 60);
    private static readonly JournalConformance OfDirectory = ConformanceStores.InDirectory(sequences: 10);

    public static TheoryData<string> Cases => [.. OfMemory.Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Memory(string name) => HoldsAsync(OfMemory, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Segments(string name) => HoldsAsync(OfSegments, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task SegmentsInADirectory(string name) => HoldsAsync(OfDirectory, name);

    private async Task HoldsAsync(JournalConformance suite, string name) => output.WriteLine((await suite.RunAsync(name)).ThrowIfFailed().ToString());
}

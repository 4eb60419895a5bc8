// The conformance suite for memory and for segment files, case by case.
// Run by `dotnet test`, random sequences in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class JournalConformanceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases => [.. ConformanceSuites.Memory.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Memory(string name) => ConformanceSuites.Memory.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Inline(string name) => ConformanceSuites.Inline.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Segments(string name) => ConformanceSuites.Segments.HoldsAsync(output, name);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task SegmentsInADirectory(string name) => ConformanceSuites.SegmentsInADirectory.HoldsAsync(output, name);
}

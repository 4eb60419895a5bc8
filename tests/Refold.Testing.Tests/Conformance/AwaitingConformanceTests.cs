// The conformance suite for journals that no call is answered by at once, case by case: as a database is reached.
// Run by `dotnet test`, random sequences in the short form; Soak has the long one.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class AnswersOnOtherThreadsTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases => [.. ConformanceSuites.OverThreads.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task OverThreads(string name) => ConformanceSuites.OverThreads.HoldsAsync(output, name);
}

public class AnswersThatTakeTheirTimeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Cases => [.. ConformanceSuites.Slow.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Slow(string name) => ConformanceSuites.Slow.HoldsAsync(output, name);
}

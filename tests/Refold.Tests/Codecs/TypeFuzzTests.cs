// Random types and values through JSON codecs and runs: nothing is lost in silence.
// Run by `dotnet test`; the long form, over fresh types, is the suite codec-types of the soak.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Codecs;

public class TypeFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public Task AValueOfARandomType_ComesBackAsItWas_OrIsRefusedWithNothingAppended() => CodecSuites.Types.HoldsAsync(output);

    [Fact]
    public void TheCommittedTypes_AreThoseOfTheGenerator() =>
        Assert.Equal(
            TypeSource.Write(1, TypeFuzz.CommittedTypes), SourceTree.Read("tests/support/Refold.Suites/Codecs/FuzzedTypes.cs"));
}

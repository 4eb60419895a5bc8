// Every section of core/determinism.md is provoked in C#, on every store, by the test that has its name.
// Run by `dotnet test`. A new heading without a test fails here.
using System.Reflection;
using Xunit;

namespace Refold.Tests.Determinism;

public class DeterminismPageTests
{
    public static TheoryData<string> EveryStore => Notes.EveryStore;

    [Theory]
    [MemberData(nameof(EveryStore))]
    public Task ADecisionThatReadsNothingElse_Matches(string store) => Notes.MatchesAsync(
        store, Notes.Saying(step => Notes.Text(step.Random.Between(1, 1000)) + Notes.Text(step.Now.Ticks) + step.CommandId));

    [Fact]
    public void EverySection_HasItsTestInCSharp_OnEveryStore()
    {
        var tests = new[] { typeof(ReadingTests), typeof(SurroundingsTests), typeof(ChangeTests), typeof(CodecTests) }
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<TheoryAttribute>() is { Skip: null }
                && method.GetCustomAttributes<MemberDataAttribute>().Any(data => data.MemberName == nameof(Notes.EveryStore)))
            .Select(method => method.Name);
        Assert.Equal(["memory", "segments", "litedb"], Notes.EveryStore.Cast<object[]>().Select(row => (string)row[0]));
        Assert.Equal(DeterminismPage.Tests.Order(StringComparer.Ordinal), tests.Order(StringComparer.Ordinal));
        Assert.Contains("AClock", DeterminismPage.Tests);
        Assert.Contains("MathSinAndItsKin", DeterminismPage.Tests);
    }
}

// One way for one entry: how many methods have the entry in hand from ExecuteAsync to the flush, and how often the language changes.
// Run by `dotnet test`.
using Mono.Cecil;
using Xunit;

namespace Refold.Architecture;

public sealed class EntryWalkTests : IDisposable
{
    private readonly EntryWalk walk = new();

    public void Dispose() => walk.Dispose();

    [Fact]
    public void Walk_HasAtMost30Methods_AllOfThemThere()
    {
        Assert.InRange(EntryWalk.Hops.Count, 1, 30);
        Assert.All(EntryWalk.Hops, hop => Assert.True(walk.Of(hop).Count > 0, $"{hop.Type}.{hop.Method} is not in the compiled code"));
    }

    [Fact]
    public void MethodsThatTakeOrReturnTheEntry_AreOnTheWalk()
    {
        var missing = EntryWalk.Hops.SelectMany(walk.Of).SelectMany(walk.Called)
            .Where(called => !EntryWalk.IsOnTheWalk(called) && EntryWalk.Carries(called) && !EntryWalk.IsData(called))
            .Where(called => !EntryWalk.IsOfDemandedGates(called))
            .Select(called => called.FullName)
            .Distinct()
            .ToList();
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Language_ChangesAtMostFourTimes_CallByCall()
    {
        var changes = Changes().Where(change => IsFSharp(change.From) != IsFSharp(change.To)).Select(change => change.ToString()).ToList();
        Assert.True(changes.Count is > 0 and <= 4, string.Join('\n', changes));
    }

    [Fact]
    public void Assembly_ChangesAtFourPlacesAtMost_HoweverManyCallsAreMadeThere()
    {
        var places = Changes().Select(change => (change.Caller, change.To)).Distinct().ToList();
        Assert.True(places.Count is > 0 and <= 4, string.Join('\n', places));
    }

    [Fact]
    public void Walk_IsPrintedInTheArchitecture()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "core", "ARCHITECTURE.md")).ReplaceLineEndings("\n");
        var start = document.IndexOf("## The way of one entry\n", StringComparison.Ordinal);
        Assert.True(start >= 0, "core/ARCHITECTURE.md has no section \"The way of one entry\".\n" + EntryWalk.Print());
        Assert.True(
            document[start..].Contains(EntryWalk.Print(), StringComparison.Ordinal), "The section has to hold:\n" + EntryWalk.Print());
    }

    // The calls of a method on the walk that go over into another assembly of Refold.
    private IEnumerable<(string From, string To, string Caller, string Called)> Changes() =>
        from caller in EntryWalk.Hops.SelectMany(walk.Of)
        from called in walk.Called(caller)
        let assemblies = (From: caller.Module.Assembly.Name.Name, To: called.Module.Assembly.Name.Name)
        where assemblies.From != assemblies.To && !EntryWalk.IsData(called)
        select (assemblies.From, assemblies.To, Name(caller), Name(called));

    private static bool IsFSharp(string assembly) => assembly is "Refold.Core" or "Refold.Format";

    private static string Name(MethodDefinition method) => method.DeclaringType.FullName + "." + method.Name;
}

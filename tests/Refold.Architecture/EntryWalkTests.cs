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
            .Select(called => called.FullName)
            .Distinct()
            .ToList();
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Language_ChangesAtMostFourTimes()
    {
        var changes = Changes().Distinct().ToList();
        Assert.True(changes.Count is > 0 and <= 4, string.Join('\n', changes));
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

    // Where a method on the walk goes over into another assembly of Refold, however many calls it makes there.
    private IEnumerable<string> Changes() =>
        from caller in EntryWalk.Hops.SelectMany(walk.Of)
        from called in walk.Called(caller)
        where called.Module.Assembly.Name.Name != caller.Module.Assembly.Name.Name && !EntryWalk.IsData(called)
        select $"{Name(caller)} -> {called.Module.Assembly.Name.Name}";

    private static string Name(MethodDefinition method) => method.DeclaringType.FullName + "." + method.Name;
}

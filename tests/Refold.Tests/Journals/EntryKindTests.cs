// The provenance of entries as tags: the functions of seed 000, from C#.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Journals;

public class EntryKindTests
{
    [Fact]
    public void TagAndKind_LeadToEachOther()
    {
        Assert.Equal(("kind:external", "kind:derived"), (EntryKind.External.Tag(), EntryKind.Derived.Tag()));
        foreach (var kind in Enum.GetValues<EntryKind>())
        {
            Assert.Equal(kind, EntryKinds.FromTags(["a", kind.Tag(), "b"]));
            Assert.Equal(kind, EntryKinds.FromTags(EntryKinds.WithKind(["x", "kind:external"], kind)));
        }

        Assert.Null(EntryKinds.FromTags([]));
        Assert.Null(EntryKinds.FromTags(["kind", "external"]));
        Assert.Equal(["b", "a", "kind:derived"], EntryKinds.WithKind(["b", "kind:external", "a"], EntryKind.Derived));
    }

    [Fact]
    public void ASilentChoice_IsNotMade()
    {
        Assert.Throws<ArgumentException>(() => EntryKinds.FromTags(["kind:external", "kind:derived"]));
        Assert.Throws<ArgumentException>(() => EntryKinds.FromTags(["kind:other"]));
        Assert.Throws<ArgumentNullException>(() => EntryKinds.FromTags(null!));
        Assert.Throws<ArgumentException>(() => EntryKinds.FromTags([null!]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((EntryKind)9).Tag());
        Assert.Throws<ArgumentOutOfRangeException>(() => EntryKinds.WithKind([], (EntryKind)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((EntryRole)9).Kind());
    }

    [Fact]
    public void EveryRole_HasTheKindThatItsEntriesShow()
    {
        EntryRole[] external = [EntryRole.Command, EntryRole.Fact, EntryRole.Effect, EntryRole.Control];
        foreach (var role in Enum.GetValues<EntryRole>())
        {
            EntryKind? kind = role == EntryRole.Unmarked ? null : external.Contains(role) ? EntryKind.External : EntryKind.Derived;
            Assert.Equal(kind, role.Kind());
        }
    }
}

// Records that hold bytes and lists are equal by content, as records without them are.
// Run by `dotnet test`.
using Xunit;
using static Refold.Tests.Journals.InMemoryJournalTests;

namespace Refold.Tests.Journals;

public class ContentEqualityTests
{
    [Fact]
    public void EntryData_IsEqualByContent()
    {
        Assert.Equal(Entry("a", tags: ["x", "y"]), Entry("a", tags: ["y", "x"]));
        Assert.NotEqual(Entry("a", payload: "1"), Entry("a", payload: "2"));
        Assert.NotEqual(Entry("a", tags: ["x"]), Entry("a", tags: ["y"]));
        Assert.NotEqual(Entry("a"), Entry("a") with { Run = "r" });
    }

    [Fact]
    public void AppendRequest_IsEqualByContent()
    {
        AppendRequest Request() => new(Entry("a", tags: "t"))
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exactly(1) },
            Condition = new AppendCondition(Query.WithTags("t"), 5),
        };
        Assert.Equal(Request(), Request());
        Assert.Equal(Request().GetHashCode(), Request().GetHashCode());
        Assert.NotEqual(Request(), Request() with
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exists }
        });
        Assert.NotEqual(Request(), Request() with { Condition = new AppendCondition(Query.WithTags("u"), 5) });
        Assert.NotEqual(Request(), Request() with { Entries = [Entry("b")] });
        Assert.NotEqual(Request(), Request() with { IdempotencyKey = "k" });
    }
}

// What a build without LiteDB does: the library says in one sentence how to get the store, and makes no file.
// Compiled and run only in such a build; the line that LiteDB was not found is printed by the build.
using Xunit;

namespace Refold.LiteDb;

public class WithoutLiteDbTests
{
    [Fact]
    public void TheStore_IsMissedInOneSentence()
    {
        var error = Assert.Throws<JournalOpenException>(() => Journal.Open("litedb:never-made.db"));
        Assert.Contains("Refold.LiteDb", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("never-made.db"));
    }
}

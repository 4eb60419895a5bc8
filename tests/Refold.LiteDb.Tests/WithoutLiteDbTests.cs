// What a build without LiteDB does: the library says in one sentence how to get the store, and makes no file.
// Compiled and run only in such a build; the line that LiteDB was not found is printed by the build.
using Refold.Tests.Tool;
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

    [Theory]
    [InlineData("inspect", "--journal", "litedb:never-made.db")]
    [InlineData("verify", "--journal", "litedb:never-made.db")]
    [InlineData("compact", "--merge", "--journal", "litedb:never-made.db")]
    [InlineData("copy", "litedb:never-made.db", "segments:never-made")]
    public void TheTool_SaysHowToGetIt_AsWrongUsage(params string[] arguments)
    {
        Assert.Contains("LiteDB 5.0.21", RefoldProcess.Run(arguments).ExpectError(2), StringComparison.Ordinal);
        Assert.False(File.Exists("never-made.db"));
    }
}

// One writer at a time, whatever is done to its files, in real processes: .NET's own locks are switched off, the lock file or the directory
// is taken away. Run by `dotnet test`; PlaceTests has the same and more in one process.
using Xunit;

namespace Refold.Segments.Tests;

public sealed class LockTests : IDisposable
{
    private readonly TemporaryDirectory temporary = new();

    private string Place => temporary.File("journal");

    public void Dispose() => temporary.Dispose();

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void TheSwitchOfDotNet_LetsNoSecondWriterIn(bool first, bool second)
    {
        using var writer = JournalProcess.Start(Place, withoutLocks: first);
        Assert.Equal("open", writer.Opened);
        using (var other = JournalProcess.Start(Place, withoutLocks: second))
            Assert.StartsWith("refused in-use ", other.Opened, StringComparison.Ordinal);
        Assert.Equal("done", writer.Tell("append"));
        Assert.Equal(0, writer.End());
        Assert.True(SegmentJournal.Verify(Place).Ok);
    }

    [Fact]
    public void AfterTheLockFileIsRemoved_NoSecondWriterGetsIn_AndTheFirstAcknowledgesNothing()
    {
        using var writer = JournalProcess.Start(Place);
        Assert.Equal("done", writer.Tell("append"));
        File.Delete(Path.Combine(Place, "lock"));
        using (var second = JournalProcess.Start(Place, withoutLocks: true))
            Assert.StartsWith("refused in-use ", second.Opened, StringComparison.Ordinal);
        AssertStopped(writer);
        Assert.Equal(0, writer.End());
    }

    [Fact]
    public void AfterACopyIsPutInItsPlace_TheFirstWriterStops_AndOneOfTheCopyGetsIn()
    {
        using var writer = JournalProcess.Start(Place);
        Assert.Equal("done", writer.Tell("append"));
        PlaceTests.PutACopyInItsPlace(temporary);
        using var second = JournalProcess.Start(Place);
        Assert.Equal("open", second.Opened);
        AssertStopped(writer);
        Assert.Equal("done", second.Tell("append"));
    }

    [Fact]
    public void AfterTheDirectoryIsRemoved_TheWriterStops()
    {
        using var writer = JournalProcess.Start(Place);
        Assert.Equal("done", writer.Tell("append"));
        Directory.Delete(Place, recursive: true);
        AssertStopped(writer);
        Assert.False(Directory.Exists(Place));
        Assert.Equal(0, writer.End());
    }

    private static void AssertStopped(JournalProcess writer)
    {
        foreach (var what in PlaceTests.Acknowledged)
            Assert.StartsWith("refused place-lost ", writer.Tell(what), StringComparison.Ordinal);
    }
}

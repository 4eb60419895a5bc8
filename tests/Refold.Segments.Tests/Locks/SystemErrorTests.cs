// Errors of the system have their names: only a lock that is held is "in use by another writer".
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public sealed class SystemErrorTests : IDisposable
{
    private readonly TemporaryDirectory temporary = new();

    // Linux.
    public static TheoryData<int, string> Errors => new()
    {
        { 5, "EIO" },
        { 23, "ENFILE" },
        { 24, "EMFILE" },
        { 28, "ENOSPC" },
        { 30, "EROFS" },
        { 37, "ENOLCK" },
    };

    private string Place => temporary.File("journal");

    public void Dispose() => temporary.Dispose();

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task AnErrorWhileTheLockIsTaken_IsNamed_AndNoWriterIsBlamed(int error, string name)
    {
        await SegmentJournal.Open(Place).DisposeAsync();
        foreach (var (verb, file) in new[] { ("open", "lock"), ("lock", ""), ("lock", "lock"), ("lock", "COMMIT") })
        {
            var device = new DirectoryDevice(Place) { Failing = (asked, of) => (asked, of) == (verb, file) ? error : 0 };
            var refused = Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(device));
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
            Assert.Equal("cannot-open", refused.Code);
            var snapshots = Assert.Throws<JournalOpenException>(() =>
                DirectorySnapshotStore.Open(new DirectoryDevice(Place) { Failing = (asked, _) => asked == verb ? error : 0 }));
            Assert.Contains(name, snapshots.Message, StringComparison.Ordinal);
            // Nothing of the failed opening stays locked.
            await SegmentJournal.Open(Place).DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void AnErrorWhileAJournalIsMade_IsNamed(int error, string name)
    {
        foreach (var verb in new[] { "list", "create", "rename", "flush" })
        {
            var device = new DirectoryDevice(temporary.File(verb)) { Failing = (asked, _) => asked == verb ? error : 0 };
            var refused = Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(device));
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ALockThatIsHeld_IsInUse()
    {
        await using var first = SegmentJournal.Open(Place);
        Assert.Equal("in-use", Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(Place)).Code);
    }

    [Fact]
    public void WithoutADescriptor_TheErrorIsNamed_AndWithEnoughItOpens()
    {
        var lines = CrowdedProcess.Run(Place);
        Assert.Equal("open", lines[^1]);
        Assert.True(lines.Length > 3, string.Join('\n', lines));
        Assert.All(lines[..^1], line =>
        {
            Assert.StartsWith("refused cannot-open ", line, StringComparison.Ordinal);
            Assert.Matches("EMFILE|Too many open files", line);
        });
    }
}

// Readers in other processes, beside a writer that rotates, is killed, and comes again.
// Run by `dotnet test`, kills in the short form; Soak has the long one.
using Refold.Segments;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Acceptance;

public sealed class ReaderProcessTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string Uri => directory.Journal();

    private string Path => directory.File("journal");

    public void Dispose() => directory.Dispose();

    private string[] Read(string stream) => RefoldTool.Run("read", "--stream", stream, "--journal", Uri).Expect(0).Lines;

    [Fact]
    public async Task FiveProcesses_ReadEveryPositionOnceInOrder_WhileOneWritesAndCompacts()
    {
        const int Rounds = 7;
        const int Entries = 80;
        await using (var writer = SegmentJournal.Open(Path, new JournalOptions { Segments = new() { SegmentBytes = 2048 } }))
        {
            for (var count = 0; count < Entries; count++) await writer.Append(Samples.Entry("s", "{}"));
            var followers = Enumerable.Range(0, 5).Select(_ => new Follower(Uri, "s", (Rounds + 1) * Entries)).ToList();
            try
            {
                await Task.WhenAll(followers.Select(follower => follower.WaitForAsync(Entries)));
                var (rotations, compactions, last) = (0, 0, writer.Segments[^1].Id);
                for (var round = 1; round <= Rounds; round++)
                {
                    // What was appended in the round before goes while this one is appended.
                    var compaction = round % 2 == 0
                        ? writer.CompactAsync(new CompactionRequest.Merge { MaxBytes = 16 * 1024 })
                        : writer.CompactAsync(new CompactionRequest.DeleteStream("gone " + (round - 1)));
                    for (var count = 0; count < Entries; count++)
                    {
                        await writer.Append(Samples.Entry("s", $"\"{round} {count}\""), Samples.Entry("gone " + round));
                        if (writer.Segments[^1].Id is var id && id != last) (rotations, last) = (rotations + 1, id);
                    }

                    if ((await compaction).Made > 0) compactions++;
                    // Each of them has lived through all of it.
                    await Task.WhenAll(followers.Select(follower => follower.WaitForAsync((round + 1) * Entries)));
                }

                Assert.InRange(rotations, 20, int.MaxValue);
                Assert.InRange(compactions, 5, Rounds);
                foreach (var follower in followers) await follower.EndAsync();
                Assert.All(followers, follower => Assert.Equal(Read("s"), follower.Lines));
                Assert.Equal(writer.ReadStream("s").Select(entry => entry.Position), followers[0].Positions);
                output.WriteLine($"{rotations} rotations, {compactions} compactions");
            }
            finally
            {
                followers.ForEach(follower => follower.Dispose());
            }
        }

        RefoldTool.Run("verify", "--journal", Uri).Expect(0);
    }

    [Fact]
    public async Task BetweenWriteAndFlush_NoProcessHandsItOut()
    {
        using var device = new HeldDevice(new DirectoryDevice(Path));
        await using var writer = SegmentJournal.Open(device, new JournalOptions { Segments = new() { Pipelined = true } });
        await writer.Append(Samples.Entry("s", "1"));
        using var follower = new Follower(Uri, "s", 2);
        await follower.WaitForAsync(1);
        device.Hold();
        var append = writer.Append(Samples.Entry("s", "2"));
        device.WaitUntilHeld();
        try
        {
            // Written, not flushed: an entry that a power cut may take away.
            var export = RefoldProcess.Run("export", "--journal", Uri).Expect(0);
            Assert.Single(export.Lines);
            Assert.Contains("1 entries or deletions at the end are unconfirmed", export.Error, StringComparison.Ordinal);
            Assert.Equal(1, RefoldTool.Run("inspect", "--json", "--journal", Uri).Expect(0).Json.GetProperty("unconfirmed").GetInt32());
            Assert.Equal(1, RefoldTool.Run("verify", "--json", "--journal", Uri).Expect(0).Json.GetProperty("unconfirmed").GetInt32());
            Assert.Single(
                RefoldTool.Run("streams", "--json", "--journal", Uri)
                    .Expect(0).Json.GetProperty("streams")
                    .EnumerateArray()
                    .Select(stream => stream.GetProperty("version").GetInt32()),
                version => version == 1);
            Assert.Single(follower.Lines);
            Assert.False(append.IsCompleted);
        }
        finally
        {
            device.Release();
        }

        await append;
        await follower.EndAsync();
        Assert.Equal([1, 2], follower.Positions);
        Assert.Equal("", RefoldTool.Run("export", "--journal", Uri).Expect(0).Error);
        Assert.Equal(0, RefoldTool.Run("verify", "--json", "--journal", Uri).Expect(0).Json.GetProperty("unconfirmed").GetInt32());
    }

    [Fact]
    public async Task Defect25_ReadersNeedNoLock_ASecondWriterIsRefusedAtOnce_AndTheLockGoesWithTheProcess()
    {
        string many = directory.Write("many.ndjson", string.Concat(Enumerable.Range(1, 20_000).Select(Line)));
        string one = directory.Write("one.ndjson", Line(1));
        using var writer = RefoldProcess.Start([], "import", many, "--ack", "--batch", "1", "--journal", Uri);
        Assert.StartsWith("ack ", await writer.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        using var follower = new Follower(Uri, "s", 3);
        await follower.EndAsync();
        Assert.Contains("in use", RefoldTool.Run("import", one, "--journal", Uri).ExpectError(4), StringComparison.Ordinal);
        Assert.NotEmpty(Read("s"));
        Assert.False(writer.HasExited);
        using var another = new Follower(Uri, "s", 20_001);
        await another.WaitForAsync(1);
        writer.Kill();
        await writer.WaitForExitAsync();
        RefoldTool.Run("import", one, "--again", "--journal", Uri).Expect(0);
        SetMode(UnixFileMode.UserRead | UnixFileMode.UserExecute, UnixFileMode.UserRead);
        var lines = Read("s");
        SetMode(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.EndsWith("\"data\":1}", lines[^1], StringComparison.Ordinal);
        await another.WaitForAsync(lines.Length);
        Assert.Equal(lines, another.Lines);
    }

    /// <summary>As a directory that may only be read; the owner of everything may write all the same.</summary>
    private void SetMode(UnixFileMode ofDirectory, UnixFileMode ofFiles)
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (string file in Directory.EnumerateFiles(Path)) File.SetUnixFileMode(file, ofFiles);
        File.SetUnixFileMode(Path, ofDirectory);
    }

    [Fact]
    public Task WritersKilledAtRandomTimes_TakeNothingAwayThatAReaderSaw() => ToolSuites.ReaderKills.HoldsAsync(output);

    private static string Line(int number) => $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n";
}

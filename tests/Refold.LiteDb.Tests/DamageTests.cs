// Flipped bits, and files that are missing or do not belong together: refused, found, or without effect; never a wrong entry.
// Run by `dotnet test`; prints its seed.
using Refold.LiteDb.Devices;
using Refold.LiteDb.Storage;
using Refold.Tests.Segments;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class DamageTests(ITestOutputHelper output)
{
    private const int Flips = 300;

    [Theory]
    [InlineData(FileRole.Data)]
    [InlineData(FileRole.Log)]
    internal async Task Line14_AFlippedBit_NeverGivesAWrongEntry(FileRole role)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (files, expected) = await MadeAsync(isClosed: role == FileRole.Data);
        var contents = files.Contents();
        var (refused, found, without) = (0, 0, 0);
        for (var flip = 0; flip < Flips; flip++)
        {
            var bent = (byte[])contents[role].Clone();
            bent[random.Next(bent.Length)] ^= (byte)(1 << random.Next(8));
            var damaged = new SimulatedFiles(new Dictionary<FileRole, byte[]>(contents) { [role] = bent });
            try
            {
                await using var journal = LiteDbJournal.Open(damaged, Samples.ReadOnly);
                var read = new List<string>();
                try
                {
                    foreach (var entry in journal.ReadAll()) read.Add(entry + Convert.ToHexString(entry.Payload.Span));
                    Assert.Equal(expected, read);
                }
                catch (JournalCorruptedException)
                {
                    Assert.Equal(expected.Take(read.Count), read);
                    found++;
                    continue;
                }

                foreach (var stream in journal.Streams()) Read(() => journal.ReadStream(stream.Stream, stream.Floor + 1).Count());
                without++;
            }
            catch (JournalException)
            {
                refused++;
            }
        }

        output.WriteLine($"{refused} refused, {found} found when read, {without} without effect on entries");
        Assert.True(refused + found > 0);
    }

    [Fact]
    public async Task Line14_ADeletedOrAnOlderLog_IsFoundByTheMark()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("s"));
        var older = files.Contents();
        for (var number = 0; number < 5; number++) await journal.Append(Samples.Entry("s"));
        var now = files.Contents();

        await using (var whole = LiteDbJournal.Open(new SimulatedFiles(now))) Assert.Equal(10, whole.ReadAll().Count());
        var without = new Dictionary<FileRole, byte[]>(now);
        without.Remove(FileRole.Log);
        AssertRefused(without);
        AssertRefused(new Dictionary<FileRole, byte[]>(now) { [FileRole.Log] = older[FileRole.Log] });
        AssertRefused(new Dictionary<FileRole, byte[]>(now) { [FileRole.Log] = [] });
    }

    [Fact]
    public async Task Line14_FilesOfAnotherJournal_AreRefused()
    {
        var (mine, other) = (new SimulatedFiles(), new SimulatedFiles());
        await using (var journal = LiteDbJournal.Open(mine)) await journal.Append(Samples.Entry("s"));
        await using (var journal = LiteDbJournal.Open(other)) await journal.Append(Samples.Entry("s"));
        AssertRefused(new Dictionary<FileRole, byte[]>(mine.Contents()) { [FileRole.Data] = other.Contents()[FileRole.Data] });
        var gone = mine.Contents();
        gone.Remove(FileRole.Data);
        AssertRefused(gone);
        // On purpose: without the mark the older or other file is taken as it is.
        var meant = new Dictionary<FileRole, byte[]>(mine.Contents()) { [FileRole.Data] = other.Contents()[FileRole.Data] };
        meant.Remove(FileRole.Mark);
        await using var opened = LiteDbJournal.Open(new SimulatedFiles(meant));
        Assert.Equal(1, opened.Head.Position);
    }

    [Fact]
    public async Task AnIndexThatLostAWord_IsFoundByVerify()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s", "{}", "a"), Samples.Entry("s", "{}", "a"));
        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.Get(Collections.Entries, 2L)!;
            document["w"] = new LiteDB.BsonArray();
            database.Write(engine => engine.Upsert(Collections.Entries, [document], LiteDB.BsonAutoId.Int64));
        }

        Assert.Contains("index", LiteDbJournal.Verify(files).First!.What, StringComparison.Ordinal);
    }

    private static void AssertRefused(Dictionary<FileRole, byte[]> contents)
    {
        foreach (var options in (JournalOptions[])[new(), Samples.ReadOnly])
        {
            var files = new SimulatedFiles(contents);
            Assert.ThrowsAny<JournalException>(() => LiteDbJournal.Open(files, options));
            var after = files.Contents();
            Assert.All(contents, file => Assert.Equal(file.Value, after[file.Key]));
        }
    }

    private static async Task<(SimulatedFiles Files, List<string> Expected)> MadeAsync(bool isClosed)
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        // In few transactions, so that most of the log is still in use.
        for (var batch = 0; batch < 3; batch++)
            await journal.Append([.. Enumerable.Range(0, 20).Select(number => Samples.Entry("s" + number % 5, new string('x', 300 + number), "a"))]);
        await journal.DeleteToAsync(StreamId.Create("s1"), 3);
        var expected = journal.ReadAll().Select(entry => entry + Convert.ToHexString(entry.Payload.Span)).ToList();
        if (isClosed) await journal.DisposeAsync();
        return (files, expected);
    }

    private static void Read(Action read)
    {
        try
        {
            read();
        }
        catch (JournalCorruptedException)
        {
            // Found.
        }
    }
}

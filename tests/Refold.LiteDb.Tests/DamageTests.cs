// Flipped bits, and files that are missing or do not belong together: refused, found, or without effect; never a wrong entry.
// Run by `dotnet test`; prints its seed.
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class DamageTests(ITestOutputHelper output)
{
    private const int Flips = 200;

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
            var bent = Bent(contents[role], random);
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

    [Theory]
    [InlineData(FileRole.Data)]
    [InlineData(FileRole.Log)]
    internal async Task Line14_AFlippedBit_IsOneOfOurExceptions_WhateverIsDone(FileRole role)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (files, _) = await MadeAsync(isClosed: role == FileRole.Data);
        var contents = files.Contents();
        var thrown = new Dictionary<string, int>();
        for (var flip = 0; flip < Flips; flip++)
        {
            var bent = Bent(contents[role], random);
            var damaged = new Dictionary<FileRole, byte[]>(contents) { [role] = bent };
            (string Name, Func<SimulatedFiles, Task> Run)[] actions =
            [
                ("verify", left => Task.Run(() => LiteDbJournal.Verify(left))),
                ("copy", left => Task.Run(() => LiteDbFiles.Read(left).Count())),
                ("compact", left => Task.Run(() => LiteDbFiles.Compact(left))),
                ("append", AppendAsync),
            ];
            foreach (var (name, run) in actions)
            {
                if (await Record.ExceptionAsync(() => run(new SimulatedFiles(damaged))) is not { } exception) continue;
                Assert.True(exception is JournalException, $"seed {seed}, flip {flip}, {name}: {exception}");
                thrown[name] = thrown.GetValueOrDefault(name) + 1;
            }
        }

        output.WriteLine(string.Join(", ", thrown));
        Assert.NotEmpty(thrown);
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

    [Fact]
    public async Task DeletedEntriesThatAreGoneWithoutACompaction_AreFoundByVerify_AndNotCopied()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            await journal.Append(Samples.Entry("s"), Samples.Entry("s"), Samples.Entry("t"));
            await journal.DeleteToAsync(StreamId.Create("s"), 2);
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
        using (var database = Database.Open(files, readOnly: false))
            database.Write(engine => engine.Delete(Collections.Entries, [1L, 2L]));
        Assert.Contains("no compaction", LiteDbJournal.Verify(files).First!.What, StringComparison.Ordinal);
        Assert.Throws<JournalCorruptedException>(() => LiteDbFiles.Read(files).Count());
        Assert.Throws<JournalCorruptedException>(() => LiteDbFiles.Compact(files));
    }

    /// <summary>A file with one bit flipped, anywhere but in index pages (page type 2): LiteDB goes round in one that leads back to itself, and nobody can stop it.</summary>
    private static byte[] Bent(byte[] content, Random random)
    {
        const int IndexPage = 2;
        var bent = (byte[])content.Clone();
        var place = random.Next(bent.Length);
        while (content[place / EngineStream.PageSize * EngineStream.PageSize + 4] == IndexPage) place = random.Next(bent.Length);
        bent[place] ^= (byte)(1 << random.Next(8));
        return bent;
    }

    private static async Task AppendAsync(SimulatedFiles files)
    {
        await using var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 3; number++)
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s" + number, new string('x', 3000), "a")) { IdempotencyKey = "k" + number });
        await journal.DeleteToAsync(StreamId.Create("s2"), 2);
        _ = journal.Query(Query.WithTags("a"));
        _ = journal.FindByKey("k1");
        _ = journal.Streams();
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

// A second opener fails at once, whoever it is: this process, another one, a plain LiteDB. What is no
// journal is refused without a byte changed.
// Run by `dotnet test`.
using System.Text;
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.LiteDb;

public class OpenerTests
{
    [Fact]
    public async Task Line6_ASecondOpener_FailsAtOnce()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        await using (var journal = LiteDbJournal.Open(path))
        {
            await journal.Append(Samples.Entry("s"));
            Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(path));
            Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(path, Samples.ReadOnly));
            Assert.Contains("in use", RefoldTool.Run("inspect", "--journal", "litedb:" + path).ExpectError(4), StringComparison.Ordinal);
            var input = directory.Write("in", """{"stream":"s","type":"t","data":1}""");
            Assert.Contains(
                "in use", RefoldTool.Run("import", input, "--journal", "litedb:" + path).ExpectError(4), StringComparison.Ordinal);
            Assert.ThrowsAny<IOException>(() => new LiteEngine(new EngineSettings { Filename = path }));
            Assert.ThrowsAny<IOException>(() => new LiteEngine(new EngineSettings { Filename = path, ReadOnly = true }));
            await journal.Append(Samples.Entry("s"));
        }

        await using (var reader = LiteDbJournal.Open(path, Samples.ReadOnly))
        await using (var other = LiteDbJournal.Open(path, Samples.ReadOnly))
        {
            Assert.Equal(2, reader.ReadAll().Count());
            Assert.Equal(2, other.ReadAll().Count());
            Assert.Throws<JournalInUseException>(() => LiteDbJournal.Open(path));
            var refused = Assert.IsType<AppendResult.NotAppended>(await reader.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
            Assert.IsType<AppendFailure.Unavailable>(refused.Failure);
        }

        // What the adapter writes, LiteDB itself can read.
        using var stock = new LiteEngine(new EngineSettings { Filename = path, ReadOnly = true, Collation = Collation.Binary });
        using var found = stock.Query(Collections.Entries, LiteDB.Query.All(LiteDB.Query.Ascending));
        Assert.True(found.Read());
    }

    [Fact]
    public async Task ReadingACrashImage_ChangesNoByte()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 20; number++) await journal.Append(Samples.Entry("s"));
        var image = new SimulatedFiles(files.Contents());
        Assert.NotEmpty(image.Contents()[FileRole.Log]);
        await using (var reader = LiteDbJournal.Open(image, Samples.ReadOnly))
            Assert.Equal(20, reader.ReadAll().Count());
        Assert.Null(LiteDbJournal.Verify(image).First);
        Assert.Equal(0, image.Count);
    }

    [Fact]
    public void NothingThere_IsNotMadeByAReader()
    {
        using var directory = new TemporaryDirectory();
        Assert.Throws<JournalOpenException>(() => LiteDbJournal.Open(directory.File("j.db"), Samples.ReadOnly));
        Assert.Throws<JournalOpenException>(() => LiteDbJournal.Compact(directory.File("j.db")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
    }

    public static TheoryData<string> Strangers() =>
        ["text", "short", "empty", "collation", "plain", "encrypted", "v4", "future", "past", "header"];

    [Theory]
    [MemberData(nameof(Strangers))]
    public void Line15_WhatIsNoJournalOfOurs_IsRefused_WithoutAByteChanged(string kind)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        Make(kind, path);
        var before = File.ReadAllBytes(path);
        var error = Assert.ThrowsAny<JournalException>(() => LiteDbJournal.Open(path));
        Assert.Equal(
            kind switch
            {
                "future" or "past" => typeof(UnsupportedFormatException),
                "header" => typeof(JournalCorruptedException),
                _ => typeof(JournalOpenException)
            },
            error.GetType());
        if (kind == "past")
            Assert.Contains("export the journal with the version of Refold that wrote it", error.Message, StringComparison.Ordinal);
        Assert.IsType(error.GetType(), Record.Exception(() => LiteDbJournal.Open(path, Samples.ReadOnly)));
        Assert.Equal(before, File.ReadAllBytes(path));
        if (kind is not ("header" or "future" or "past")) Assert.Equal([path], Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Fact]
    public void ADirectory_IsNoFile_AndNothingIsMadeBesideIt()
    {
        using var directory = new TemporaryDirectory();
        var path = Directory.CreateDirectory(directory.File("orders")).FullName;
        string[] paths = [path, directory.File("other/")];
        Assert.All(paths, name =>
            Assert.Contains(
                "is a directory", Assert.Throws<JournalOpenException>(() => LiteDbJournal.Open(name)).Message, StringComparison.Ordinal));
        Assert.All(paths, name => Assert.Throws<JournalOpenException>(() => LiteDbSnapshotStore.Open(name)));
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(EngineStream.PageSize)]
    [InlineData(9 * EngineStream.PageSize + 5)]
    [InlineData(int.MaxValue)]
    public async Task Line15_AFileThatWasCutShort_IsRefused_AndSaysSo(int cut)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(
            [.. Enumerable.Range(0, 50).Select(number => Samples.Entry("s" + number, new string('x', 900)))]);
        var contents = files.Contents();
        contents[FileRole.Data] = contents[FileRole.Data][..^Math.Min(cut, contents[FileRole.Data].Length)];
        foreach (var options in (JournalOptions[])[new(), Samples.ReadOnly])
        {
            var damaged = new SimulatedFiles(contents);
            Assert.Matches(
                "length|without content", Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Open(damaged, options)).Message);
            Assert.Equal(contents[FileRole.Data], damaged.Contents()[FileRole.Data]);
        }
    }

    private static void Make(string kind, string path)
    {
        switch (kind)
        {
            case "text":
                File.WriteAllText(path, new string('x', 20_000));
                break;
            case "short":
                File.WriteAllText(path, "no journal");
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "collation":
                Plain(new EngineSettings { Filename = path, Collation = new Collation("en-US/IgnoreCase") });
                break;
            case "plain":
                Plain(new EngineSettings { Filename = path, Collation = Collation.Binary });
                break;
            case "encrypted":
                Plain(new EngineSettings { Filename = path, Password = "secret" });
                break;
            case "v4":
                var page = new byte[2 * EngineStream.PageSize];
                Encoding.UTF8.GetBytes("** This is a LiteDB file **").CopyTo(page, 25);
                page[52] = 7;
                File.WriteAllBytes(path, page);
                break;
            case "future" or "past":
                MakeJournal(path);
                using (var engine = new LiteEngine(new EngineSettings { Filename = path }))
                {
                    var format = Format.Write(new Guid(new byte[16]), StoreKind.Journal);
                    format["v"] = kind == "past" ? 2 : 4;
                    // Journals of version 2 had no ids.
                    if (kind == "past") engine.DropCollection(Collections.Ids);
                    engine.Upsert(Collections.Meta, [format.Sealed()], BsonAutoId.ObjectId);
                    engine.Checkpoint();
                }

                // The other program would have kept the checksums of the pages in it.
                File.Delete(path.Replace(".db", "-mark.db", StringComparison.Ordinal));
                break;
            default:
                MakeJournal(path);
                using (var file = File.OpenWrite(path))
                {
                    file.Position = 32;
                    file.WriteByte(0);
                }

                break;
        }
    }

    private static void MakeJournal(string path) => LiteDbJournal.Open(path).DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static void Plain(EngineSettings settings)
    {
        using var engine = new LiteEngine(settings);
        engine.Insert("orders", [new BsonDocument { ["_id"] = 1 }], BsonAutoId.Int32);
    }
}

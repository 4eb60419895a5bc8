// Flipped bits, and files that are missing or do not belong together: refused, found, or without effect; never a wrong entry.
// Run by `dotnet test`, flipped bits in the short form; Soak has the long one.
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class DamageTests(ITestOutputHelper output)
{
    public static TheoryData<string> Parts => [.. FlippedBits.Parts.Select(part => part.ToString())];

    [Theory]
    [MemberData(nameof(Parts))]
    public Task Line14_AfterAFlippedBit_EveryReadReceiptAndRetryIsRight_OrANamedError(string part) =>
        LiteDbSuites.BitsRead.HoldsAsync(output, FlippedBits.Parts, Enum.Parse<DamagedPart>(part));

    [Theory]
    [MemberData(nameof(Parts))]
    public Task AfterALargerDamage_EveryReadReceiptAndRetryIsRight_OrANamedError(string part) =>
        LiteDbSuites.Damages.HoldsAsync(output, FlippedBits.Parts, Enum.Parse<DamagedPart>(part));

    [Theory]
    [MemberData(nameof(Parts))]
    public Task Line14_AFlippedBit_IsOneOfOurExceptions_WhateverIsDone(string part) =>
        LiteDbSuites.BitsUsed.HoldsAsync(output, FlippedBits.Parts, Enum.Parse<DamagedPart>(part));

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
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(
            Samples.Entry("s", "{}", "a"), Samples.Entry("s", "{}", "a"));
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
}

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
    public async Task ADamagedTableOfChecksums_IsNoneThatIsNotThere()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s"));
        var whole = files.Contents();
        for (var at = 4096; at < 4096 + 12; at++)
        {
            var mark = whole[FileRole.Mark].ToArray();
            mark[at] ^= 1;
            AssertRefused(new Dictionary<FileRole, byte[]>(whole) { [FileRole.Mark] = mark });
        }

        foreach (var length in (int[])[1024, 4096, 4102, 8191])
            AssertRefused(new Dictionary<FileRole, byte[]>(whole) { [FileRole.Mark] = whole[FileRole.Mark][..length] });
        Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Verify(
            new SimulatedFiles(new Dictionary<FileRole, byte[]>(whole) { [FileRole.Mark] = whole[FileRole.Mark][..8191] })));
    }

    [Fact]
    public async Task WithoutTheTable_AJournalIsLookedThrough_BeforeItIsVouchedFor()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(Samples.Entry("s", "{\"said\":\"there\"}"));
        var contents = files.Contents();
        // As a kill leaves it between the old data file and the new one.
        var mark = contents[FileRole.Mark].ToArray();
        mark.AsSpan(4096, 12).Clear();
        contents[FileRole.Mark] = mark;
        await using (var taken = LiteDbJournal.Open(new SimulatedFiles(contents))) Assert.Single(taken.ReadAll());
        var data = contents[FileRole.Data].ToArray();
        data[data.AsSpan().IndexOf("there"u8)] ^= 1;
        contents[FileRole.Data] = data;
        var refused = Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Open(new SimulatedFiles(contents)));
        Assert.Contains("position 1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutTheTable_NoWayAlongAnIndexGoesRound(bool isInLog)
    {
        const int PageSize = 8192;
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files);
        for (var number = 0; number < 10; number++) await journal.Append(Samples.Entry("s" + number, "{}", "tagged", "t" + number));
        if (!isInLog) await journal.DisposeAsync();
        var contents = files.Contents();
        if (isInLog) await journal.DisposeAsync();
        contents[FileRole.Mark] = [];
        var role = isInLog ? FileRole.Log : FileRole.Data;
        await using (var taken = LiteDbJournal.Open(new SimulatedFiles(contents), Samples.ReadOnly))
            Assert.Equal(10, taken.Query(Query.WithTags("tagged")).Entries.Count);
        var (pointers, refused) = (0, 0);
        for (var page = 0; page < contents[role].Length; page += PageSize)
        {
            var bytes = contents[role].AsMemory(page, PageSize);
            if (bytes.Span[4] != 3 || bytes.Span[30] == 255) continue;
            // The last node of the page, and its neighbours on the lowest level, each made to be the node itself.
            var slot = bytes.Span[30];
            var node = BitConverter.ToUInt16(bytes.Span[(PageSize - ((slot + 1) * 4) + 2)..]);
            foreach (var pointer in new[] { 12, 17 })
            {
                if (BitConverter.ToUInt32(bytes.Span[(node + pointer)..]) == uint.MaxValue) continue;
                var damaged = contents[role].ToArray();
                bytes.Span[..4].CopyTo(damaged.AsSpan(page + node + pointer));
                damaged[page + node + pointer + 4] = slot;
                var changed = new Dictionary<FileRole, byte[]>(contents) { [role] = damaged };
                pointers++;
                foreach (var options in new[] { Samples.ReadOnly, new JournalOptions() })
                    refused += await Task.Run(() => IsRefusedAsync(changed, options)).WaitAsync(TimeSpan.FromMinutes(2)) ? 1 : 0;
            }
        }

        Assert.True(pointers >= 4);
        // An older state of a page in the log is nobody's.
        Assert.InRange(refused, isInLog ? 4 : 2 * pointers, 2 * pointers);
    }

    private static async Task<bool> IsRefusedAsync(Dictionary<FileRole, byte[]> contents, JournalOptions options)
    {
        try
        {
            await using var opened = LiteDbJournal.Open(new SimulatedFiles(contents), options);
            return false;
        }
        catch (JournalCorruptedException exception)
        {
            Assert.Contains("is not the neighbour of", exception.Message, StringComparison.Ordinal);
            return true;
        }
    }

    [Fact]
    public async Task ADataFileThatIsCutShort_BesideALogThatIsNot_IsRefused()
    {
        var files = new SimulatedFiles();
        await using (var first = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 40; number++) await first.Append(Samples.Entry("s", new string('1', 3000)));
        }

        await using var journal = LiteDbJournal.Open(files);
        await journal.Append(Samples.Entry("other"));
        var contents = files.Contents();
        Assert.NotEmpty(contents[FileRole.Log]);
        var refused = 0;
        for (var pages = 1; pages < 12; pages++)
        {
            var cut = new Dictionary<FileRole, byte[]>(contents) { [FileRole.Data] = contents[FileRole.Data][..^(pages * 8192)] };
            try
            {
                await using var opened = LiteDbJournal.Open(new SimulatedFiles(cut), Samples.ReadOnly);
                // The log has all of those pages anew.
                Assert.Equal(41, opened.ReadAll().Count());
            }
            catch (JournalCorruptedException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 9, 11);
    }

    [Fact]
    public async Task SnapshotsWhosePagesAreDamaged_LetGoOfTheirFiles()
    {
        var files = new SimulatedFiles();
        var store = LiteDbSnapshotStore.Open(files);
        await store.SaveAsync(SnapshotStoreTests.Made(StreamId.Create("s"), 1, 10));
        // What reading a damaged page throws.
        files.Fails = _ => new JournalCorruptedException("here", 0, "page 1", "whole", "damaged");
        await Assert.ThrowsAsync<SnapshotStoreException>(async () =>
            await store.SaveAsync(SnapshotStoreTests.Made(StreamId.Create("s"), 2, 10)));
        await store.DisposeAsync();
        files.Fails = _ => null;
        await using var again = LiteDbSnapshotStore.Open(files);
        await again.SaveAsync(SnapshotStoreTests.Made(StreamId.Create("s"), 3, 10));
    }

    [Fact]
    public async Task AnIndexThatLostAWord_IsFoundByVerify()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files)) await journal.Append(
            Samples.Entry("s", "{}", "a"), Samples.Entry("s", "{}", "a"));
        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.Get(Collections.Words, Keys.OfWord(new Word(WordKind.Tag, "a")))!;
            document["p"] = PackedPlaces.Write([new EntryPlace(1, 1, 2)], hasVersions: false);
            database.Write(engine => engine.Upsert(Collections.Words, [document.Sealed()], LiteDB.BsonAutoId.ObjectId));
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
        {
            var document = database.Get(Collections.Entries, 3L)!;
            var block = new EntryBlocks(database.Journal, files.Place).Read(document);
            document["d"] = block.Bytes[block.Starts[2]..];
            database.Write(engine => engine.Upsert(Collections.Entries, [document], LiteDB.BsonAutoId.Int64));
        }

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

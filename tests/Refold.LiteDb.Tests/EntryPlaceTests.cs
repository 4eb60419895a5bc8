// Where entries of streams and words lie: in memory, then in the documents of their names, then in pieces; the same answers each time.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Xunit;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class EntryPlaceTests
{
    private static readonly PlaceLimits Few = new(Entries: 40, Names: 40, PieceSize: 7, ChunkSize: 7, Fan: 2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadsByStreamAndWord_AnswerAsInMemory_WhereverThePlacesAre(ulong seed)
    {
        var random = SeededRng.FromSeed(seed).AsRandom();
        var files = new SimulatedFiles();
        await using var model = new InMemoryJournal();
        var journal = LiteDbJournal.Open(files, places: Few);
        for (var step = 0; step < 60; step++)
        {
            EntryData[] entries =
            [
                .. Enumerable.Range(0, random.Next(1, 12)).Select(_ =>
                    Samples.Entry("s" + random.Next(4), "{}", "a", "t" + random.Next(3)) with
                    {
                        Type = random.Next(3) == 0 ? "Rare" : "Common"
                    })
            ];
            Assert.Equal(await model.Append(entries), await journal.Append(entries));
            if (step % 20 == 19)
            {
                // A process that was killed: its newest places are read from the entries.
                var left = files.Contents();
                await journal.DisposeAsync();
                files = new SimulatedFiles(left);
                journal = LiteDbJournal.Open(files, places: Few);
            }

            for (var stream = 0; stream < 4; stream++)
            {
                var name = StreamId.Create("s" + stream);
                var (highest, from) = (model.HighestVersion(name), random.Next(1, 40));
                Assert.Equal(highest, journal.HighestVersion(name));
                Assert.Equal(model.ReadStream(name, from, from + 9).ToList(), journal.ReadStream(name, from, from + 9).ToList());
            }

            var first = random.Next(1, 300);
            foreach (var query in (Query[])[
                Query.WithTags("t0"), Query.WithTags("a", "t1"), Query.OfTypes("Rare"), Query.All,
                // No entry can have these; as keys they lie among those of others.
                Query.OfTypes("Common\0"), Query.OfTypes("Common\0\0\0\0\0\0\0\0\u0001"), Query.OfTypes("\ud800"),
                Query.Any(new QueryItem(["Rare"], ["t2"]), new QueryItem([], ["t0"]))])
                Assert.Equal(model.Query(query, first, 15).Entries, journal.Query(query, first, 15).Entries);
            Assert.Equal(model.Streams(), journal.Streams());
            Assert.Equal(model.Streams("s", "s1", 2), journal.Streams("s", "s1", 2));
        }

        Assert.Null(LiteDbJournal.Verify(new SimulatedFiles(files.Contents())).First);
        await journal.DisposeAsync();
        Assert.Null(LiteDbJournal.Verify(files).First);
        using var database = Database.Open(files, readOnly: true);
        Assert.InRange(database.Find(Search.ByIds(Collections.Places, Array.Empty<byte>(), Keys.AboveNames)).Count, 20, 500);
        Assert.Equal(database.ReadProgress().Head.Position, database.ReadProgress().Indexed);
    }

    [Fact]
    public async Task PlacesThatCannotBeWritten_StayInMemory_AndNothingIsLost()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files, places: Few);
        for (var number = 0; number < 30; number++) await journal.Append(Samples.Entry("s" + number % 5, "{}", "a"));
        // Behind the tenth append that follows, places are written.
        var (commits, failures) = (0, 0);
        files.Fails = operation =>
        {
            if (operation is not { Verb: FileVerb.Write, Role: FileRole.Log } write) return null;
            if (write.Bytes[LogStream.ConfirmByte] == 1) commits++;
            else if (commits == 10 && failures++ == 0) return new IOException("No space left on device (simulated).");
            return null;
        };
        for (var number = 30; number < 60; number++)
        {
            await journal.Append(Samples.Entry("s" + number % 5, "{}", "a"));
            Assert.Equal(number + 1, journal.Query(Query.WithTags("a")).Entries.Count);
        }

        Assert.NotEqual(0, failures);
        var left = new SimulatedFiles(files.Contents());
        Assert.Equal(0, Indexed(left));
        for (var number = 60; number < 90; number++) await journal.Append(Samples.Entry("s" + number % 5, "{}", "a"));
        Assert.Equal(80, Indexed(new SimulatedFiles(files.Contents())));
        await journal.DisposeAsync();
        await using var opened = LiteDbJournal.Open(left, places: Few);
        Assert.Equal(60, opened.Query(Query.WithTags("a")).Entries.Count);
        await opened.Append(Samples.Entry("s1", "{}", "a"));
        Assert.Null(LiteDbJournal.Verify(new SimulatedFiles(left.Contents())).First);

        static long Indexed(SimulatedFiles files)
        {
            using var database = Database.Open(files, readOnly: true);
            return database.ReadProgress().Indexed;
        }
    }

    /// <summary>The places are on the device, and then nobody can tell whether the files are still the journal's: what was committed is not
    /// taken back by what would come behind it.</summary>
    [Fact]
    public async Task PlacesAfterWhoseCommitTheFilesCannotBeLookedAt_EndTheWriter_AndTheJournalIsInOrder()
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files, places: Few);
        for (var number = 0; number < 30; number++) await journal.Append(Samples.Entry("s", "{}", "a"));
        var (commits, failures) = (0, 0);
        files.Done = operation =>
        {
            if (operation is { Verb: FileVerb.Write, Role: FileRole.Log } && operation.Bytes[LogStream.ConfirmByte] == 1) commits++;
        };
        // Behind the tenth append that follows, places are written.
        files.LookFails = () => commits == 11 && failures++ == 0 ? new IOException("Input/output error (simulated).") : null;
        var acknowledged = 30;
        for (var number = 30; number < 60; number++)
        {
            if (await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "{}", "a"))) is AppendResult.Appended) acknowledged++;
        }

        Assert.Equal((1, 40), (failures, acknowledged));
        await journal.DisposeAsync();
        var left = new SimulatedFiles(files.Contents());
        Assert.Null(LiteDbJournal.Verify(left).First);
        await using var opened = LiteDbJournal.Open(left, places: Few);
        for (var number = 40; number < 130; number++) await opened.Append(Samples.Entry("s", "{}", "a"));
        Assert.Equal(130, opened.Query(Query.WithTags("a")).Entries.Count);
        await opened.DisposeAsync();
        Assert.Null(LiteDbJournal.Verify(left).First);
    }

    /// <summary>A process was killed with these places in memory: of the entries the first, one between, the last is gone.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public async Task ABlockBehindThePlaces_ThatIsNotThere_IsFoundWhenTheJournalIsOpened(long position)
    {
        var files = new SimulatedFiles();
        var journal = LiteDbJournal.Open(files, places: Few);
        for (var number = 0; number < 9; number++) await journal.Append(Samples.Entry("s", "{}", "a"));
        var left = new SimulatedFiles(files.Contents());
        await journal.DisposeAsync();
        using (var database = Database.Open(left, readOnly: false))
        {
            Assert.Equal(0, database.ReadProgress().Indexed);
            database.Write(engine => Assert.Equal(1, engine.Delete(Collections.Entries, [position])));
            database.Checkpoint();
        }

        Assert.ThrowsAny<JournalException>(() => LiteDbJournal.Open(left, places: Few));
        Assert.ThrowsAny<JournalException>(() => LiteDbJournal.Open(left, new JournalOptions { ReadOnly = true }));
    }

    [Fact]
    public async Task ReadsWhilePlacesMoveIntoDocuments_MissNothing()
    {
        await using var journal = LiteDbJournal.Open(new SimulatedFiles(), places: Few);
        using var stopped = new CancellationTokenSource();
        await journal.Append(Samples.Entry("s0", "{}", "a"));
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!stopped.IsCancellationRequested)
            {
                var head = journal.Head.Position;
                var found = journal.Query(Query.WithTags("a"));
                Assert.Equal(found.AsOf, found.Entries.Count);
                Assert.True(found.AsOf >= head);
                var highest = journal.HighestVersion("s0");
                Assert.InRange(journal.ReadStream("s0").Count(), highest - 1, long.MaxValue);
                Assert.InRange(journal.Streams().Sum(stream => stream.HighestVersion), head, long.MaxValue);
            }
        })).ToList();
        for (var number = 0; number < 300; number++) await journal.Append(Samples.Entry("s" + number % 9, "{}", "a"));
        stopped.Cancel();
        await Task.WhenAll(readers);
    }

    [Fact]
    public void Places_AreReadAsTheyWereWritten_OrRefused()
    {
        EntryPlace[] places = [new(1, 7, 7), new(2, 8, 900), new(300, 1L << 40, (1L << 40) + 5), new(1L << 61, 1L << 62, 1L << 62)];
        Assert.Equal(places, PackedPlaces.Read(PackedPlaces.Write(places, hasVersions: true), hasVersions: true));
        EntryPlace[] ofWord = [.. places.Select(place => place with { Number = place.Position })];
        Assert.Equal(ofWord, PackedPlaces.Read(PackedPlaces.Write(ofWord, hasVersions: false), hasVersions: false));
        Assert.Empty(PackedPlaces.Read([], hasVersions: true));
        foreach (byte[] bytes in (byte[][])[
            [1], [1, 1], [1, 0, 0], [0, 1, 0], [0x81], [1, 1, 0x80], [.. Enumerable.Repeat((byte)0xFF, 20), 1]])
            Assert.ThrowsAny<Exception>(() => PackedPlaces.Read(bytes, hasVersions: true));
    }

    [Theory]
    [InlineData("st", "less")]
    [InlineData("st", "more")]
    [InlineData("st", "another block")]
    [InlineData("wo", "less")]
    [InlineData("wo", "more")]
    [InlineData("wo", "another block")]
    [InlineData("wo", "of nothing")]
    [InlineData("pl", "less")]
    [InlineData("pl", "of nothing")]
    [InlineData("pl", "another key")]
    public async Task PlacesThatAreNotThoseOfTheEntries_AreFoundByVerify(string collection, string what)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files, places: Few))
        {
            for (var number = 0; number < 20; number++)
                await journal.Append(Samples.Entry("s", "{}", "a"), Samples.Entry("s", "{}", "a"));
        }

        Assert.Null(LiteDbJournal.Verify(files).First);
        using (var database = Database.Open(files, readOnly: false))
        {
            var document = database.First(Search.ByIds(collection, Array.Empty<byte>(), Keys.AboveNames))!;
            var (id, key) = (document["_id"], document["_id"].AsBinary);
            var hasVersions = collection == Collections.Streams || collection == Collections.Places && key[0] == 0;
            var places = PackedPlaces.Read(document["p"].AsBinary, hasVersions);
            document["p"] = PackedPlaces.Write(
                what switch
                {
                    "less" => places[1..],
                    "more" => [.. places, new EntryPlace(places[^1].Number, places[^1].Position + 1, places[^1].Block + 1)
                        with { Number = places[^1].Number + 1 }],
                    "another block" => [.. places[..^1], places[^1] with { Block = places[^1].Block + 1 }],
                    _ => places,
                },
                hasVersions);
            if (what == "of nothing") document["_id"] = (byte[])[.. key[..1], (byte)'q', .. key[1..]];
            if (what == "another key") document["_id"] = (byte[])[.. key[..^1], (byte)(key[^1] + 1)];
            database.Write(engine =>
            {
                if (what == "another key") engine.Delete(collection, [id]);
                engine.Upsert(collection, [document.Sealed()], BsonAutoId.ObjectId);
            });
            database.Checkpoint();
        }

        Assert.NotNull(LiteDbJournal.Verify(files).First);
    }
}

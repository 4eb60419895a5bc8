// Each document of a journal, lost or with another value and a right seal: verification finds it.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Segments;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class DocumentChangeTests(ITestOutputHelper output)
{
    // Said at this place only, and nothing else follows from it: the number of commits, how far keys are forgotten, what a dropped
    // beginning came to (but its subtrees: the nodes behind it are made of them), and what a key stands for of which entries are gone.
    // Such a document cannot be lost unseen.
    private static readonly string[] Only =
    [
        "meta head commit", "meta head k", "meta base frame", "meta base t", "meta base s",
        "cmd e", "cmd h", "cmd l", "rc s",
    ];

    [Fact]
    public async Task EachDocument_ThatIsLostOrChanged_IsFound()
    {
        var (total, passed) = Passed(await MakeAsync(), Collections.OfJournal);
        Assert.True(total > 300, $"{total}");
        Assert.Equal(Only.Order(StringComparer.Ordinal), passed);
    }

    [Fact]
    public async Task EachDocumentOfIds_ThatIsLostOrChangedWhileRunsAreMerged_IsFound()
    {
        var (total, passed) = Passed(await EntryIdDamageTests.MergingAsync(), [Collections.Ids, Collections.Meta]);
        Assert.True(total > 300, $"{total}");
        Assert.Equal(["meta head commit", "meta head k"], passed);
    }

    private (int Total, SortedSet<string> Passed) Passed(Dictionary<FileRole, byte[]> contents, IReadOnlyList<string> collections)
    {
        var (total, passed) = (0, new SortedSet<string>(StringComparer.Ordinal));
        foreach (var collection in collections)
        {
            List<BsonDocument> documents;
            using (var database = Database.Open(new SimulatedFiles(contents), readOnly: true))
                documents = database.Find(Storage.Search.ByIds(collection, BsonValue.MinValue, BsonValue.MaxValue));
            Assert.NotEmpty(documents);
            foreach (var document in documents)
            {
                foreach (var change in Changes(document))
                {
                    total++;
                    if (!IsFound(contents, collection, document["_id"], change.Document))
                        passed.Add($"{collection} {(collection == Collections.Meta ? document["_id"].AsString + " " : "")}{change.Field}");
                }
            }
        }

        output.WriteLine($"{total} changes, not found: {string.Join(", ", passed)}");
        return (total, passed);
    }

    // Lost, or one value in it is another.
    private static IEnumerable<(string Field, BsonDocument? Document)> Changes(BsonDocument document)
    {
        yield return ("", null);
        yield return ("more", new BsonDocument(document.ToDictionary()) { ["more"] = 1L });
        // One that stands for nothing.
        if (document["_id"] is { IsString: true } id)
            yield return ("_id", new BsonDocument(document.ToDictionary()) { ["_id"] = id.AsString + "s" });
        foreach (var field in document.Keys.Where(field => field is not ("_id" or "x")).ToList())
        {
            var (value, isKey) = (document[field], field == "k" && !document[field].IsInt64);
            foreach (var other in isKey ? OtherKeys(value) : Others(value))
                yield return (field, new BsonDocument(document.ToDictionary()) { [field] = other });
        }
    }

    private static IEnumerable<BsonValue> OtherKeys(BsonValue value) =>
        value.IsNull ? [new byte[] { 65 }, 1L] : [.. Others(value), BsonValue.Null];

    private static IEnumerable<BsonValue> Others(BsonValue value)
    {
        if (value.IsInt64) return [value.AsInt64 + 1, value.AsInt64 - 1];
        if (value.IsInt32) return [value.AsInt32 + 1];
        if (value.IsNull) return [5L];
        if (value.IsBinary)
        {
            return value.AsBinary is { Length: > 0 } bytes
                ? [(byte[])[.. bytes[..^1], (byte)(bytes[^1] ^ 1)], bytes[..^1], (byte[])[.. bytes, 1], Array.Empty<byte>()]
                : [];
        }

        if (!value.IsArray) return [];
        var items = value.AsArray;
        return [new BsonArray(items.Skip(1)), new BsonArray(items.Append(items.Count > 0 ? items[0] : 1L))];
    }

    private static bool IsFound(Dictionary<FileRole, byte[]> contents, string collection, BsonValue id, BsonDocument? changed)
    {
        var files = new SimulatedFiles(contents);
        try
        {
            using (var database = Database.Open(files, readOnly: false))
            {
                database.Write(engine =>
                {
                    if (changed is null) engine.Delete(collection, [id]);
                    else engine.Upsert(collection, [collection == Collections.Entries ? changed : changed.Sealed()], BsonAutoId.ObjectId);
                });
                database.Checkpoint();
            }

            return LiteDbJournal.Verify(files).First is not null;
        }
        catch (JournalException)
        {
            return true;
        }
        catch (LiteException exception) when (exception.ErrorCode == LiteException.INDEX_DUPLICATE_KEY)
        {
            // A version that another entry has cannot even be written.
            return true;
        }
    }

    // A dropped beginning with keys and streams that go on or do not, deleted entries that are there or gone, keys that were forgotten
    // or came again, holes.
    private static async Task<Dictionary<FileRole, byte[]>> MakeAsync()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            await journal.AppendAsync(new AppendRequest(Samples.Entry("early")) { IdempotencyKey = "early" });
            for (var number = 0; number < 12; number++) await journal.AppendAsync(Request(number));
            await journal.TryRestoreAsync(
                [Restored(journal, 27, 1), Restored(journal, 29, 2)]);
            await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(4));
            await journal.CompactAsync(new CompactionRequest.RetainFrom(8));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s0")) { IdempotencyKey = "k0" });
            await journal.DeleteToAsync("s1", 3);
            await journal.CompactAsync(new CompactionRequest.DropDeleted());
            await journal.AppendAsync(new AppendRequest(Samples.Entry("only")) { IdempotencyKey = "gone" });
            await journal.CompactAsync(new CompactionRequest.DeleteStream("only"));
            // So many that their places fill a piece, and their entries more than one block.
            for (var part = 0; part < 6; part++)
                await journal.AppendAsync(new AppendRequest([.. Enumerable.Range(0, 200).Select(_ => Samples.Entry("many", "{}", "m"))]));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s1"), Samples.Entry("s2")));
            await journal.DeleteToAsync("s2", 2);
        }

        var files = new SimulatedFiles();
        LiteDbFiles.Write(files, SegmentTransfer.Read(device));
        Assert.Null(LiteDbJournal.Verify(files).First);
        return files.Contents();
    }

    private static AppendRequest Request(int number) =>
        new(
            Samples.Entry("s" + number % 3, "{}", "a") with { Time = new DateTimeOffset(2026, 1, 1, 0, number, 0, TimeSpan.Zero) },
            Samples.Entry("t"))
        {
            IdempotencyKey = "k" + number
        };

    private static JournalEntry Restored(SegmentJournal journal, long position, int behind) =>
        new(position, journal.HighestVersion("s0") + behind, 26, Samples.Entry("s0"), "h");
}

// Bytes and lists that a caller uses again: what a journal has stays as it was appended, to its hashes, in every store.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Xunit;

namespace Refold.Tests.Journals;

public class CallersBytesTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    public static TheoryData<string> All => Stores.All;

    /// <summary>What a caller changes behind an append that was called.</summary>
    private sealed class Callers(int number)
    {
        private readonly byte[] plain = Bytes(number, "plain");
        private readonly byte[] tagged = Bytes(number, "tagged");
        private readonly string[] tags = ["before"];
        private readonly List<EntryData> entries = [];
        private readonly Dictionary<StreamId, ExpectedVersion> expected = new() { ["plain"] = ExpectedVersion.Any };

        public AppendRequest Request(string? key = null)
        {
            entries.Add(new EntryData("plain", "T", plain));
            entries.Add(new EntryData("tagged", "T", tagged) { Tags = tags, Time = DateTimeOffset.UnixEpoch.AddSeconds(number) });
            return new AppendRequest(entries) { Expected = expected, IdempotencyKey = key };
        }

        public void UseAgain()
        {
            Array.Fill(plain, (byte)'x');
            Array.Fill(tagged, (byte)'x');
            tags[0] = "after";
            entries[0] = new EntryData("other", "T", "{}"u8.ToArray());
            entries.RemoveAt(1);
            expected["plain"] = ExpectedVersion.NoStream;
        }

        private static byte[] Bytes(int number, string name) =>
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{name} {number}, as it was appended\""));
    }

    /// <summary>The same appends by callers who change nothing.</summary>
    private static async Task<InMemoryJournal> ModelAsync(int count, Func<int, string?> keyOf)
    {
        var model = new InMemoryJournal();
        for (var number = 0; number < count; number++) await model.AppendAsync(new Callers(number).Request(keyOf(number)), ct);
        return model;
    }

    private static void Same(InMemoryJournal model, ILocalJournal journal)
    {
        Assert.Equal(model.Head, journal.Head);
        Assert.Equal(
            model.ReadAll().Select(entry => Convert.ToHexString(entry.ToCanonicalBytes())),
            journal.ReadAll().Select(entry => Convert.ToHexString(entry.ToCanonicalBytes())));
        Assert.Equal(model.ReadAll(), journal.ReadAll());
        Assert.Equal(model.ReadStream("plain"), journal.ReadStream("plain"));
        // Leaves are made of the entries where somebody asks for a root.
        Assert.Equal(model.RootAt(), journal.RootAt());
        Assert.Equal(model.Head.Position / 2, journal.Query(Query.WithTags("before")).Entries.Count);
        Assert.Empty(journal.Query(Query.WithTags("after")).Entries);
        var scanned = new List<string>();
        journal.ScanAll((in EntryView entry) =>
        {
            scanned.Add(Convert.ToHexString(entry.Payload));
            return true;
        });
        Assert.Equal(model.ReadAll().Select(entry => Convert.ToHexString(entry.Payload.Span)), scanned);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task BehindAnAppend_TheCallersBytesAreTheCallersAgain(string store)
    {
        static string? KeyOf(int number) => number % 2 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"key {number}");
        await using var journal = Stores.Open(store);
        for (var number = 0; number < 20; number++)
        {
            var callers = new Callers(number);
            var appending = journal.AppendAsync(callers.Request(KeyOf(number)), ct);
            callers.UseAgain();
            await appending;
        }

        await using var model = await ModelAsync(20, KeyOf);
        Same(model, journal);
        // A retry with the bytes of the first time is known.
        Assert.Equal(
            new AppendResult.Appended(journal.FindByKey("key 1")!), await journal.TryAppendAsync(new Callers(1).Request("key 1"), ct));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task BehindEncode_TheCallersBytesAreTheCallersAgain(string store)
    {
        await using var journal = Stores.Open(store);
        for (var number = 0; number < 20; number++)
        {
            var callers = new Callers(number);
            var batch = callers.Request().Encode();
            callers.UseAgain();
            await journal.TryAppendAsync(batch, ct);
        }

        await using var model = await ModelAsync(20, _ => null);
        Same(model, journal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AnEntryWithAPlace_HasBytesOfItsOwn_AndARestoredListIsReadOnce(string store)
    {
        await using var model = await ModelAsync(20, _ => null);
        await using var journal = Stores.Open(store);
        foreach (var batch in model.ReadAll().GroupBy(entry => entry.Batch))
        {
            var bytes = batch.Select(entry => entry.Payload.ToArray()).ToArray();
            List<JournalEntry> restored = [.. batch.Select((entry, index) => new JournalEntry(
                entry.Position, entry.Version, entry.Batch,
                new EntryData(entry.Stream, entry.Type, bytes[index]) { Tags = [.. entry.Tags], Time = entry.Time }))];
            // Between the making of an entry and the call as well as behind it.
            Array.Fill(bytes[0], (byte)'x');
            var restoring = journal.TryRestoreAsync(restored, ct);
            Array.Fill(bytes[1], (byte)'x');
            restored.Clear();
            await restoring;
        }

        Same(model, journal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AnAppendThroughGates_HasTheBytesThatWereJudged(string store)
    {
        var gates = new GateSet<int>("gates");
        await using var journal = Stores.Open(store, new JournalOptions { RequiredGates = gates });
        for (var number = 0; number < 20; number++)
        {
            var callers = new Callers(number);
            var appending = journal.TryAppendAsync(callers.Request(), gates, number, cancellationToken: ct);
            callers.UseAgain();
            Assert.IsType<AppendResult.Appended>(await appending);
        }

        await using var model = await ModelAsync(20, _ => null);
        Same(model, journal);
    }

    public static TheoryData<string> SnapshotStores => ["memory:", "segments:", "litedb:"];

    [Theory]
    [MemberData(nameof(SnapshotStores))]
    public async Task ASnapshot_HasBytesOfItsOwn(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var snapshots = Refold.Snapshots.Open(store == "memory:" ? store : store + directory.File("snapshots"));
        var bytes = "\"state\""u8.ToArray();
        var snapshot = new Snapshot("a", 1, new Head(1, new string('d', 64)), new Encoded("state", 1, bytes));
        await snapshots.SaveAsync(snapshot, ct);
        Array.Fill(bytes, (byte)'x');
        Assert.Equal("\"state\"", Encoding.UTF8.GetString(snapshot.State.Payload.Span));
        Assert.Equal("\"state\"", Encoding.UTF8.GetString(snapshots.Load("a").Snapshot!.State.Payload.Span));
        Assert.Equal(snapshot, snapshots.Load("a").Snapshot);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ARestoredEntry_ThatWasReadFromBytes_StaysAsItWasRestored(string store)
    {
        await using var model = await ModelAsync(3, _ => null);
        await using var journal = Stores.Open(store);
        foreach (var batch in model.ReadAll().GroupBy(entry => entry.Batch))
        {
            var bytes = batch.Select(entry => entry.ToCanonicalBytes()).ToArray();
            JournalEntry[] views =
                [.. batch.Select((entry, index) => JournalEntry.TryRead(entry.Position, entry.Version, entry.Batch, bytes[index])!)];
            var restoring = journal.TryRestoreAsync(views, ct);
            foreach (var array in bytes) Array.Fill(array, (byte)'x');
            Assert.IsType<AppendResult.Appended>(await restoring);
        }

        Same(model, journal);
        Assert.Equal(model.RootAt(), journal.RootAt());
    }

    // Bytes are lent by those who get them back; gates may keep a batch.
    [Theory]
    [MemberData(nameof(All))]
    public async Task Batches_AreLent_WhereNoGatesLook(string store)
    {
        await using var plain = (LocalJournal)Stores.Open(store);
        Assert.Equal(store != "litedb", plain.GivesBatchesBack);
        await using var gated = (LocalJournal)Stores.Open(store, new() { RequiredGates = new GateSet<EncodedBatch>("none") });
        Assert.False(gated.GivesBatchesBack);
    }
}

// What is promised of appending: positions, versions, batches, receipts, canonical bytes, the head.
// Run by JournalConformance.
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Refold.Testing;

internal static class AppendCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a new journal is empty", IsEmptyAsync),
        JournalCase.Of("positions are dense in commit order, versions dense in each stream, and a receipt says which", PlacesAsync),
        JournalCase.Of("an entry comes back as it was appended, in every field and in its canonical bytes", EveryFieldAsync),
        JournalCase.Of("a batch is one thing: all of it is there, under its first position, or nothing", BatchAsync),
        JournalCase.Of("the head follows from the entries and batches alone, as its formula says", HeadAsync),
        JournalCase.Of("the head at any position of a batch is the one after it", HeadAtAsync),
        JournalCase.Of("a batch without entries, or with an entry that breaks a rule, is invalid, and nothing is appended", InvalidAsync),
        JournalCase.Of("a stream that begins with $ takes appends of runs only", SystemStreamAsync),
        JournalCase.Of("a missing request, batch, stream, query or key is the caller's mistake", ArgumentsAsync),
    ];

    private static async Task IsEmptyAsync(JournalBench bench)
    {
        Expect.Equal(default, await bench.Read.HeadAsync(), "the head");
        Expect.Equal(default(Head), await bench.Read.HeadAtAsync(0), "the head at position 0");
        Expect.Equal(null, await bench.Read.HeadAtAsync(1), "the head at position 1");
        Expect.Equal(0, (await bench.Read.AllAsync()).Count, "the number of entries");
        Expect.Equal(0, (await bench.Read.StreamsAsync()).Count, "the number of streams");
        Expect.Equal(0L, await bench.Read.HighestVersionAsync("a"), "the highest version of an unknown stream");
    }

    private static async Task PlacesAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(JournalBench.Entry("a"));
        Expect.Equal((1L, 1, 1L), (first.FirstPosition, first.Count, first.LastPosition), "the first receipt");
        var second = await bench.AppendAsync(JournalBench.Entry("b"), JournalBench.Entry("a"), JournalBench.Entry("b"));
        Expect.Equal((2L, 3, 4L), (second.FirstPosition, second.Count, second.LastPosition), "the second receipt");
        Expect.Sequence(
            [new StreamVersions("b", 1, 2), new StreamVersions("a", 2, 2)], second.Versions, "the versions of the second receipt");
        Expect.Equal(second.Head, await bench.Read.HeadAsync(), "the head after the second receipt");
        var places = (await bench.Read.AllAsync()).Select(entry => (entry.Position, entry.Version));
        Expect.Sequence([(1L, 1L), (2L, 1L), (3L, 2L), (4L, 2L)], places, "position and version");
        Expect.Sequence([new StreamInfo("a", 0, 2), new StreamInfo("b", 0, 2)], await bench.Read.StreamsAsync(), "streams");
    }

    private static async Task EveryFieldAsync(JournalBench bench)
    {
        var all = new EntryData("St\u00f6ck/\ud83d\ude80", "plac\u00e9d", new byte[] { 0, 255, 10, 13, 0 })
        {
            Role = EntryRole.Command,
            SchemaVersion = int.MaxValue,
            Tags = ["b", "a", "b", "\u00e9", "A"],
            Time = new DateTimeOffset(2024, 2, 29, 12, 0, 0, 1, TimeSpan.FromHours(2)).AddTicks(7),
            Id = new Guid("11111111-2222-3333-4444-555555555555"),
            CorrelationId = new Guid("22222222-2222-3333-4444-555555555555"),
            CausationId = new Guid("33333333-2222-3333-4444-555555555555"),
            Run = "run-1",
            Drawn = ulong.MaxValue,
        };
        EntryData[] entries =
        [
            all, new("a", "t", ReadOnlyMemory<byte>.Empty),
            .. Enum.GetValues<EntryRole>().Select(role => JournalBench.Entry("roles") with { Role = role }),
            JournalBench.Entry("a") with { Time = DateTimeOffset.MinValue },
            JournalBench.Entry("a") with { Time = DateTimeOffset.MaxValue, Id = Guid.Empty },
        ];
        await bench.AppendAsync(new AppendRequest(entries) { IdempotencyKey = "k\u00e9y" });
        var found = await bench.Read.AllAsync();
        Expect.Equal(entries.Length, found.Count, "the number of entries");
        foreach (var (entry, index) in found.Select((entry, index) => (entry, index)))
        {
            var expected = new JournalEntry(index + 1, entry.Version, 1, entries[index], "k\u00e9y");
            var (wanted, canonical) = (Convert.ToHexString(expected.ToCanonicalBytes()), Convert.ToHexString(entry.ToCanonicalBytes()));
            Expect.Equal(wanted, canonical, $"the canonical bytes of {entry}");
            Expect.Equal(expected, entry, "an entry");
        }
    }

    private static async Task BatchAsync(JournalBench bench)
    {
        await bench.AppendAsync(JournalBench.Entry("a"));
        await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a"));
        await bench.AppendAsync(JournalBench.Entry("b"));
        Expect.Sequence([1L, 2, 2, 2, 5], (await bench.Read.AllAsync()).Select(entry => entry.Batch), "batch");
        var before = await bench.Read.HeadAsync();
        var refused = await bench.TryAsync(new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("c"))
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { ["c"] = ExpectedVersion.NoStream, ["a"] = ExpectedVersion.Exactly(7) },
        });
        Expect.NotAppended<AppendFailure.Conflict>(refused, "a batch of which one stream has another version");
        Expect.Equal(before, await bench.Read.HeadAsync(), "the head after a batch that was refused");
        Expect.Equal(0L, await bench.Read.HighestVersionAsync("c"), "the version of a stream of a refused batch");
    }

    private static async Task HeadAsync(JournalBench bench)
    {
        // Short and long entries, streams in turn: leaves end at another stream and at 16 KiB, and an entry longer than that is one alone.
        EntryData[][] batches =
        [
            [JournalBench.Entry("a")],
            [JournalBench.Entry("a"), JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a")],
            [.. Enumerable.Range(0, 9).Select(index => JournalBench.Entry("a", new string('x', 3000 + index)))],
            [JournalBench.Entry("a"), JournalBench.Entry("a", new string('y', 20_000)), JournalBench.Entry("a")],
        ];
        var head = new byte[32];
        foreach (var batch in batches)
        {
            var before = (await bench.Read.HeadAsync()).Position;
            var receipt = await bench.AppendAsync(batch);
            head = Chain(head, before + 1, await bench.Read.AllAsync(before + 1));
            Expect.Equal(Convert.ToHexStringLower(head), receipt.Head.Hash.ToString(), "the head");
        }
    }

    // SHA-256(1 | previous head | first position | count | per leaf: count, first version, SHA-256(0 | canonical bytes)), integers
    // little-endian.
    private static byte[] Chain(byte[] previous, long first, List<JournalEntry> batch)
    {
        var content = new List<byte> { 1 };
        content.AddRange(previous);
        Add64(content, first);
        Add32(content, batch.Count);
        for (var index = 0; index < batch.Count;)
        {
            var (bytes, count, version, stream) = (new List<byte> { 0 }, 0, batch[index].Version, batch[index].Stream);
            while (index < batch.Count && batch[index].Stream == stream && batch[index].ToCanonicalBytes() is var canonical
                && (count == 0 || bytes.Count - 1 + canonical.Length <= 16 * 1024))
            {
                bytes.AddRange(canonical);
                (index, count) = (index + 1, count + 1);
            }

            Add32(content, count);
            Add64(content, version);
            content.AddRange(SHA256.HashData([.. bytes]));
        }

        return SHA256.HashData([.. content]);
    }

    private static void Add32(List<byte> bytes, int value)
    {
        var four = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(four, value);
        bytes.AddRange(four);
    }

    private static void Add64(List<byte> bytes, long value)
    {
        var eight = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(eight, value);
        bytes.AddRange(eight);
    }

    private static async Task HeadAtAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("b"));
        var second = await bench.AppendAsync(JournalBench.Entry("a"));
        var heads = await bench.Read.HeadsAsync([0, 1, 2, 3, 4]);
        Expect.Sequence([default(Head), first.Head, first.Head, second.Head, null], heads, "the head at a position");
        Expect.Equal(null, await bench.Read.HeadAtAsync(-1), "the head at position -1");
        Expect.Equal(null, await bench.Read.HeadAtAsync(long.MaxValue), "the head far beyond the end");
    }

    private static async Task InvalidAsync(JournalBench bench)
    {
        AppendRequest[] requests =
        [
            new(), new(JournalBench.Entry("a", type: "")), new(JournalBench.Entry("a", type: "a\nb")),
            new(JournalBench.Entry("a", tags: "")),
            new(JournalBench.Entry("a", tags: "kind:external")), new(JournalBench.Entry("a") with { SchemaVersion = 0 }),
            new(JournalBench.Entry("a") with { Role = (EntryRole)99 }),
            new(JournalBench.Entry("b"), JournalBench.Entry("a", type: "\ud800")),
            new(JournalBench.Entry("a")) { IdempotencyKey = "" },
        ];
        foreach (var request in requests)
            Expect.NotAppended<AppendFailure.Invalid>(await bench.TryAsync(request), "a request that breaks a rule");
        Expect.Equal(default, await bench.Read.HeadAsync(), "the head");
        Expect.Equal(0, (await bench.Read.StreamsAsync()).Count, "the number of streams");
    }

    private static async Task SystemStreamAsync(JournalBench bench)
    {
        foreach (var name in new[] { "$", "$run/r", "$fx/r", "$outbox/mail", "$other" })
        {
            var alone = await bench.TryAsync(JournalBench.Entry(name));
            Expect.Equal(name, Expect.NotAppended<AppendFailure.SystemStream>(alone, $"an append to {name}").Stream.Value, "the stream");
            var last = await bench.TryAsync(JournalBench.Entry("a"), JournalBench.Entry(name));
            Expect.NotAppended<AppendFailure.SystemStream>(last, $"a batch of which the last entry is for {name}");
            Expect.Throws<NotAppendedException>(() => new AppendRequest(JournalBench.Entry(name)).Encode(), $"encoding for {name}");
        }

        Expect.Equal(default, await bench.Read.HeadAsync(), "the head after appends that were refused");
        Expect.Equal(0, (await bench.Read.StreamsAsync()).Count, "the number of streams");
        await bench.AppendAsync(JournalBench.Entry("a$"));
        var run = new RunOptions { RunId = RunId.Create("r") };
        await using (await bench.Journal.StartRunAsync(new RunPin("model", "provider", "1", 1), run))
            Expect.Equal(1L, await bench.Read.HighestVersionAsync("$run/r"), "the version of the stream of a run that was started");
        if (!bench.Has(JournalCapabilities.Restore)) return;
        JournalEntry[] batch = [new(3, 1, 3, JournalBench.Entry("$fx/r"), null)];
        var restored = await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");
        Expect.Appended(restored, "a restored batch of Refold's own");
        Expect.Equal(1L, await bench.Read.HighestVersionAsync("$fx/r"), "the version of a restored stream of Refold's own");
    }

    private static async Task ArgumentsAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        await Expect.ThrowsAsync<ArgumentNullException>(() => journal.TryAppendAsync(null!).AsTask(), "appending nothing");
        await Expect.ThrowsAsync<ArgumentNullException>(() => journal.TryRestoreAsync(null!).AsTask(), "restoring nothing");
        await Expect.ThrowsAsync<ArgumentNullException>(() => journal.DeleteToAsync(null!, 1).AsTask(), "deleting from no stream");
        Expect.Throws<ArgumentNullException>(() => _ = journal.ReadStreamAsync(null!), "the call that reads no stream");
        Expect.Throws<ArgumentNullException>(() => _ = journal.QueryAsync(null!).AsTask(), "the call that asks no query");
        Expect.Throws<ArgumentNullException>(() => _ = journal.FindByKeyAsync(null!).AsTask(), "the call that finds no key");
        Expect.Throws<ArgumentNullException>(
            () => _ = journal.HighestVersionAsync(null!).AsTask(), "the call for the version of no stream");
        Expect.Throws<ArgumentNullException>(() => _ = journal.StreamsAsync(null!).AsTask(), "the call for streams without a prefix");
        if (journal is ILocalJournal local)
        {
            Expect.Throws<ArgumentNullException>(() => local.ReadStream(null!), "reading no stream");
            Expect.Throws<ArgumentNullException>(() => local.Query(null!), "asking no query");
            Expect.Throws<ArgumentNullException>(() => local.FindByKey(null!), "finding no key");
            Expect.Throws<ArgumentNullException>(() => local.HighestVersion(null!), "the version of no stream");
            Expect.Throws<ArgumentNullException>(() => local.Streams(null!), "streams without a prefix");
        }

        Expect.Equal(default, await bench.Read.HeadAsync(), "the head");
    }
}

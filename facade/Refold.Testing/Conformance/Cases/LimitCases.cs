// The limits, the same in every store: at each boundary, and one beyond.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class LimitCases
{
    private const int EntryBytes = 15 * 1024 * 1024;
    private const int BatchBytes = 64 * 1024 * 1024;
    private const int BatchEntries = 65_536;

    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a stream's name has up to 512 bytes of UTF-8", async bench =>
        {
            foreach (var name in new[] { "x", new string('x', 512), new string('\u00e9', 256),
                string.Concat(Enumerable.Repeat("\ud83d\ude80", 128)) })
            {
                await bench.AppendAsync(JournalBench.Entry(name));
                Expect.Equal(1, (await bench.Read.StreamAsync(name)).Count, "the number of entries of a stream with a long name");
            }
        }),
        JournalCase.Of(
            "a type has up to 256 bytes", bench => TextAsync(bench, text => new AppendRequest(JournalBench.Entry("a", type: text)), 256)),
        JournalCase.Of(
            "a tag has up to 256 bytes", bench => TextAsync(bench, text => new AppendRequest(JournalBench.Entry("a", tags: text)), 256)),
        JournalCase.Of(
            "an idempotency key has up to 128 bytes", bench =>
            TextAsync(bench, text => new AppendRequest(JournalBench.Entry("a")) { IdempotencyKey = text }, 128), JournalCapabilities.Keys),
        JournalCase.Of("an entry has up to 64 tags", async bench =>
        {
            string[] tags = [.. Enumerable.Range(0, 65).Select(index => FormattableString.Invariant($"tag{index}"))];
            await bench.AppendAsync(JournalBench.Entry("a", tags: tags[..64]));
            Expect.Equal(64, (await bench.Read.AllAsync()).Single().Tags.Count, "the number of tags");
            // A set: one that is there twice counts once.
            await bench.AppendAsync(JournalBench.Entry("a", tags: [.. tags[..64], tags[0]]));
            Expect.NotAppended<AppendFailure.Invalid>(await bench.TryAsync(JournalBench.Entry("a", tags: tags)), "an entry with 65 tags");
        }),
        JournalCase.Of("an entry has up to 15 MiB of canonical bytes", async bench =>
        {
            var overhead = Canonical(JournalBench.Entry("a"));
            await RefusedAsync(
                bench, new AppendRequest(JournalBench.Entry("a", new string('x', EntryBytes - overhead + 3))), EntryBytes + 1, EntryBytes);
            await bench.AppendAsync(JournalBench.Entry("a", new string('x', EntryBytes - overhead + 2)));
            Expect.Equal(EntryBytes, (await bench.Read.AllAsync()).Single().ToCanonicalBytes().Length, "the length of the canonical bytes");
        }),
        JournalCase.Of("a batch has up to 64 MiB of canonical bytes", async bench =>
        {
            // Four of 15 MiB and one for the rest.
            var overhead = Canonical(JournalBench.Entry("a"));
            var large = JournalBench.Entry("a", new string('x', EntryBytes - overhead + 2));
            var rest = BatchBytes - (4 * EntryBytes) - overhead + 2;
            await RefusedAsync(
                bench, new AppendRequest(large, large, large, large, JournalBench.Entry("a", new string('x', rest + 1))), BatchBytes + 1,
                BatchBytes);
            await bench.AppendAsync(large, large, large, large, JournalBench.Entry("a", new string('x', rest)));
            Expect.Equal(
                BatchBytes, (await bench.Read.AllAsync()).Sum(entry => entry.ToCanonicalBytes().Length),
                "the length of the canonical bytes");
        }),
        JournalCase.Of("a batch has up to 65,536 entries", async bench =>
        {
            EntryData[] entries = [.. Enumerable.Repeat(JournalBench.Entry("a"), BatchEntries + 1)];
            await RefusedAsync(bench, new AppendRequest(entries), BatchEntries + 1, BatchEntries);
            Expect.Equal(BatchEntries, (await bench.AppendAsync(entries[1..])).Count, "the number of positions");
            Expect.Equal(BatchEntries, (await bench.Read.StreamAsync("a")).Count, "the number of entries");
        }),
    ];

    private static int Canonical(EntryData data) => new JournalEntry(1, 1, 1, data).ToCanonicalBytes().Length;

    private static async Task RefusedAsync(JournalBench bench, AppendRequest request, long actual, long limit)
    {
        var exceeded = Expect.NotAppended<AppendFailure.LimitExceeded>(await bench.TryAsync(request), "a batch beyond a limit");
        Expect.Equal((actual, limit), (exceeded.Actual, exceeded.Limit), "size and limit");
        Expect.Equal(default, await bench.Read.HeadAsync(), "the head");
    }

    private static async Task TextAsync(JournalBench bench, Func<string, AppendRequest> request, int limit)
    {
        await bench.AppendAsync(request(new string('x', limit)));
        await bench.AppendAsync(request(new string('\u00e9', limit / 2)));
        var before = await bench.Read.HeadAsync();
        foreach (var text in new[] { new string('x', limit + 1), new string('\u00e9', (limit / 2) + 1) })
            Expect.NotAppended<AppendFailure.Invalid>(await bench.TryAsync(request(text)), "a text beyond its limit");
        Expect.Equal(before, await bench.Read.HeadAsync(), "the head");
    }
}

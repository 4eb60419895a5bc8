// What is promised of idempotency keys: looked up before everything else, the first receipt for the same content, never for another.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class KeyCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a retry with the same key and content gets the first receipt, and appends nothing", RetryAsync),
        Of("a key is looked up before conditions, expected versions and limits", FirstAsync),
        Of("the same key with other content is refused, and says where it was used", OtherContentAsync),
        Of("content is streams, roles, types, schema versions, payloads and tags; ids, times and expectations may differ", ContentAsync),
        Of("a key that was not appended is free", FreeAsync),
        Of("of appends with one key at once, one is appended and all get its receipt", AtOnceAsync),
        JournalCase.Of("keys survive deletion and opening again", SurviveAsync, JournalCapabilities.Keys | JournalCapabilities.Deletion | JournalCapabilities.Durability),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Keys);

    private static AppendRequest Keyed(params EntryData[] entries) => new(entries) { IdempotencyKey = "key" };

    private static async Task RetryAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b"))).ConfigureAwait(false);
        await bench.AppendAsync(JournalBench.Entry("a")).ConfigureAwait(false);
        var again = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b"))).ConfigureAwait(false);
        Expect.Equal(Told.Of(first), Told.Of(again), "the receipt of the retry");
        Expect.Equal(3L, bench.Journal.Head.Position, "the last position");
        Expect.Equal(Told.Of(first), Told.Of(bench.Journal.FindByKey("key")), "the receipt that is found by the key");
        Expect.Equal(null, bench.Journal.FindByKey("other"), "the receipt of a key that was not used");
        Expect.Sequence(["key", "key", null], bench.Journal.ReadAll().Select(entry => entry.IdempotencyKey), "the key of an entry");
    }

    private static async Task FirstAsync(JournalBench bench)
    {
        var request = Keyed(JournalBench.Entry("a")) with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } };
        var first = await bench.AppendAsync(request).ConfigureAwait(false);
        Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(request).ConfigureAwait(false)), "the receipt of a retry whose expectation is not met any more");
        if (bench.Has(JournalCapabilities.Conditions))
        {
            var conditional = Keyed(JournalBench.Entry("a")) with { Condition = new AppendCondition(Query.All, 0) };
            Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(conditional).ConfigureAwait(false)), "the receipt of a retry whose condition fails");
        }

        var other = request with { Entries = [JournalBench.Entry("b")] };
        Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(other).ConfigureAwait(false), "other content with an expectation that is not met");
    }

    private static async Task OtherContentAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2).ConfigureAwait(false);
        await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b", tags: "t"))).ConfigureAwait(false);
        EntryData[][] others =
        [
            [JournalBench.Entry("a")], [JournalBench.Entry("b", tags: "t"), JournalBench.Entry("a")], [JournalBench.Entry("c"), JournalBench.Entry("b", tags: "t")],
            [JournalBench.Entry("a", "{ }"), JournalBench.Entry("b", tags: "t")], [JournalBench.Entry("a", type: "x"), JournalBench.Entry("b", tags: "t")], [JournalBench.Entry("a"), JournalBench.Entry("b")],
            [JournalBench.Entry("a") with { SchemaVersion = 2 }, JournalBench.Entry("b", tags: "t")], [JournalBench.Entry("a") with { Role = EntryRole.Event }, JournalBench.Entry("b", tags: "t")],
        ];
        foreach (var entries in others)
        {
            var reused = Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(Keyed(entries)).ConfigureAwait(false), "the key with other content");
            Expect.Equal(("key", 3L), (reused.Key, reused.FirstPosition), "key and first position");
        }

        Expect.Equal(4L, bench.Journal.Head.Position, "the last position");
    }

    private static async Task ContentAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"))).ConfigureAwait(false);
        var other = JournalBench.Entry("a") with { Id = new Guid("11111111-2222-3333-4444-555555555555"), CausationId = new Guid("21111111-2222-3333-4444-555555555555"), Time = DateTimeOffset.UnixEpoch };
        var again = await bench.AppendAsync(Keyed(other) with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["b"] = ExpectedVersion.Exists } }).ConfigureAwait(false);
        Expect.Equal(Told.Of(first), Told.Of(again), "the receipt of the retry");
        Expect.Equal(null, bench.Journal.ReadAll().Single().Time, "the time of the entry");
    }

    private static async Task FreeAsync(JournalBench bench)
    {
        var refused = Keyed(JournalBench.Entry("a")) with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exists } };
        Expect.NotAppended<AppendFailure.Conflict>(await bench.TryAsync(refused).ConfigureAwait(false), "a keyed append with a conflict");
        Expect.Equal(null, bench.Journal.FindByKey("key"), "the receipt of a key that was refused");
        await bench.AppendAsync(Keyed(JournalBench.Entry("b"))).ConfigureAwait(false);
    }

    private static async Task AtOnceAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        for (var round = 0; round < 20; round++)
        {
            var request = Keyed(JournalBench.Entry("a")) with { IdempotencyKey = FormattableString.Invariant($"key{round}") };
            var appends = Enumerable.Range(0, bench.Options.Threads).Select(_ => Task.Run(() => journal.TryAppendAsync(request).AsTask()));
            var answers = (await Expect.Within(Task.WhenAll(appends), "the answer to an append").ConfigureAwait(false)).Select(Told.Of).Distinct().ToList();
            Expect.Equal(1, answers.Count, $"the number of different answers ({string.Join(" | ", answers)})");
            Expect.Equal(round + 1L, journal.Head.Position, "the last position");
        }
    }

    private static async Task SurviveAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("a"))).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 2).ConfigureAwait(false);
        for (var life = 0; life < 2; life++)
        {
            Expect.Equal(Told.Of(first), Told.Of(bench.Journal.FindByKey("key")), "the receipt that is found by the key");
            Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("a"))).ConfigureAwait(false)), "the receipt of the retry");
            Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(Keyed(JournalBench.Entry("b"))).ConfigureAwait(false), "the key with other content");
            await bench.ReopenAsync().ConfigureAwait(false);
        }
    }
}

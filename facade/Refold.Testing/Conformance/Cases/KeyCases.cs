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
        Of("a cancelled append is there once or not at all, and a retry with its key settles it", CancelledAsync),
        JournalCase.Of("keys survive deletion", DeletedAsync, JournalCapabilities.Keys | JournalCapabilities.Deletion),
        JournalCase.Of(
            "keys survive deletion and opening again", SurviveAsync,
            JournalCapabilities.Keys | JournalCapabilities.Deletion | JournalCapabilities.Durability),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Keys);

    private static AppendRequest Keyed(params EntryData[] entries) => new(entries) { IdempotencyKey = "key" };

    private static async Task RetryAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b")));
        await bench.AppendAsync(JournalBench.Entry("a"));
        var again = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b")));
        Expect.Equal(Told.Of(first), Told.Of(again), "the receipt of the retry");
        Expect.Equal(3L, (await bench.Read.HeadAsync()).Position, "the last position");
        Expect.Equal(Told.Of(first), Told.Of(await bench.Read.FindByKeyAsync("key")), "the receipt that is found by the key");
        Expect.Equal(null, await bench.Read.FindByKeyAsync("other"), "the receipt of a key that was not used");
        Expect.Sequence(["key", "key", null], (await bench.Read.AllAsync()).Select(entry => entry.IdempotencyKey), "the key of an entry");
    }

    private static async Task FirstAsync(JournalBench bench)
    {
        var request = Keyed(
            JournalBench.Entry("a")) with
        { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } };
        var first = await bench.AppendAsync(request);
        Expect.Equal(
            Told.Of(first), Told.Of(await bench.AppendAsync(request)), "the receipt of a retry whose expectation is not met any more");
        if (bench.Has(JournalCapabilities.Conditions))
        {
            var conditional = Keyed(JournalBench.Entry("a")) with { Condition = new AppendCondition(Query.All, 0) };
            Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(conditional)), "the receipt of a retry whose condition fails");
        }

        var other = request with { Entries = [JournalBench.Entry("b")] };
        Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(other), "other content with an expectation that is not met");
    }

    private static async Task OtherContentAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b", tags: "t")));
        EntryData[][] others =
        [
            [JournalBench.Entry("a")], [JournalBench.Entry("b", tags: "t"), JournalBench.Entry("a")],
            [JournalBench.Entry("c"), JournalBench.Entry("b", tags: "t")],
            [JournalBench.Entry("a", "{ }"), JournalBench.Entry("b", tags: "t")],
            [JournalBench.Entry("a", type: "x"), JournalBench.Entry("b", tags: "t")], [JournalBench.Entry("a"), JournalBench.Entry("b")],
            [JournalBench.Entry("a") with { SchemaVersion = 2 }, JournalBench.Entry("b", tags: "t")],
            [JournalBench.Entry("a") with { Role = EntryRole.Event }, JournalBench.Entry("b", tags: "t")],
        ];
        foreach (var entries in others)
        {
            var reused = Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(Keyed(entries)), "the key with other content");
            Expect.Equal(("key", 3L), (reused.Key, reused.FirstPosition), "key and first position");
        }

        Expect.Equal(4L, (await bench.Read.HeadAsync()).Position, "the last position");
    }

    private static async Task ContentAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a")));
        var other = JournalBench.Entry(
            "a") with
        {
            Id = new Guid("11111111-2222-3333-4444-555555555555"),
            CausationId = new Guid("21111111-2222-3333-4444-555555555555"),
            Time = DateTimeOffset.UnixEpoch
        };
        var again = await bench.AppendAsync(
            Keyed(other) with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["b"] = ExpectedVersion.Exists } });
        Expect.Equal(Told.Of(first), Told.Of(again), "the receipt of the retry");
        Expect.Equal(null, (await bench.Read.AllAsync()).Single().Time, "the time of the entry");
    }

    private static async Task FreeAsync(JournalBench bench)
    {
        var refused = Keyed(
            JournalBench.Entry("a")) with
        { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.Exists } };
        Expect.NotAppended<AppendFailure.Conflict>(await bench.TryAsync(refused), "a keyed append with a conflict");
        Expect.Equal(null, await bench.Read.FindByKeyAsync("key"), "the receipt of a key that was refused");
        await bench.AppendAsync(Keyed(JournalBench.Entry("b")));
    }

    private static async Task AtOnceAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        for (var round = 0; round < 20; round++)
        {
            var request = Keyed(JournalBench.Entry("a")) with { IdempotencyKey = FormattableString.Invariant($"key{round}") };
            var appends = Enumerable.Range(0, bench.Options.Threads).Select(_ => Task.Run(() => journal.TryAppendAsync(request).AsTask()));
            var answers = (await Expect.Within(Task.WhenAll(appends), "the answer to an append")).Select(Told.Of).Distinct().ToList();
            Expect.Equal(1, answers.Count, $"the number of different answers ({string.Join(" | ", answers)})");
            Expect.Equal(round + 1L, (await bench.Read.HeadAsync()).Position, "the last position");
        }
    }

    private static async Task CancelledAsync(JournalBench bench)
    {
        for (var round = 0; round < 40; round++)
        {
            var before = (await bench.Read.HeadAsync()).Position;
            var request = new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("b"))
            {
                IdempotencyKey = FormattableString.Invariant($"key{round}"),
                Pipelined = round % 2 == 0,
            };
            using var cancelled = new CancellationTokenSource();
            var append = bench.Journal.TryAppendAsync(request, cancelled.Token).AsTask();
            if (round % 4 > 1) await Task.Yield();
            await cancelled.CancelAsync();
            await ((Task)append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Expect.True(append.IsCanceled || append.IsCompletedSuccessfully, "a cancelled append threw " + append.Exception);
            var retried = await bench.AppendAsync(request, "the retry of a cancelled append");
            if (append.IsCompletedSuccessfully)
                Expect.Equal(Told.Of(retried), Told.Of(Expect.Appended(await append, "an append")), "the receipt of the cancelled append");
            Expect.Equal(before + 1, retried.FirstPosition, "the first position of an append that was cancelled and retried");
            Expect.Equal(retried.Head, await bench.Read.HeadAsync(), "the head behind an append that was cancelled and retried");
            Expect.Equal(
                Told.Of(retried), Told.Of(await bench.Read.FindByKeyAsync(request.IdempotencyKey)), "the receipt that is found by the key");
        }
    }

    private static async Task DeletedAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a")));
        await bench.AppendAsync(JournalBench.Entry("b"));
        foreach (var (stream, version) in new (StreamId, long)[] { ("a", 1), ("a", 2), ("b", 2) })
        {
            await bench.DeleteToAsync(stream, version);
            Expect.Equal(
                Told.Of(first), Told.Of(await bench.Read.FindByKeyAsync("key")), $"the receipt of the key after deleting {stream}");
        }
    }

    private static async Task SurviveAsync(JournalBench bench)
    {
        var first = await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("a")));
        await bench.DeleteToAsync("a", 2);
        for (var life = 0; life < 2; life++)
        {
            Expect.Equal(Told.Of(first), Told.Of(await bench.Read.FindByKeyAsync("key")), "the receipt that is found by the key");
            Expect.Equal(
                Told.Of(first), Told.Of(await bench.AppendAsync(Keyed(JournalBench.Entry("a"), JournalBench.Entry("a")))),
                "the receipt of the retry");
            Expect.NotAppended<AppendFailure.KeyReused>(await bench.TryAsync(Keyed(JournalBench.Entry("b"))), "the key with other content");
            await bench.ReopenAsync();
        }
    }
}

// What is promised to many threads at once: one winner for each version, dense positions, an outcome as of one append after the other.
// Run by JournalConformance.
using System.Collections.Concurrent;
using System.Text;

namespace Refold.Testing;

internal static class ConcurrencyCases
{
    private const int Rounds = 40;

    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("of many writers that expect the same version one wins, each time", OneWinnerAsync),
        JournalCase.Of("positions are dense and batches whole, whoever appends at once", DenseAsync),
        JournalCase.Of(
            "appends at once come out as in some serial order: the one of their positions", SerialAsync,
            JournalCapabilities.Keys | JournalCapabilities.Conditions),
        JournalCase.Of("a reader among writers sees whole batches without gaps, and never less than before", ReadersAsync),
        JournalCase.Of(
            "a reader among deletions sees nothing that was deleted before, and misses nothing else", DeletionsAsync,
            JournalCapabilities.Deletion),
    ];

    private static async Task InParallelAsync(JournalBench bench, Func<int, Task> run)
    {
        using var start = new Barrier(bench.Options.Threads);
        var threads = Enumerable.Range(0, bench.Options.Threads).Select(thread => Task.Factory.StartNew(
            async () =>
            {
                start.SignalAndWait();
                await run(thread);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap());
        await Expect.Within(Task.WhenAll(threads), "the end of the threads");
    }

    private static IEnumerable<long> UpTo(long last)
    {
        for (var number = 1L; number <= last; number++) yield return number;
    }

    private static async Task OneWinnerAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        var wins = new ConcurrentBag<long>();
        await InParallelAsync(bench, async _ =>
        {
            for (var version = 0L; version < Rounds; version++)
            {
                var expected = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version);
                var request = new AppendRequest(JournalBench.Entry("a"))
                {
                    Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = expected },
                };
                var result = await journal.TryAppendAsync(request);
                if (result is AppendResult.Appended appended) wins.Add(appended.Receipt.Versions[0].First);
                else Expect.NotAppended<AppendFailure.Conflict>(result, "an append by one of many");
                // Nobody goes on before the version is there, so that all want the same.
                Expect.True(await journal.HighestVersionAsync("a") > version, "somebody was refused, and the version is not there");
            }
        });
        Expect.Sequence(UpTo(Rounds), wins.Order(), "version that was won");
    }

    private static async Task DenseAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        var receipts = new ConcurrentBag<Receipt>();
        await InParallelAsync(bench, async thread =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                var entries = Enumerable.Range(0, 1 + ((round + thread) % 4)).Select(index => JournalBench.Entry(
                    index % 2 == 0 ? "shared" : FormattableString.Invariant($"own{thread}"),
                    FormattableString.Invariant($"{thread}/{round}/{index}")));
                var request = new AppendRequest([.. entries]) { Pipelined = round % 2 == 0 };
                receipts.Add(Expect.Appended(await journal.TryAppendAsync(request), "a batch"));
            }
        });
        var next = 1L;
        var all = await bench.Read.AllAsync();
        List<Receipt> ordered = [.. receipts.OrderBy(receipt => receipt.FirstPosition)];
        var heads = await bench.Read.HeadsAsync(ordered.Select(receipt => receipt.LastPosition));
        foreach (var (receipt, head) in ordered.Zip(heads))
        {
            Expect.Equal(next, receipt.FirstPosition, "the first position of the next batch");
            Expect.Equal(receipt.Head, head, "the head at the last position of a receipt");
            var batch = all.Where(entry => entry.Batch == receipt.FirstPosition).ToList();
            Expect.Equal(receipt.Count, batch.Count, "the number of entries of a batch");
            Expect.Equal(1, batch.Select(Writer).Distinct().Count(), "the number of writers of a batch");
            next = receipt.LastPosition + 1;
        }

        Expect.Equal(next - 1, (await bench.Read.HeadAsync()).Position, "the last position");
        foreach (var info in await bench.Read.StreamsAsync())
            Expect.Sequence(
                UpTo(info.HighestVersion), (await bench.Read.StreamAsync(info.Stream)).Select(entry => entry.Version), "version");

        static string Writer(JournalEntry entry) => Encoding.UTF8.GetString(entry.Payload.Span).Split('/')[0];
    }

    private static async Task SerialAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        var appended = new ConcurrentBag<(AppendRequest Request, Receipt Receipt)>();
        await InParallelAsync(bench, async thread =>
        {
            var rng = SeededRng.FromSeed((bench.Options.Seed ?? 1) + (ulong)thread);
            for (var round = 0; round < Rounds; round++)
            {
                var request = await DrawAsync(journal, rng);
                var result = await journal.TryAppendAsync(request);
                if (result is AppendResult.Appended { Receipt: var receipt })
                    appended.Add((request, receipt));
                else if ((result as AppendResult.NotAppended)?.Failure
                    is not (AppendFailure.Conflict or AppendFailure.ConditionFailed or AppendFailure.KeyReused))
                    throw new ConformanceException("an append came out as " + Told.Of(result));
            }
        });

        // One by one, in the order of their positions; of those that share a receipt the first was appended, with whichever expectation it
        // had.
        await using var model = new InMemoryJournal();
        foreach (var same in appended.GroupBy(item => item.Receipt.FirstPosition).OrderBy(group => group.Key))
        {
            var results = new List<string>();
            foreach (var (request, receipt) in same)
            {
                var result = await model.TryAppendAsync(request);
                if (result is AppendResult.Appended) results.Add(Told.Of(result));
            }

            Expect.True(results.Count > 0, $"the batch at {same.Key} was appended, but one by one it is refused");
            Expect.Equal("appended " + Told.Of(same.First().Receipt), results[0], "the receipt of one by one");
        }

        Expect.Equal(model.Head, await bench.Read.HeadAsync(), "the head");
    }

    private static async Task<AppendRequest> DrawAsync(IJournal journal, SeededRng rng)
    {
        var stream = StreamId.Create(FormattableString.Invariant($"s{rng.Between(0, 2)}"));
        var entries = Enumerable.Range(0, rng.Between(1, 3)).Select(_ => JournalBench.Entry(stream.Value, tags: Tag())).ToList();
        var request = new AppendRequest(
            entries)
        { IdempotencyKey = rng.Between(0, 3) == 0 ? FormattableString.Invariant($"key{rng.Between(0, 20)}") : null };
        if (rng.Between(0, 1) == 0)
            request = request with { Condition = new AppendCondition(Query.WithTags(Tag()), (await journal.HeadAsync()).Position) };
        return rng.Between(0, 2) == 0 && await journal.HighestVersionAsync(stream) is > 0 and var version
            ? request with { Expected = new Dictionary<StreamId, ExpectedVersion> { [stream] = ExpectedVersion.Exactly(version) } }
            : request;

        string Tag() => FormattableString.Invariant($"t{rng.Between(0, 3)}");
    }

    private static async Task ReadersAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var seen = 0L;
            while (!done.IsCancellationRequested)
            {
                var head = await journal.HeadAsync();
                var entries = await JournalReads.ListAsync(journal.ReadAllAsync());
                Expect.Sequence(UpTo(entries.Count), entries.Select(entry => entry.Position), "position that a reader sees");
                Expect.True(entries.Count >= head.Position && entries.Count >= seen, "a reader sees less than was there before");
                var last = entries.Count == 0 ? default(Head?) : await journal.HeadAtAsync(entries.Count);
                Expect.True(entries.Count == 0 || last?.Position == entries.Count, "a reader sees a part of a batch");
                seen = entries.Count;
            }
        })).ToList();
        await InParallelAsync(bench, async thread =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                var request = new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a"));
                Expect.Appended(await journal.TryAppendAsync(request), "a batch");
            }
        });
        await done.CancelAsync();
        await Expect.Within(Task.WhenAll(readers), "the end of the readers");
    }

    private static async Task DeletionsAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        // What was answered, and what was begun: a read lies between the one before it and the other after it.
        var (appended, deleted, begun, reads) = (0L, 0L, 0L, 0L);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                var (least, floor) = (Volatile.Read(ref appended), Volatile.Read(ref deleted));
                var versions = (await JournalReads.ListAsync(journal.ReadAllAsync())).ConvertAll(entry => entry.Version);
                var first = versions.Count == 0 ? Volatile.Read(ref begun) + 1 : versions[0];
                Expect.True(first > floor, FormattableString.Invariant($"a reader sees version {first}, deleted to {floor} before"));
                Expect.True(
                    first <= Volatile.Read(ref begun) + 1,
                    FormattableString.Invariant($"a reader sees version {first} first, deleted to {Volatile.Read(ref begun)} at most"));
                Expect.Sequence(
                    Enumerable.Range(0, versions.Count).Select(place => first + place), versions, "version that a reader sees");
                Expect.True(
                    first + versions.Count > least,
                    FormattableString.Invariant($"a reader sees {versions.Count} versions from {first}, {least} were appended before"));
                Interlocked.Increment(ref reads);
            }
        })).ToList();
        for (var round = 1L; round <= Rounds / 2; round++)
        {
            await bench.AppendAsync(JournalBench.Entry("a"), JournalBench.Entry("a"));
            Volatile.Write(ref appended, 2 * round);
            if (round % 2 == 0) continue;
            Volatile.Write(ref begun, round);
            await bench.DeleteToAsync("a", round);
            Volatile.Write(ref deleted, round);
            // None of it is tried where nobody reads.
            var before = Volatile.Read(ref reads);
            while (Volatile.Read(ref reads) == before && readers.TrueForAll(reader => !reader.IsCompleted)) await Task.Delay(1);
        }

        await done.CancelAsync();
        await Expect.Within(Task.WhenAll(readers), "the end of the readers");
        Expect.Sequence([new StreamInfo("a", (Rounds / 2) - 1, Rounds)], await bench.Read.StreamsAsync(), "stream");
    }
}

// What is promised to many threads at once: one winner for each version, dense positions, and an outcome as if the appends had come one by one.
// Run by JournalConformance.
using System.Collections.Concurrent;

namespace Refold.Testing;

internal static class ConcurrencyCases
{
    private const int Rounds = 40;

    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("of many writers that expect the same version one wins, each time", OneWinnerAsync),
        JournalCase.Of("positions are dense and batches whole, whoever appends at once", DenseAsync),
        JournalCase.Of("appends at once come out as in some serial order: the one of their positions", SerialAsync, JournalCapabilities.Keys | JournalCapabilities.Conditions),
        JournalCase.Of("a reader among writers sees whole batches without gaps, and never less than before", ReadersAsync),
    ];

    private static async Task InParallelAsync(JournalBench bench, Func<int, Task> run)
    {
        using var start = new Barrier(bench.Options.Threads);
        var threads = Enumerable.Range(0, bench.Options.Threads).Select(thread => Task.Factory.StartNew(
            async () =>
            {
                start.SignalAndWait();
                await run(thread).ConfigureAwait(false);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap());
        await Expect.Within(Task.WhenAll(threads), "the end of the threads").ConfigureAwait(false);
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
                var result = await journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a")) { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = expected } }).ConfigureAwait(false);
                if (result is AppendResult.Appended appended) wins.Add(appended.Receipt.Versions[0].First);
                else Expect.NotAppended<AppendFailure.Conflict>(result, "an append by one of many");
                // Nobody goes on before the version is there, so that all want the same.
                Expect.True(journal.HighestVersion("a") > version, "somebody was refused, and the version is not there");
            }
        }).ConfigureAwait(false);
        Expect.Sequence(Enumerable.Range(1, Rounds).Select(version => (long)version), wins.Order(), "version that was won");
    }

    private static async Task DenseAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        var receipts = new ConcurrentBag<Receipt>();
        await InParallelAsync(bench, async thread =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                EntryData[] entries = [.. Enumerable.Range(0, 1 + ((round + thread) % 4)).Select(index => JournalBench.Entry(index % 2 == 0 ? "shared" : FormattableString.Invariant($"own{thread}"), FormattableString.Invariant($"{thread}/{round}/{index}")))];
                receipts.Add(Expect.Appended(await journal.TryAppendAsync(new AppendRequest(entries) { MoreMayFollow = round % 2 == 0 }).ConfigureAwait(false), "a batch"));
            }
        }).ConfigureAwait(false);
        var next = 1L;
        foreach (var receipt in receipts.OrderBy(receipt => receipt.FirstPosition))
        {
            Expect.Equal(next, receipt.FirstPosition, "the first position of the next batch");
            Expect.Equal(receipt.Head, journal.HeadAt(receipt.LastPosition), "the head at the last position of a receipt");
            var batch = journal.ReadAll(receipt.FirstPosition, receipt.Count).ToList();
            Expect.Equal(1, batch.Select(entry => System.Text.Encoding.UTF8.GetString(entry.Payload.Span).Split('/')[0]).Distinct().Count(), "the number of writers of a batch");
            next = receipt.LastPosition + 1;
        }

        Expect.Equal(next - 1, journal.Head.Position, "the last position");
        foreach (var info in journal.Streams()) Expect.Sequence(Enumerable.Range(1, (int)info.HighestVersion).Select(version => (long)version), journal.ReadStream(info.Stream).Select(entry => entry.Version), "version");
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
                var stream = FormattableString.Invariant($"s{rng.Between(0, 2)}");
                var request = new AppendRequest([.. Enumerable.Range(0, rng.Between(1, 3)).Select(_ => JournalBench.Entry(stream, tags: FormattableString.Invariant($"t{rng.Between(0, 3)}")))])
                {
                    Condition = rng.Between(0, 1) == 0 ? new AppendCondition(Query.WithTags(FormattableString.Invariant($"t{rng.Between(0, 3)}")), journal.Head.Position) : null,
                    IdempotencyKey = rng.Between(0, 3) == 0 ? FormattableString.Invariant($"key{rng.Between(0, 20)}") : null,
                    Expected = rng.Between(0, 2) == 0 && journal.HighestVersion(stream) is > 0 and var version ? new Dictionary<StreamId, ExpectedVersion> { [stream] = ExpectedVersion.Exactly(version) } : new Dictionary<StreamId, ExpectedVersion>(),
                };
                var result = await journal.TryAppendAsync(request).ConfigureAwait(false);
                if (result is AppendResult.Appended { Receipt: var receipt }) appended.Add((request, receipt));
                else Expect.True(result is AppendResult.NotAppended { Failure: AppendFailure.Conflict or AppendFailure.ConditionFailed or AppendFailure.KeyReused }, "an append came out as " + Told.Of(result));
            }
        }).ConfigureAwait(false);

        // One by one, in the order of their positions; of those that share a receipt the first was appended, with whichever expectation it had.
        var model = new InMemoryJournal();
        await using (model.ConfigureAwait(false))
        {
            foreach (var same in appended.GroupBy(item => item.Receipt.FirstPosition).OrderBy(group => group.Key))
            {
                var results = new List<string>();
                foreach (var (request, receipt) in same)
                {
                    var result = await model.TryAppendAsync(request).ConfigureAwait(false);
                    if (result is AppendResult.Appended) results.Add(Told.Of(result));
                }

                Expect.True(results.Count > 0, $"the batch at {same.Key} was appended, but one by one it is refused");
                Expect.Equal("appended " + Told.Of(same.First().Receipt), results[0], "the receipt of one by one");
            }

            Expect.Equal(model.Head, journal.Head, "the head");
        }
    }

    private static async Task ReadersAsync(JournalBench bench)
    {
        var journal = bench.Journal;
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var seen = 0L;
            while (!done.IsCancellationRequested)
            {
                var head = journal.Head;
                var entries = journal.ReadAll().ToList();
                Expect.Sequence(Enumerable.Range(1, entries.Count).Select(position => (long)position), entries.Select(entry => entry.Position), "position that a reader sees");
                Expect.True(entries.Count >= head.Position && entries.Count >= seen, "a reader sees less than was there before");
                Expect.True(entries.Count == 0 || journal.HeadAt(entries.Count)?.Position == entries.Count, "a reader sees a part of a batch");
                seen = entries.Count;
            }
        })).ToList();
        await InParallelAsync(bench, async thread =>
        {
            for (var round = 0; round < Rounds; round++)
                Expect.Appended(await journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a"))).ConfigureAwait(false), "a batch");
        }).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        await Expect.Within(Task.WhenAll(readers), "the end of the readers").ConfigureAwait(false);
    }
}

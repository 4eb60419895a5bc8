// What is promised of subscriptions: each entry once, in order, from any place, for as long as the journal is open.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class SubscriptionCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a subscription gives what is there, then what comes, each entry once and in order", FollowsAsync),
        Of("many subscribers see the same, while many threads append", ManyAsync),
        Of("a kept place goes on where it was, and one of another history is refused", PlaceAsync),
        Of("a subscription ends when it is cancelled, and when the journal is closed", EndsAsync),
        JournalCase.Of(
            "a subscription leaves out what was deleted", DeletedAsync, JournalCapabilities.Subscriptions | JournalCapabilities.Deletion),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) =>
        JournalCase.Of(name, run, JournalCapabilities.Subscriptions);

    private static async Task<List<JournalEntry>> TakeAsync(IAsyncEnumerable<JournalEntry> entries, int count)
    {
        var taken = new List<JournalEntry>();
        if (count == 0) return taken;
        await foreach (var entry in entries)
        {
            taken.Add(entry);
            if (taken.Count == count) break;
        }

        return taken;
    }

    private static async Task FollowsAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        var journal = bench.Journal;
        long[] starts = [long.MinValue, 0, 1, 2, 4, 6];
        var subscribers = starts.Select(
            from => Task.Run(() => TakeAsync(journal.SubscribeAsync(from), (int)(8 - Math.Max(1, from))))).ToList();
        for (var index = 0; index < 2; index++) await bench.AppendAsync(JournalBench.Entry("b"), JournalBench.Entry("a"));
        foreach (var (from, subscriber) in starts.Zip(subscribers))
            Expect.Sequence(
                await bench.Read.AllAsync(from), await Expect.Within(subscriber, "the end of a subscription"),
                FormattableString.Invariant($"entry of a subscription from {from}"));
    }

    private static async Task ManyAsync(JournalBench bench)
    {
        var (journal, each) = (bench.Journal, 40);
        var count = each * bench.Options.Threads;
        var subscribers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => TakeAsync(journal.SubscribeAsync(), count))).ToList();
        await Expect.Within(Task.WhenAll(Enumerable.Range(0, bench.Options.Threads).Select(thread => Task.Run(async () =>
        {
            for (var index = 0; index < each; index++) Expect.Appended(
                await journal.TryAppendAsync(new AppendRequest(JournalBench.Entry(FormattableString.Invariant($"s{thread}")))), "an entry");
        }))), "the answer to an append");
        var all = await bench.Read.AllAsync();
        foreach (var subscriber in subscribers)
            Expect.Sequence(all, await Expect.Within(subscriber, "the end of a subscription"), "entry of a subscription");
    }

    private static async Task PlaceAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        var journal = bench.Journal;
        foreach (var position in Enumerable.Range(0, 3))
        {
            var place = (await bench.Read.HeadAtAsync(position))!.Value;
            var entries = await Expect.Within(TakeAsync(journal.SubscribeAsync(place), 3 - position), "an entry");
            Expect.Sequence(await bench.Read.AllAsync(position + 1), entries, "entry behind a place");
        }

        var second = (await bench.Read.HeadAtAsync(2))!.Value.Hash;
        Head[] foreign =
        [
            new(1, new string('1', 64)), new(3, second), new(4, (await bench.Read.HeadAsync()).Hash), new(0, new string('1', 64)),
            new(-1, new string('0', 64)),
        ];
        foreach (var place in foreign)
        {
            var refusal = await Expect.ThrowsWhenAwaitedAsync<ForeignHistoryException>(
                () => journal.SubscribeAsync(place), $"subscribing behind {place}");
            Expect.Equal(place, refusal.Place, "the place");
        }
    }

    private static async Task EndsAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 1);
        var journal = bench.Journal;
        using var cancelled = new CancellationTokenSource();
        var waiting = Task.Run(() => TakeAsync(journal.SubscribeAsync(1, cancelled.Token), 2));
        var closing = Task.Run(() => TakeAsync(journal.SubscribeAsync(1), 2));
        await cancelled.CancelAsync();
        await Expect.ThrowsAsync<OperationCanceledException>(() => waiting, "a subscription that is cancelled");
        // Only one that has begun ends; another would be refused.
        Expect.Equal(1, (await Expect.Within(TakeAsync(journal.SubscribeAsync(1), 1), "an entry")).Count, "the number of entries");
        var begun = new TaskCompletionSource();
        var last = Task.Run(async () =>
        {
            await foreach (var entry in journal.SubscribeAsync(1)) begun.TrySetResult();
        });
        await Expect.Within(begun.Task, "an entry");
        await bench.CloseAsync();
        await Expect.Within(last, "the end of a subscription to a journal that was closed");
        await ((Task)closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Expect.True(
            closing.IsCompletedSuccessfully || closing.Exception?.GetBaseException() is ObjectDisposedException,
            "a subscription to a journal that was closed threw " + closing.Exception);
    }

    private static async Task DeletedAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        await bench.FillAsync("b", 1);
        var journal = bench.Journal;
        await journal.DeleteToAsync("a", 2);
        var subscriber = Task.Run(() => TakeAsync(journal.SubscribeAsync(), 3));
        await bench.FillAsync("b", 1);
        Expect.Sequence([3L, 4, 5], (await Expect.Within(subscriber, "an entry")).Select(entry => entry.Position), "position");
    }
}

// What is promised of restoring: batches of another journal with their places, so that the copy has the same head.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class RestoreCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a journal that is restored batch by batch is the same journal: places, versions, keys, heads", WholeAsync),
        Of("positions between and inside batches may be missing: they stay holes", HolesAsync),
        Of("a stream may start anywhere, and then goes on without gaps", FloorAsync),
        Of("places that do not fit behind the head are invalid", MisplacedAsync),
        Of("the furthest places are kept to the last digit, and the next append goes on behind them", FurthestAsync),
        Of("beyond 2^62 there is no place: appending is refused as restoring is", BeyondAsync),
        JournalCase.Of(
            "a key that is known goes over to the batch that is restored with it", KeyAsync,
            JournalCapabilities.Restore | JournalCapabilities.Keys),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Restore);

    private static async Task<AppendResult> TryAsync(JournalBench bench, params JournalEntry[] batch) =>
        await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");

    private static JournalEntry At(long position, long version, long batch, string stream = "a", string? key = null) =>
        new(position, version, batch, JournalBench.Entry(stream), key);

    private static async Task WholeAsync(JournalBench bench)
    {
        var original = new InMemoryJournal();
        await using (original)
        {
            for (var index = 0; index < 20; index++)
            {
                EntryData[] entries = [.. Enumerable.Range(0, 1 + (index % 4)).Select(
                    number => JournalBench.Entry("s" + (char)('a' + (number * index % 3)), new string('x', index * 100)))];
                await original.AppendAsync(
                    new AppendRequest(entries) { IdempotencyKey = index % 5 == 0 ? FormattableString.Invariant($"key{index}") : null });
            }

            foreach (var batch in original.ReadAll().GroupBy(entry => entry.Batch))
            {
                var receipt = Expect.Appended(await TryAsync(bench, [.. batch]), $"batch {batch.Key}");
                Expect.Equal(original.HeadAt(batch.Key), receipt.Head, "the head of the receipt");
            }

            var keys = Enumerable.Range(0, 20).Select(index => FormattableString.Invariant($"key{index}"));
            var difference = await bench.Read.FirstDifferenceAsync(original, bench.Has(JournalCapabilities.Keys) ? keys : []);
            if (difference is not null) throw new ConformanceException(difference);
        }
    }

    private static async Task HolesAsync(JournalBench bench)
    {
        Expect.Equal(
            5, Expect.Appended(await TryAsync(bench, At(4, 1, 3), At(5, 2, 3), At(7, 3, 3)), "a batch with holes").Count,
            "the number of positions");
        var second = Expect.Appended(await TryAsync(bench, At(20, 4, 20)), "a batch behind a gap");
        Expect.Equal((20L, 1), (second.FirstPosition, second.Count), "the second receipt");
        Expect.Sequence([4L, 5, 7, 20], (await bench.Read.AllAsync()).Select(entry => entry.Position), "position");
        Expect.Sequence(
            [null, null, 7L, 7, 7, 7, 7, null, 20],
            (await bench.Read.HeadsAsync([1, 2, 3, 4, 5, 6, 7, 8, 20])).Select(head => head?.Position),
            "the end of the batch at a position");
        Expect.Equal(21L, (await bench.AppendAsync(JournalBench.Entry("a"))).FirstPosition, "the next position");
    }

    private static async Task FloorAsync(JournalBench bench)
    {
        Expect.Appended(await TryAsync(bench, At(1, 5, 1), At(2, 6, 1)), "a stream that starts at version 5");
        Expect.Sequence([new StreamInfo("a", 4, 6)], await bench.Read.StreamsAsync(), "stream");
        await Expect.ThrowsAsync<EntriesDroppedException>(() => bench.Read.StreamAsync("a"), "reading from below the floor");
        Expect.Equal(
            6L, Expect.NotAppended<AppendFailure.Conflict>(await TryAsync(bench, At(3, 8, 3)), "a version that leaves a gap").Actual,
            "the actual version");
        Expect.Equal(7L, (await bench.AppendAsync(JournalBench.Entry("a"))).Versions[0].First, "the next version");
    }

    private static async Task MisplacedAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        JournalEntry[][] misplaced =
        [
            [], [At(2, 3, 2)], [At(3, 3, 4)], [At(3, 3, 3), At(3, 4, 3)], [At(4, 3, 3), At(3, 4, 3)], [At(3, 3, 3), At(4, 4, 4)],
            [At(3, 3, 3, key: "k"), At(4, 4, 3)], [At((1L << 62) + 1, 3, 3)],
            [At(3, 0, 3, "b")], [At(3, (1L << 62) + 1, 3, "b")], [At(0, 3, 0)], [At(-1, 3, -1)],
        ];
        foreach (var batch in misplaced)
            Expect.NotAppended<AppendFailure.Invalid>(
                await TryAsync(bench, batch), $"a batch at {string.Join(", ", batch.Select(Told.Of))}");
        Expect.NotAppended<AppendFailure.LimitExceeded>(
            await TryAsync(bench, At(3, 3, 3), At(3 + 65_536, 4, 3)), "a batch of 65,537 positions");
        Expect.Equal(2L, (await bench.Read.HeadAsync()).Position, "the last position");
        Expect.Appended(await TryAsync(bench, At(3, 3, 3), At(3 + 65_535, 4, 3)), "a batch of 65,536 positions");
    }

    private static async Task FurthestAsync(JournalBench bench)
    {
        // Near 2^62, where a floating-point number keeps one in 512.
        const long Far = (1L << 62) - 10_001;
        await bench.FillAsync("a", 1);
        Expect.Appended(await TryAsync(bench, At(Far, Far, Far, "b"), At(Far + 1, Far - 1, Far, "c")), "a batch at the furthest places");
        await SameAsync([1, Far, Far + 1]);
        if (bench.Has(JournalCapabilities.Durability)) await bench.ReopenAsync();
        await SameAsync([1, Far, Far + 1]);
        var receipt = await bench.AppendAsync(JournalBench.Entry("b"), JournalBench.Entry("a"));
        Expect.Equal((Far + 2, Far + 3), (receipt.FirstPosition, receipt.LastPosition), "the positions of the next receipt");
        Expect.Sequence(
            [new StreamVersions("b", Far + 1, Far + 1), new StreamVersions("a", 2, 2)], receipt.Versions,
            "the versions of the next receipt");
        await SameAsync([1, Far, Far + 1, Far + 2, Far + 3]);

        async Task SameAsync(long[] positions)
        {
            Expect.Sequence(positions, (await bench.Read.AllAsync()).Select(entry => entry.Position), "position");
            Expect.Sequence(
                positions[2..], (await bench.Read.AllAsync(Far + 1)).Select(entry => entry.Position), "position from the second of them");
            Expect.Equal(positions[^1], (await bench.Read.HeadAsync()).Position, "the last position");
            Expect.Equal(Far + 1, (await bench.Read.HeadAtAsync(Far))?.Position, "the end of their batch");
            Expect.Equal(null, await bench.Read.HeadAtAsync(Far - 1), "the head in the hole before them");
            Expect.Equal(Far, (await bench.Read.StreamAsync("b", Far, Far)).Single().Version, "a version");
            Expect.Equal(new StreamInfo("c", Far - 2, Far - 1), (await bench.Read.StreamsAsync("c")).Single(), "a stream");
        }
    }

    private static async Task BeyondAsync(JournalBench bench)
    {
        const long Last = 1L << 62;
        Expect.Appended(await TryAsync(bench, At(1, Last, 1, "b")), "an entry of the last version");
        await RefusedAsync(JournalBench.Entry("a"), JournalBench.Entry("b"));
        await bench.FillAsync("a", 1);
        Expect.Appended(await TryAsync(bench, At(Last - 1, 2, Last - 1)), "an entry at the last position but one");
        await RefusedAsync(JournalBench.Entry("a"), JournalBench.Entry("a"));
        Expect.Equal(Last, (await bench.AppendAsync(JournalBench.Entry("a"))).FirstPosition, "the last position");
        await RefusedAsync(JournalBench.Entry("a"));
        Expect.NotAppended<AppendFailure.Invalid>(await TryAsync(bench, At(Last + 1, 4, Last + 1)), "restoring beyond the last position");

        async Task RefusedAsync(params EntryData[] entries)
        {
            var before = await bench.Read.HeadAsync();
            Expect.NotAppended<AppendFailure.LimitExceeded>(await bench.TryAsync(entries), "appending beyond the last place");
            Expect.Equal(before, await bench.Read.HeadAsync(), "the head");
        }
    }

    private static async Task KeyAsync(JournalBench bench)
    {
        Expect.Appended(await TryAsync(bench, At(1, 1, 1, key: "k")), "a keyed batch");
        Expect.Appended(await TryAsync(bench, At(2, 2, 2), At(3, 3, 2)), "a batch without a key");
        Expect.Equal(
            4L, Expect.Appended(await TryAsync(bench, At(4, 4, 4, key: "k")), "a batch with the key once more").FirstPosition,
            "its position");
        Expect.Equal(4L, (await bench.Read.FindByKeyAsync("k"))?.FirstPosition, "the position that the key names");
        Expect.Equal(
            4L, (await bench.AppendAsync(new AppendRequest(JournalBench.Entry("a")) { IdempotencyKey = "k" })).FirstPosition,
            "the position of a retry by appending");
    }
}

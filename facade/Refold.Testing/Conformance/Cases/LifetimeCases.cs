// What is promised of a journal's life: closing, opening again, crashes, readers beside the writer, cancellation.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class LifetimeCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a token that is cancelled before the call appends nothing", CancelledAsync),
        JournalCase.Of("a token that is cancelled after the call takes nothing back", CancelledLaterAsync),
        JournalCase.Of("a closed journal answers appends, refuses reads, and keeps its head", ClosedAsync),
        JournalCase.Of("everything is there after closing and opening again", ReopenedAsync, JournalCapabilities.Durability),
        JournalCase.Of("what was answered is there after a crash, and the next append goes on", CrashedAsync, JournalCapabilities.Durability),
        JournalCase.Of("a deletion that was answered is there after a crash", CrashedDeletionAsync, JournalCapabilities.Durability | JournalCapabilities.Deletion),
        JournalCase.Of("a second writer is refused, and can write when the first is closed", SecondWriterAsync, JournalCapabilities.SeveralProcesses),
        JournalCase.Of("a reader beside the writer sees what was answered, and appends nothing", ReaderAsync, JournalCapabilities.SeveralProcesses),
    ];

    private static async Task CancelledAsync(JournalBench bench)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync().ConfigureAwait(false);
        await Expect.ThrowsAsync<OperationCanceledException>(() => bench.Journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a")), cancelled.Token).AsTask(), "appending with a cancelled token").ConfigureAwait(false);
        await bench.FillAsync("b", 1).ConfigureAwait(false);
        Expect.Sequence(["b"], bench.Journal.ReadAll().Select(entry => entry.Stream.Value), "stream");
        if (!bench.Has(JournalCapabilities.Deletion)) return;
        await Expect.ThrowsAsync<OperationCanceledException>(() => bench.Journal.DeleteToAsync("b", 1, cancelled.Token).AsTask(), "deleting with a cancelled token").ConfigureAwait(false);
        Expect.Equal(1, bench.Journal.ReadStream("b").Count(), "the number of entries");
    }

    private static async Task CancelledLaterAsync(JournalBench bench)
    {
        for (var index = 1; index <= 50; index++)
        {
            using var cancelled = new CancellationTokenSource();
            var append = bench.Journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a")) { MoreMayFollow = true }, cancelled.Token).AsTask();
            await cancelled.CancelAsync().ConfigureAwait(false);
            await ((Task)append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Expect.True(append.IsCanceled || append.IsCompletedSuccessfully, "a cancelled append threw " + append.Exception);
            // The next is behind it, whether anybody waited for it or not.
            await bench.FillAsync("b", 1).ConfigureAwait(false);
            var (waited, versions) = (append.IsCompletedSuccessfully, bench.Journal.HighestVersion("a"));
            Expect.True(versions == bench.Journal.ReadStream("a").Count() && (!waited || versions > 0), "what a cancelled append left is no whole entry");
            if (waited) Expect.Equal(bench.Journal.HighestVersion("a"), Expect.Appended(await append.ConfigureAwait(false), "an append").Versions[0].Last, "the version");
        }

        Expect.Equal(50L, bench.Journal.HighestVersion("a"), "the number of appends whose tokens were cancelled after the call");
    }

    private static async Task ClosedAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2).ConfigureAwait(false);
        var journal = bench.Journal;
        var head = journal.Head;
        await bench.CloseAsync().ConfigureAwait(false);
        await journal.DisposeAsync().ConfigureAwait(false);
        Expect.Equal(head, journal.Head, "the head");
        Expect.NotAppended<AppendFailure.Unavailable>(await Expect.Within(journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a"))).AsTask(), "the answer to an append").ConfigureAwait(false), "an append to a closed journal");
        Action[] reads =
        [
            () => journal.ReadAll().Any(), () => journal.ReadStream("a").Any(), () => journal.Streams(), () => journal.HighestVersion("a"), () => journal.HeadAt(1), () => journal.Query(Query.All), () => journal.FindByKey("k"), () => journal.SubscribeAsync(),
        ];
        foreach (var read in reads) Expect.Throws<ObjectDisposedException>(read, "reading a closed journal");
    }

    private static async Task<InMemoryJournal> MixedAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        for (var index = 0; index < 30; index++)
        {
            var request = new AppendRequest([.. Enumerable.Range(0, 1 + (index % 3)).Select(number => JournalBench.Entry("s" + (char)('a' + ((index + number) % 3)), new string('x', index * 50)))])
            {
                IdempotencyKey = index % 4 == 0 && bench.Has(JournalCapabilities.Keys) ? FormattableString.Invariant($"key{index}") : null,
            };
            Expect.Equal(Told.Of(await model.TryAppendAsync(request).ConfigureAwait(false)), Told.Of(await bench.TryAsync(request).ConfigureAwait(false)), "the answer");
        }

        return model;
    }

    private static void Same(InMemoryJournal model, JournalBench bench, string when)
    {
        var keys = Enumerable.Range(0, 30).Select(index => FormattableString.Invariant($"key{index}"));
        if (JournalComparison.FirstDifference(model, bench.Journal, bench.Has(JournalCapabilities.Keys) ? keys : []) is { } difference) throw new ConformanceException($"{when}: {difference}");
    }

    private static async Task ReopenedAsync(JournalBench bench)
    {
        var model = await MixedAsync(bench).ConfigureAwait(false);
        for (var life = 0; life < 3; life++)
        {
            await bench.ReopenAsync().ConfigureAwait(false);
            Same(model, bench, "after opening again");
            var request = new AppendRequest(JournalBench.Entry("sa"));
            Expect.Equal(Told.Of(await model.TryAppendAsync(request).ConfigureAwait(false)), Told.Of(await bench.TryAsync(request).ConfigureAwait(false)), "the answer to the next append");
        }
    }

    private static async Task CrashedAsync(JournalBench bench)
    {
        var model = await MixedAsync(bench).ConfigureAwait(false);
        for (var life = 0; life < 5; life++)
        {
            if (!bench.TryCrash()) throw new NotShownException("the fixture makes no crashes");
            Same(model, bench, "after a crash");
            var request = new AppendRequest(JournalBench.Entry("sa"), JournalBench.Entry("sb"));
            Expect.Equal(Told.Of(await model.TryAppendAsync(request).ConfigureAwait(false)), Told.Of(await bench.TryAsync(request).ConfigureAwait(false)), "the answer to the next append");
        }
    }

    private static async Task CrashedDeletionAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 4).ConfigureAwait(false);
        await bench.Journal.DeleteToAsync("a", 3).ConfigureAwait(false);
        if (!bench.TryCrash()) throw new NotShownException("the fixture makes no crashes");
        Expect.Sequence([new StreamInfo("a", 3, 4)], bench.Journal.Streams(), "stream");
        Expect.Sequence([4L], bench.Journal.ReadAll().Select(entry => entry.Position), "position");
    }

    private static async Task SecondWriterAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 1).ConfigureAwait(false);
        Expect.Throws<JournalInUseException>(() => bench.Fixture.Open(), "opening for writing what is open for writing");
        await bench.FillAsync("a", 1).ConfigureAwait(false);
        await bench.ReopenAsync().ConfigureAwait(false);
        await bench.FillAsync("a", 1).ConfigureAwait(false);
        Expect.Equal(3L, bench.Journal.HighestVersion("a"), "the version");
    }

    private static async Task ReaderAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3).ConfigureAwait(false);
        for (var round = 0; round < 5; round++)
        {
            var reader = bench.Fixture.OpenForReading();
            await using (reader.ConfigureAwait(false))
            {
                Expect.Equal(bench.Journal.Head, reader.Head, "the head");
                Expect.Sequence(bench.Journal.ReadAll(), reader.ReadAll(), "entry");
                Expect.NotAppended<AppendFailure.Unavailable>(await Expect.Within(reader.TryAppendAsync(new AppendRequest(JournalBench.Entry("a"))).AsTask(), "the answer to an append").ConfigureAwait(false), "an append by a reader");
            }

            await bench.FillAsync("b", 2).ConfigureAwait(false);
        }
    }
}

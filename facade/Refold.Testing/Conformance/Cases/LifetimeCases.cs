// What is promised of a journal's life: closing, opening again, crashes, readers beside the writer, cancellation.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class LifetimeCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        JournalCase.Of("a token that is cancelled before the call appends nothing", CancelledAsync),
        JournalCase.Of("a token that is cancelled after the call takes nothing back", CancelledLaterAsync),
        JournalCase.Of("a token that is cancelled before the call ends every read", CancelledReadsAsync),
        JournalCase.Of("a closed journal answers appends, refuses reads, and keeps its head", ClosedAsync),
        JournalCase.Of("everything is there after closing and opening again", ReopenedAsync, JournalCapabilities.Durability),
        JournalCase.Of(
            "what was answered is there after a crash, and the next append goes on", CrashedAsync, JournalCapabilities.Durability),
        JournalCase.Of(
            "a deletion that was answered is there after a crash", CrashedDeletionAsync,
            JournalCapabilities.Durability | JournalCapabilities.Deletion),
        JournalCase.Of(
            "a second writer is refused, and can write when the first is closed", SecondWriterAsync, JournalCapabilities.SeveralProcesses),
        JournalCase.Of(
            "a reader beside the writer sees what was answered, and appends nothing", ReaderAsync, JournalCapabilities.SeveralProcesses),
        JournalCase.Of(
            "a reader that stays open sees each append and deletion that was answered, of one writer after the other", StayingReaderAsync,
            JournalCapabilities.SeveralProcesses),
    ];

    private static async Task CancelledAsync(JournalBench bench)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Expect.ThrowsAsync<OperationCanceledException>(
            () => bench.Journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a")), cancelled.Token).AsTask(),
            "appending with a cancelled token");
        await bench.FillAsync("b", 1);
        Expect.Sequence(["b"], (await bench.Read.AllAsync()).Select(entry => entry.Stream.Value), "stream");
        if (!bench.Has(JournalCapabilities.Deletion)) return;
        await Expect.ThrowsAsync<OperationCanceledException>(
            () => bench.Journal.DeleteToAsync("b", 1, cancelled.Token).AsTask(),
            "deleting with a cancelled token");
        Expect.Equal(1, (await bench.Read.StreamAsync("b")).Count, "the number of entries");
    }

    private static async Task CancelledLaterAsync(JournalBench bench)
    {
        for (var index = 1; index <= 50; index++)
        {
            using var cancelled = new CancellationTokenSource();
            var request = new AppendRequest(JournalBench.Entry("a")) { Pipelined = true };
            var append = bench.Journal.TryAppendAsync(request, cancelled.Token).AsTask();
            await cancelled.CancelAsync();
            await ((Task)append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Expect.True(append.IsCanceled || append.IsCompletedSuccessfully, "a cancelled append threw " + append.Exception);
            // The next is behind it, whether anybody waited for it or not.
            await bench.FillAsync("b", 1);
            if (!append.IsCompletedSuccessfully) continue;
            var version = Expect.Appended(await append, "an append").Versions[0].Last;
            Expect.True(await bench.Read.HighestVersionAsync("a") >= version, "an append that was answered is not there");
        }

        // One that nobody waits for may be written late; the journal is closed when it is.
        if (bench.Has(JournalCapabilities.Durability)) await bench.ReopenAsync();
        var last = await bench.Read.HighestVersionAsync("a");
        var versions = (await bench.Read.StreamAsync("a")).Select(entry => entry.Version);
        Expect.Sequence(Enumerable.Range(1, (int)last).Select(version => (long)version), versions, "version of the cancelled appends");
        // A store at hand has queued the write when the call returns; one that has to wait for a connection first may not.
        if (bench.Journal is ILocalJournal) Expect.Equal(50L, last, "the number of appends whose tokens were cancelled after the call");
    }

    private static async Task CancelledReadsAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        var (journal, head) = (bench.Journal, await bench.Read.HeadAsync());
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var cancelled = source.Token;
        (string Name, Func<Task> Call)[] calls =
        [
            ("HeadAsync", () => journal.HeadAsync(cancelled).AsTask()),
            ("HeadAtAsync", () => journal.HeadAtAsync(1, cancelled).AsTask()),
            ("HighestVersionAsync", () => journal.HighestVersionAsync("a", cancelled).AsTask()),
            ("StreamsAsync", () => journal.StreamsAsync(cancellationToken: cancelled).AsTask()),
            ("ReadStreamAsync", () => JournalReads.ListAsync(journal.ReadStreamAsync("a", cancellationToken: cancelled))),
            ("ReadAllAsync", () => JournalReads.ListAsync(journal.ReadAllAsync(cancellationToken: cancelled))),
            .. Of(JournalCapabilities.Keys, ("FindByKeyAsync", () => journal.FindByKeyAsync("key", cancelled).AsTask())),
            .. Of(JournalCapabilities.Queries, ("QueryAsync", () => journal.QueryAsync(Query.All, cancellationToken: cancelled).AsTask())),
            .. Of(JournalCapabilities.Subscriptions,
                ("SubscribeAsync", () => JournalReads.ListAsync(journal.SubscribeAsync(1, cancelled)))),
            .. Of(JournalCapabilities.Subscriptions,
                ("SubscribeAsync behind a place", () => JournalReads.ListAsync(journal.SubscribeAsync(default(Head), cancelled)))),
        ];
        foreach (var (name, call) in calls) await Expect.ThrowsWhenAwaitedAsync<OperationCanceledException>(
            call, name + " with a cancelled token");
        Expect.Equal(head, await bench.Read.HeadAsync(), "the head");

        IEnumerable<(string Name, Func<Task> Call)> Of(JournalCapabilities needs, (string Name, Func<Task> Call) call) =>
            bench.Has(needs) ? [call] : [];
    }

    private static async Task ClosedAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        var (journal, head) = (bench.Journal, await bench.Read.HeadAsync());
        await bench.CloseAsync();
        await journal.DisposeAsync();
        Expect.Equal(head, await Expect.Within(journal.HeadAsync().AsTask(), "the head"), "the head");
        var append = journal.TryAppendAsync(new AppendRequest(JournalBench.Entry("a"))).AsTask();
        Expect.NotAppended<AppendFailure.Unavailable>(
            await Expect.Within(append, "the answer to an append"), "an append to a closed journal");
        (string Name, Func<Task> Call)[] calls =
        [
            ("HeadAtAsync", () => journal.HeadAtAsync(1).AsTask()), ("FindByKeyAsync", () => journal.FindByKeyAsync("k").AsTask()),
            ("HighestVersionAsync", () => journal.HighestVersionAsync("a").AsTask()),
            ("StreamsAsync", () => journal.StreamsAsync().AsTask()),
            ("ReadStreamAsync", () => JournalReads.ListAsync(journal.ReadStreamAsync("a"))),
            ("ReadAllAsync", () => JournalReads.ListAsync(journal.ReadAllAsync())),
            ("QueryAsync", () => journal.QueryAsync(Query.All).AsTask()),
            ("SubscribeAsync", () => JournalReads.ListAsync(journal.SubscribeAsync())),
        ];
        foreach (var (name, call) in calls) await Expect.ThrowsWhenAwaitedAsync<ObjectDisposedException>(
            call, name + " of a closed journal");
        if (journal is not ILocalJournal local) return;
        Expect.Equal(head, local.Head, "the head of the synchronous twin");
        Action[] reads =
        [
            () => local.ReadAll().Any(), () => local.ReadStream("a").Any(), () => local.Streams(), () => local.HighestVersion("a"),
            () => local.HeadAt(1), () => local.Query(Query.All), () => local.FindByKey("k"), () => local.FindById(Guid.Empty),
        ];
        foreach (var read in reads) Expect.Throws<ObjectDisposedException>(read, "reading a closed journal");
    }

    private static async Task<InMemoryJournal> MixedAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        for (var index = 0; index < 30; index++)
        {
            var request = new AppendRequest(
                [.. Enumerable.Range(0, 1 + (index % 3)).Select(
                number => JournalBench.Entry("s" + (char)('a' + ((index + number) % 3)), new string('x', index * 50)))])
            {
                IdempotencyKey = index % 4 == 0 && bench.Has(JournalCapabilities.Keys) ? FormattableString.Invariant($"key{index}") : null,
            };
            Expect.Equal(Told.Of(await model.TryAppendAsync(request)), Told.Of(await bench.TryAsync(request)), "the answer");
        }

        return model;
    }

    private static async Task SameAsync(InMemoryJournal model, JournalBench bench, string when)
    {
        var keys = Enumerable.Range(0, 30).Select(index => FormattableString.Invariant($"key{index}"));
        var difference = await bench.Read.FirstDifferenceAsync(model, bench.Has(JournalCapabilities.Keys) ? keys : []);
        if (difference is not null) throw new ConformanceException($"{when}: {difference}");
    }

    private static async Task ReopenedAsync(JournalBench bench)
    {
        var model = await MixedAsync(bench);
        for (var life = 0; life < 3; life++)
        {
            await bench.ReopenAsync();
            await SameAsync(model, bench, "after opening again");
            var request = new AppendRequest(JournalBench.Entry("sa"));
            Expect.Equal(
                Told.Of(await model.TryAppendAsync(request)), Told.Of(await bench.TryAsync(request)), "the answer to the next append");
        }
    }

    private static async Task CrashedAsync(JournalBench bench)
    {
        var model = await MixedAsync(bench);
        for (var life = 0; life < 5; life++)
        {
            if (!await bench.TryCrashAsync()) throw new NotShownException("the fixture makes no crashes");
            await SameAsync(model, bench, "after a crash");
            var request = new AppendRequest(JournalBench.Entry("sa"), JournalBench.Entry("sb"));
            Expect.Equal(
                Told.Of(await model.TryAppendAsync(request)), Told.Of(await bench.TryAsync(request)), "the answer to the next append");
        }
    }

    private static async Task CrashedDeletionAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 4);
        await bench.DeleteToAsync("a", 3);
        if (!await bench.TryCrashAsync()) throw new NotShownException("the fixture makes no crashes");
        Expect.Sequence([new StreamInfo("a", 3, 4)], await bench.Read.StreamsAsync(), "stream");
        Expect.Sequence([4L], (await bench.Read.AllAsync()).Select(entry => entry.Position), "position");
    }

    private static async Task SecondWriterAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 1);
        await Expect.ThrowsAsync<JournalInUseException>(
            () => bench.Fixture.OpenAsync(CancellationToken.None).AsTask(), "opening for writing what is open for writing");
        await bench.FillAsync("a", 1);
        await bench.ReopenAsync();
        await bench.FillAsync("a", 1);
        Expect.Equal(3L, await bench.Read.HighestVersionAsync("a"), "the version");
    }

    private static async Task ReaderAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 3);
        for (var round = 0; round < 5; round++)
        {
            var reader = await bench.Fixture.OpenForReadingAsync(CancellationToken.None);
            await using (reader)
            {
                var reads = new JournalReads(reader);
                Expect.Equal(await bench.Read.HeadAsync(), await reads.HeadAsync(), "the head");
                Expect.Sequence(await bench.Read.AllAsync(), await reads.AllAsync(), "entry");
                Expect.Sequence(await bench.Read.StreamsAsync(), await reads.PagesAsync(1), "stream");
                var append = reader.TryAppendAsync(new AppendRequest(JournalBench.Entry("a"))).AsTask();
                Expect.NotAppended<AppendFailure.Unavailable>(
                    await Expect.Within(append, "the answer to an append"), "an append by a reader");
            }

            await bench.FillAsync("b", 2);
        }
    }

    private static async Task StayingReaderAsync(JournalBench bench)
    {
        await bench.FillAsync("a", 2);
        var reader = await bench.Fixture.OpenForReadingAsync(CancellationToken.None);
        await using (reader)
        {
            var reads = new JournalReads(reader);
            for (var round = 0; round < 8; round++)
            {
                await SameAsync(round);
                var key = bench.Has(JournalCapabilities.Keys) ? FormattableString.Invariant($"key{round}") : null;
                await bench.AppendAsync(
                    new AppendRequest(JournalBench.Entry("a"), JournalBench.Entry("b"), JournalBench.Entry("a")) { IdempotencyKey = key });
                await SameAsync(round);
                // Now and then between what it has read and what it has not.
                if (bench.Has(JournalCapabilities.Deletion)) await bench.DeleteToAsync("a", (2 * round) + (round % 3));
                await SameAsync(round);
                if (round % 2 == 1) await bench.ReopenAsync();
            }

            async Task SameAsync(int round)
            {
                Expect.Equal(await bench.Read.HeadAsync(), await reads.HeadAsync(), "the head that the reader sees");
                Expect.Sequence(await bench.Read.StreamsAsync(), await reads.StreamsAsync(), "stream that the reader sees");
                Expect.Sequence(await bench.Read.AllAsync(), await reads.AllAsync(), "entry that the reader sees");
                if (!bench.Has(JournalCapabilities.Keys)) return;
                var key = FormattableString.Invariant($"key{round}");
                Expect.Equal(
                    Told.Of(await bench.Read.FindByKeyAsync(key)), Told.Of(await reads.FindByKeyAsync(key)),
                    "the receipt that the reader finds by a key");
            }
        }
    }
}

// One random sequence at work: each command is given to the store and to the model, and their answers are compared; then everything else.
// Made by SequenceCheck for each sequence, and for each attempt to shrink one.
using System.Globalization;

namespace Refold.Testing;

internal sealed class SequenceRun(JournalBench bench) : IAsyncDisposable
{
    private readonly InMemoryJournal model = new();
    private readonly List<AppendRequest> requests = [];
    private readonly List<LiveSubscription> subscriptions = [];
    private readonly HashSet<string> keys = new(StringComparer.Ordinal);

    /// <summary>Executes the commands, those that the store does not declare left out.</summary>
    public async Task RunAsync(IReadOnlyList<JournalCommand> commands)
    {
        for (var step = 0; step < commands.Count; step++)
        {
            if (!bench.Has(commands[step].Needs)) continue;
            try
            {
                await DoAsync(commands[step]);
                Expect.Equal(model.Head, await bench.Read.HeadAsync(), "the head");
                Expect.Sequence(model.Streams(), await bench.Read.StreamsAsync(), "stream");
                // Of a journal that is far away each fourth time, and at the end.
                if (bench.Has(JournalCapabilities.Proofs) && (step % 4 == 3 || bench.Journal is ILocalJournal))
                    await ProofReads.SameAsync(model, bench.Journal, step);
                foreach (var subscription in subscriptions) await subscription.CatchUpAsync(model);
            }
            catch (ConformanceException failure)
            {
                throw new ConformanceException(At(step, failure.Message), failure.InnerException);
            }
            catch (Exception exception) when (exception is not NotShownException)
            {
                throw new ConformanceException(At(step, $"it threw {exception.GetType().Name}: {exception.Message}"), exception);
            }
        }

        if (bench.Has(JournalCapabilities.Proofs)) await ProofReads.SameWholeAsync(model, bench.Journal);
        if (await bench.Read.FirstDifferenceAsync(model, keys) is { } difference) throw new ConformanceException(
            "at the end: " + difference);

        string At(int step, string what) => string.Create(CultureInfo.InvariantCulture, $"step {step + 1}, {commands[step]}: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in subscriptions) await subscription.DisposeAsync();
        await model.DisposeAsync();
    }

    private Task DoAsync(JournalCommand command) => command switch
    {
        JournalCommand.Append append => AppendAsync(Request(append), append.IsCancelled),
        JournalCommand.Repeat repeat =>
            requests.Count == 0 ? Task.CompletedTask : AppendAsync(requests[repeat.Which % requests.Count], isCancelled: false),
        JournalCommand.Restore restore => RestoreAsync(restore),
        JournalCommand.Delete delete => DeleteAsync(EntryShape.StreamOf(delete.Stream), delete.Below),
        JournalCommand.Subscribe subscribe => SubscribeAsync(
            journal => journal.SubscribeAsync(model.Head.Position - subscribe.Back), model.Head.Position - subscribe.Back),
        JournalCommand.SubscribeBehind behind => SubscribeBehindAsync(behind),
        JournalCommand.Reopen => LeaveAsync(bench.ReopenAsync),
        // Where the fixture makes no crashes this is nothing; the named cases say so.
        JournalCommand.Crash => LeaveAsync(bench.TryCrashAsync),
        _ => ReadAsync(command),
    };

    private AppendRequest Request(JournalCommand.Append append)
    {
        var expected = new Dictionary<StreamId, ExpectedVersion>();
        foreach (var expectation in append.Expected)
        {
            var stream = EntryShape.StreamOf(expectation.Stream);
            var version = model.HighestVersion(stream) + expectation.Offset;
            expected[stream] = expectation.Kind switch
            {
                0 => ExpectedVersion.Any,
                1 => ExpectedVersion.NoStream,
                2 => ExpectedVersion.Exists,
                _ => version < 1 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version),
            };
        }

        return new AppendRequest([.. append.Entries.Select(entry => entry.ToData())])
        {
            Expected = expected,
            IdempotencyKey = Key(append.Key),
            Condition = append.Condition is { } condition ? new AppendCondition(condition.ToQuery(), model.Head.Position - append.Back)
                : null,
        };
    }

    private string? Key(int? number)
    {
        if (number is null) return null;
        var key = string.Create(CultureInfo.InvariantCulture, $"key{number}");
        keys.Add(key);
        return key;
    }

    private async Task AppendAsync(AppendRequest request, bool isCancelled)
    {
        requests.Add(request);
        var expected = Told.Of(await model.TryAppendAsync(request));
        if (isCancelled) await CancelAsync(request, expected);
        Expect.Equal(expected, Told.Of(await bench.TryAsync(request)), "the answer");
    }

    // The caller stops waiting: the append is there, or not, and a retry with its key is answered either way as the model answers.
    private async Task CancelAsync(AppendRequest request, string expected)
    {
        using var cancelled = new CancellationTokenSource();
        var append = bench.Journal.TryAppendAsync(request, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await ((Task)append).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (append.IsCanceled) return;
        Expect.Equal(expected, Told.Of(await append), "the answer to an append that was cancelled meanwhile");
    }

    private async Task RestoreAsync(JournalCommand.Restore restore)
    {
        var first = model.Head.Position + restore.Gap;
        var (position, versions, key) = (first - 1, new Dictionary<StreamId, long>(), Key(restore.Key));
        var batch = new List<JournalEntry>();
        foreach (var (shape, hole) in restore.Entries.Zip(restore.Holes))
        {
            var stream = EntryShape.StreamOf(shape.Stream);
            position += 1 + hole;
            versions[stream] = versions.TryGetValue(stream, out var before) ? before + 1 : model.HighestVersion(stream) + 1
                + restore.VersionGap;
            batch.Add(new JournalEntry(position, versions[stream], first, shape.ToData(), key));
        }

        var expected = await model.TryRestoreAsync(batch);
        var found = await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");
        Expect.Equal(Told.Of(expected), Told.Of(found), "the answer");
    }

    private async Task DeleteAsync(StreamId stream, int below)
    {
        var version = model.HighestVersion(stream) - below;
        await model.DeleteToAsync(stream, version);
        await bench.DeleteToAsync(stream, version);
    }

    private async Task ReadAsync(JournalCommand command)
    {
        var last = model.Head.Position;
        switch (command)
        {
            case JournalCommand.ReadStream read:
                var stream = EntryShape.StreamOf(read.Stream);
                var wanted = await LinesAsync(() => Task.FromResult(model.ReadStream(stream, read.From, read.To, read.Most)));
                var seen = await LinesAsync(async () => await bench.Read.StreamAsync(stream, read.From, read.To, read.Most));
                Expect.Sequence(wanted, seen, "entry");
                break;
            case JournalCommand.ReadAll read:
                var entries = await bench.Read.AllAsync(last - read.Back, read.Most);
                Expect.Sequence(model.ReadAll(last - read.Back, read.Most).Select(Told.Of), entries.Select(Told.Of), "entry");
                break;
            case JournalCommand.Page page:
                var after = page.After is { } number ? EntryShape.StreamOf(number) : null;
                var streams = await bench.Read.StreamsAsync(page.Prefix, after, page.Most);
                Expect.Sequence(model.Streams(page.Prefix, after, page.Most), streams, "stream");
                break;
            case JournalCommand.LookUp lookUp:
                var key = Key(lookUp.Key)!;
                Expect.Equal(Told.Of(model.FindByKey(key)), Told.Of(await bench.Read.FindByKeyAsync(key)), "the receipt of a key");
                foreach (var entry in model.ReadAll(last - lookUp.Back, 1))
                {
                    Expect.Sequence(model.FindById(entry.Id), await bench.Read.FindByIdAsync(entry.Id), "position of an id");
                    if (entry.CausationId is { } cause)
                        Expect.Sequence(model.CausedBy(cause), await bench.Read.CausedByAsync(cause), "position of a consequence");
                }

                Expect.Equal(model.HeadAt(last - lookUp.Back), await bench.Read.HeadAtAsync(last - lookUp.Back), "the head at a position");
                break;
            case JournalCommand.Stop stop:
                await StopAsync(stop.After);
                break;
            case JournalCommand.Ask ask:
                var query = ask.Query.ToQuery();
                var expected = model.Query(query, last - ask.Back, ask.Most);
                var found = await bench.Read.QueryAsync(query, last - ask.Back, ask.Most);
                Expect.Equal(expected.AsOf, found.AsOf, "the AsOf");
                Expect.Sequence(expected.Entries.Select(Told.Of), found.Entries.Select(Told.Of), "match");
                break;
        }
    }

    private async Task StopAsync(int after)
    {
        using var cancelled = new CancellationTokenSource();
        if (after == 0) await cancelled.CancelAsync();
        var seen = new List<string>();
        try
        {
            await foreach (var entry in bench.Journal.ReadAllAsync(cancellationToken: cancelled.Token))
            {
                seen.Add(Told.Of(entry));
                if (seen.Count == after) await cancelled.CancelAsync();
            }

            Expect.True(!cancelled.IsCancellationRequested || (after > 0 && seen.Count == after), "a read that was cancelled went on");
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            Expect.Equal(after, seen.Count, "the number of entries of a read before it was cancelled");
        }

        Expect.Sequence(model.ReadAll().Select(Told.Of).Take(seen.Count), seen, "entry of a read that was cancelled");
    }

    private static async Task<List<string>> LinesAsync(Func<Task<IEnumerable<JournalEntry>>> read)
    {
        try
        {
            return [.. (await read()).Select(Told.Of)];
        }
        catch (EntriesDroppedException dropped)
        {
            return [string.Create(CultureInfo.InvariantCulture, $"dropped up to {dropped.UpTo} of {dropped.Stream}")];
        }
    }

    private Task SubscribeAsync(Func<IJournal, IAsyncEnumerable<JournalEntry>> subscribe, long from)
    {
        subscriptions.Add(new LiveSubscription(subscribe(bench.Journal), from));
        return Task.CompletedTask;
    }

    private async Task SubscribeBehindAsync(JournalCommand.SubscribeBehind behind)
    {
        var position = model.Head.Position - behind.Back;
        if (!behind.IsForeign && model.HeadAt(position) is { } head)
        {
            // A place is one that somebody kept: the end of a batch.
            await SubscribeAsync(journal => journal.SubscribeAsync(head), head.Position + 1);
            return;
        }

        var foreign = new Head(position, new string('f', 64));
        await Expect.ThrowsWhenAwaitedAsync<ForeignHistoryException>(
            () => bench.Journal.SubscribeAsync(foreign), "subscribing behind " + foreign);
    }

    // Subscriptions end with the journal that they were made in.
    private async Task LeaveAsync(Func<Task> leave)
    {
        foreach (var subscription in subscriptions) await subscription.DisposeAsync();
        subscriptions.Clear();
        await leave();
    }
}

/// <summary>A subscription that is read as far as the model goes, after each command.</summary>
internal sealed class LiveSubscription(IAsyncEnumerable<JournalEntry> entries, long from) : IAsyncDisposable
{
    private readonly CancellationTokenSource cancelled = new();
    private IAsyncEnumerator<JournalEntry>? enumerator;
    private long next = from;

    public async Task CatchUpAsync(InMemoryJournal model)
    {
        enumerator ??= entries.GetAsyncEnumerator(cancelled.Token);
        foreach (var expected in model.ReadAll(next))
        {
            var moved = await Expect.Within(enumerator.MoveNextAsync().AsTask(), $"entry {expected} of a subscription");
            Expect.True(moved, "a subscription has ended");
            Expect.Equal(Told.Of(expected), Told.Of(enumerator.Current), "the next entry of a subscription");
        }

        // What was deleted before it was asked for is left out; from here on all is new.
        next = Math.Max(next, model.Head.Position + 1);
    }

    public async ValueTask DisposeAsync()
    {
        await cancelled.CancelAsync();
        if (enumerator is not null) await enumerator.DisposeAsync();
        cancelled.Dispose();
    }
}

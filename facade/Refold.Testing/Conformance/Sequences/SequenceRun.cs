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
                await DoAsync(commands[step]).ConfigureAwait(false);
                Expect.Equal(model.Head, bench.Journal.Head, "the head");
                Expect.Sequence(model.Streams(), bench.Journal.Streams(), "stream");
                foreach (var subscription in subscriptions) await subscription.CatchUpAsync(model).ConfigureAwait(false);
            }
            catch (ConformanceException failure)
            {
                throw new ConformanceException(string.Create(CultureInfo.InvariantCulture, $"step {step + 1}, {commands[step]}: {failure.Message}"), failure.InnerException);
            }
            catch (Exception exception) when (exception is not NotShownException)
            {
                throw new ConformanceException(string.Create(CultureInfo.InvariantCulture, $"step {step + 1}, {commands[step]}: it threw {exception.GetType().Name}: {exception.Message}"), exception);
            }
        }

        if (JournalComparison.FirstDifference(model, bench.Journal, keys) is { } difference) throw new ConformanceException("at the end: " + difference);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in subscriptions) await subscription.DisposeAsync().ConfigureAwait(false);
        await model.DisposeAsync().ConfigureAwait(false);
    }

    private Task DoAsync(JournalCommand command) => command switch
    {
        JournalCommand.Append append => AppendAsync(Request(append)),
        JournalCommand.Repeat repeat => requests.Count == 0 ? Task.CompletedTask : AppendAsync(requests[repeat.Which % requests.Count]),
        JournalCommand.Restore restore => RestoreAsync(restore),
        JournalCommand.Delete delete => DeleteAsync(EntryShape.StreamOf(delete.Stream), delete.Below),
        JournalCommand.Subscribe subscribe => SubscribeAsync(journal => journal.SubscribeAsync(model.Head.Position - subscribe.Back), model.Head.Position - subscribe.Back),
        JournalCommand.SubscribeBehind behind => SubscribeBehindAsync(behind),
        JournalCommand.Reopen => LeaveAsync(bench.ReopenAsync),
        JournalCommand.Crash => LeaveAsync(() =>
        {
            // Where the fixture makes no crashes this is nothing; the named cases say so.
            _ = bench.TryCrash();
            return Task.CompletedTask;
        }),
        _ => Task.Run(() => Read(command)),
    };

    private AppendRequest Request(JournalCommand.Append append)
    {
        var expected = new Dictionary<StreamId, ExpectedVersion>();
        foreach (var expectation in append.Expected)
        {
            var stream = EntryShape.StreamOf(expectation.Stream);
            var version = model.HighestVersion(stream) + expectation.Offset;
            expected[stream] = expectation.Kind switch { 0 => ExpectedVersion.Any, 1 => ExpectedVersion.NoStream, 2 => ExpectedVersion.Exists, _ => version < 1 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version) };
        }

        return new AppendRequest([.. append.Entries.Select(entry => entry.ToData())])
        {
            Expected = expected,
            IdempotencyKey = Key(append.Key),
            Condition = append.Condition is { } condition ? new AppendCondition(condition.ToQuery(), model.Head.Position - append.Back) : null,
        };
    }

    private string? Key(int? number)
    {
        if (number is null) return null;
        var key = string.Create(CultureInfo.InvariantCulture, $"key{number}");
        keys.Add(key);
        return key;
    }

    private async Task AppendAsync(AppendRequest request)
    {
        requests.Add(request);
        var expected = await model.TryAppendAsync(request).ConfigureAwait(false);
        Expect.Equal(Told.Of(expected), Told.Of(await bench.TryAsync(request).ConfigureAwait(false)), "the answer");
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
            versions[stream] = versions.TryGetValue(stream, out var before) ? before + 1 : model.HighestVersion(stream) + 1 + restore.VersionGap;
            batch.Add(new JournalEntry(position, versions[stream], first, shape.ToData(), key));
        }

        var expected = await model.TryRestoreAsync(batch).ConfigureAwait(false);
        Expect.Equal(Told.Of(expected), Told.Of(await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch").ConfigureAwait(false)), "the answer");
    }

    private async Task DeleteAsync(StreamId stream, int below)
    {
        var version = model.HighestVersion(stream) - below;
        await model.DeleteToAsync(stream, version).ConfigureAwait(false);
        await Expect.Within(bench.Journal.DeleteToAsync(stream, version).AsTask(), "the end of a deletion").ConfigureAwait(false);
    }

    private void Read(JournalCommand command)
    {
        switch (command)
        {
            case JournalCommand.ReadStream read:
                var stream = EntryShape.StreamOf(read.Stream);
                Expect.Sequence(Lines(model, Stream), Lines(bench.Journal, Stream), "entry");
                break;
                IEnumerable<JournalEntry> Stream(IJournal journal) => journal.ReadStream(stream, read.From, read.To, read.Most);
            case JournalCommand.ReadAll read:
                Expect.Sequence(Lines(model, All), Lines(bench.Journal, All), "entry");
                break;
                IEnumerable<JournalEntry> All(IJournal journal) => journal.ReadAll(model.Head.Position - read.Back, read.Most);
            case JournalCommand.Ask ask:
                var query = ask.Query.ToQuery();
                var (expected, found) = (Answer(model), Answer(bench.Journal));
                Expect.Equal(expected.AsOf, found.AsOf, "the AsOf");
                Expect.Sequence(expected.Entries.Select(Told.Of), found.Entries.Select(Told.Of), "match");
                break;
                QueryResult Answer(IJournal journal) => journal.Query(query, model.Head.Position - ask.Back, ask.Most);
        }
    }

    private static List<string> Lines(IJournal journal, Func<IJournal, IEnumerable<JournalEntry>> read)
    {
        try
        {
            return [.. read(journal).Select(Told.Of)];
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
            await SubscribeAsync(journal => journal.SubscribeAsync(head), head.Position + 1).ConfigureAwait(false);
            return;
        }

        var foreign = new Head(position, new string('f', 64));
        Expect.Throws<ForeignHistoryException>(() => bench.Journal.SubscribeAsync(foreign), "subscribing behind " + foreign);
    }

    // Subscriptions end with the journal that they were made in.
    private async Task LeaveAsync(Func<Task> leave)
    {
        foreach (var subscription in subscriptions) await subscription.DisposeAsync().ConfigureAwait(false);
        subscriptions.Clear();
        await leave().ConfigureAwait(false);
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
            Expect.True(await Expect.Within(enumerator.MoveNextAsync().AsTask(), $"entry {expected} of a subscription").ConfigureAwait(false), "a subscription has ended");
            Expect.Equal(Told.Of(expected), Told.Of(enumerator.Current), "the next entry of a subscription");
        }

        // What was deleted before it was asked for is left out; from here on all is new.
        next = Math.Max(next, model.Head.Position + 1);
    }

    public async ValueTask DisposeAsync()
    {
        await cancelled.CancelAsync().ConfigureAwait(false);
        if (enumerator is not null) await enumerator.DisposeAsync().ConfigureAwait(false);
        cancelled.Dispose();
    }
}

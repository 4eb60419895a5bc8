// How deadlines follow a journal that hangs or breaks: known machines are served, nothing is asked for twice, it goes on at its place.
// Run by `dotnet test`.
using System.Runtime.CompilerServices;
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Machines;

public class DeadlineFollowTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);
    private readonly ManualClock clock = new();
    private readonly InMemoryJournal memory = new();
    private int opened;

    private RunOptions Options(string run) => new() { RunId = RunId.Create(run), TimeProvider = clock };

    private async Task OpenAsync(params string[] streams)
    {
        await using var run = await memory.StartRunAsync(Pin, Options($"open-{++opened}"));
        foreach (var stream in streams) await run.Streams(Turnstile.Aggregate).ExecuteAsync(stream, new Coin(100));
    }

    private int Closed(string? stream = null) =>
        memory.ReadAll().Count(entry => entry.Type == "closed" && (stream is null || entry.Stream.Value == stream));

    // Time goes on while that is waited for.
    private Task UntilAsync(Func<bool> holds) => SnapshotFixture.UntilAsync(() =>
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        return holds();
    });

    [Fact]
    public async Task AHeadThatHangs_KeepsNoMachineFromItsDeadline_AndIsAskedForOnce()
    {
        var journal = new BreakingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        await OpenAsync("turnstile/1");
        journal.HangsAtTheHead = true;
        var before = journal.Heads;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed("turnstile/1") == 1);
        // Those that come are found too, though nothing says that they came.
        await OpenAsync("turnstile/2");
        await UntilAsync(() => Closed("turnstile/2") == 1);
        Assert.Equal((1, 0), (journal.Heads - before, journal.Subscriptions));
        journal.GoOn.SetResult();
        await UntilAsync(() => journal.Subscriptions == 1);
        await OpenAsync("turnstile/3");
        await UntilAsync(() => Closed("turnstile/3") == 1);
        Assert.False(driver.Completion.IsCompleted);
    }

    [Fact]
    public async Task AListOfStreamsThatHangs_KeepsNoMachineThatMovesFromItsDeadline_AndIsAskedForOnce()
    {
        await OpenAsync("turnstile/1");
        var journal = new BreakingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        journal.HangsAtTheStreams = true;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await SnapshotFixture.UntilAsync(() => journal.Lists == 1);
        await OpenAsync("turnstile/2");
        await UntilAsync(() => Closed("turnstile/2") == 1);
        Assert.Equal((1, 0), (journal.Lists, Closed("turnstile/1")));
        Assert.NotNull(driver.Next);
        journal.GoOn.SetResult();
        await UntilAsync(() => Closed("turnstile/1") == 1);
        await driver.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task FiringWhatIsDue_DoesNotWaitForAListOfStreamsThatHangs()
    {
        var journal = new BreakingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        journal.HangsAtTheStreams = true;
        await using var driver = Turnstile.Definition.Deadlines(run);
        var firing = driver.FireDueAsync();
        await UntilAsync(() => firing.IsCompleted);
        Assert.Equal(0, await firing);
    }

    [Fact]
    public async Task ASubscriptionThatBreaksWithEachEntry_GoesOnFromItsPlace_AndMachinesAreListedOnce()
    {
        await OpenAsync("turnstile/1");
        var journal = new BreakingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        journal.BreaksBehindEachEntry = true;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed() == 1);
        var (lists, heads) = (journal.Lists, journal.Heads);
        for (var number = 2; number <= 4; number++)
        {
            await OpenAsync($"turnstile/{number}");
            await UntilAsync(() => Closed() == number);
        }

        // The entries that it took after each break: a start, a command, an event and so on.
        Assert.True(journal.Subscriptions > 10, $"{journal.Subscriptions}");
        Assert.Equal((lists, heads), (journal.Lists, journal.Heads));
    }

    [Fact]
    public async Task ASubscriptionThatBreaksAlways_IsBegunAfterLongerAndLongerTimes_AndItsMachinesAreServedAllTheSame()
    {
        await OpenAsync("turnstile/1");
        var journal = new BreakingJournal(memory);
        await using var run = await journal.StartRunAsync(Pin, Options("test"));
        journal.BreaksAtOnce = true;
        await using var driver = Turnstile.Definition.Deadlines(run);
        await driver.StartAsync(CancellationToken.None);
        await UntilAsync(() => Closed("turnstile/1") == 1);
        // What comes meanwhile, which no subscription tells, is found by a list.
        await OpenAsync("turnstile/2");
        await UntilAsync(() => Closed("turnstile/2") == 1);
        var (from, before, lists) = (clock.GetUtcNow(), journal.Subscriptions, 0);
        await UntilAsync(() => journal.Subscriptions > before);
        (before, lists) = (journal.Subscriptions, journal.Lists);
        await UntilAsync(() => clock.GetUtcNow() > from.AddMinutes(10));
        // Each 5 seconds it would be some 120 times; each 5 minutes it is 2, and a few on the way there.
        Assert.InRange(journal.Subscriptions - before, 0, 8);
        // Nothing came: nothing is listed.
        Assert.Equal(lists, journal.Lists);
        journal.BreaksAtOnce = false;
        await OpenAsync("turnstile/3");
        await UntilAsync(() => Closed("turnstile/3") == 1);
    }

    private sealed class BreakingJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        private int heads, lists, subscriptions;

        public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HangsAtTheHead { get; set; }

        public bool HangsAtTheStreams { get; set; }

        public bool BreaksBehindEachEntry { get; set; }

        public bool BreaksAtOnce { get; set; }

        public int Heads => Volatile.Read(ref heads);

        public int Lists => Volatile.Read(ref lists);

        public int Subscriptions => Volatile.Read(ref subscriptions);

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        // What hangs does not heed its token.
        public override async ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref heads);
            if (HangsAtTheHead) await GoOn.Task;
            return Inner.Head;
        }

        public override async ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
            string prefix = "", StreamId? after = null, int maxCount = int.MaxValue, CancellationToken cancellationToken = default)
        {
            if (prefix == "turnstile")
            {
                Interlocked.Increment(ref lists);
                if (HangsAtTheStreams) await GoOn.Task;
            }

            return await Inner.StreamsAsync(prefix, after, maxCount, cancellationToken);
        }

        public override async IAsyncEnumerable<JournalEntry> SubscribeAsync(
            long fromPosition = 1, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref subscriptions);
            if (BreaksAtOnce) throw new IOException("gone for a moment");
            await foreach (var entry in base.SubscribeAsync(fromPosition, cancellationToken))
            {
                yield return entry;
                if (BreaksBehindEachEntry) throw new IOException("gone for a moment");
            }
        }
    }
}

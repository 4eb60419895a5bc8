// Streams of runs recovered under permits.
// Run by `dotnet test`.
using Orders;
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Recovery;

public class RecoveryTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private static StreamId Name(int number) =>
        "order/" + number.ToString("D3", System.Globalization.CultureInfo.InvariantCulture);

    private static RunOptions Options(RecoveryPermits permits, params RecoveryHook[] hooks) =>
        RunFixture.Options() with { RecoveryPermits = permits, RecoveryCompleted = hooks };

    [Fact]
    public async Task RunsOfOneJournal_ShareItsPermits_AndARunMayHaveItsOwn()
    {
        var shared = new RecoveryPermits(1);
        await using var journal = new InMemoryJournal(new JournalOptions { RecoveryPermits = shared });
        var held = await shared.AcquireAsync();
        await using var one = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = RunId.Create("one") });
        await using var two = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = RunId.Create("two") });
        await using var own = await journal.StartRunAsync(
            RunFixture.Pin, Options(new RecoveryPermits(1)) with { RunId = RunId.Create("own") });
        var first = one.Orders().ExecuteAsync(Name(1), new Draw());
        var second = two.Orders().ExecuteAsync(Name(2), new Draw());
        Assert.Equal(2, shared.Waiting);
        await own.Orders().ExecuteAsync(Name(3), new Draw()).WaitAsync(minute);
        held.Dispose();
        await Task.WhenAll(first, second).WaitAsync(minute);
        Assert.Equal((0, 1), (shared.InFlight, shared.Available));
    }

    [Fact]
    public async Task WithoutOptions_FiftyStreamsAreReadAtOnce_OverAllRunsOfAJournal()
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var one = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = RunId.Create("one") });
        await using var two = await journal.StartRunAsync(RunFixture.Pin, new RunOptions { RunId = RunId.Create("two") });
        var all = Enumerable.Range(0, 40).SelectMany(number => new[]
        {
            one.Orders().ExecuteAsync(Name(number), new Draw()), two.Orders().ExecuteAsync(Name(100 + number), new Draw()),
        }).ToList();
        Assert.Equal(50, journal.Waiting);
        journal.Holds = false;
        for (var number = 0; number < 25; number++)
        {
            journal.Release(Name(number).Value);
            journal.Release(Name(100 + number).Value);
        }

        await Task.WhenAll(all).WaitAsync(minute);
    }

    [Fact]
    public async Task AStateInMemory_NeedsNoPermit_AndAnEvictedOneDoes()
    {
        var permits = new RecoveryPermits(1);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits) with { CachedStreams = 2 });
        await run.DrawAsync(1, Name(1));
        using (await permits.AcquireAsync())
        {
            await run.DrawAsync(3, Name(1)).WaitAsync(minute);
            Assert.Equal(0, permits.Waiting);
        }

        await run.DrawAsync(1, Name(2));
        await run.DrawAsync(1, Name(3));
        using (await permits.AcquireAsync())
        {
            var again = run.DrawAsync(1, Name(1));
            Assert.Equal(1, permits.Waiting);
            Assert.False(again.IsCompleted);
        }

        await SettledAsync(permits);
    }

    [Fact]
    public async Task AllThatLoadsAStream_HoldsAPermitMeanwhile()
    {
        var permits = new RecoveryPermits(1);
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits) with { Snapshots = store });
        var keyed = new ExecuteOptions { IdempotencyKey = "key" };
        await run.Orders().ExecuteAsync(Name(1), new Draw(), keyed);
        var held = await permits.AcquireAsync();
        Task[] waiting =
        [
            run.Orders().LoadAsync(Name(1)), run.Orders().TakeSnapshotAsync(Name(1)), run.Orders().ExecuteAsync(Name(1), new Draw(), keyed),
            run.FinishAsync(),
        ];
        // The end is behind the repeated command.
        await SnapshotFixture.UntilAsync(() => permits.Waiting == 3);
        Assert.All(waiting, one => Assert.False(one.IsCompleted));
        held.Dispose();
        await Task.WhenAll(waiting).WaitAsync(minute);
        Assert.Equal((0, 0), (permits.InFlight, permits.Waiting));
    }

    [Fact]
    public async Task AFaultACancellationAndAThrowingHook_GiveThePermitBack()
    {
        var permits = new RecoveryPermits(1);
        var hook = RecoveryHook.Create(Order.Aggregate, (stream, _, _) =>
        {
            if (stream == Name(3)) throw new InvalidOperationException("the hook");
        });
        await using var journal = new HeldJournal(new InMemoryJournal());
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits, hook));
        using var source = new CancellationTokenSource();
        var faulted = run.Orders().ExecuteAsync(Name(1), new Draw());
        var cancelled = run.Orders().ExecuteAsync(Name(2), new Draw(), source.Token);
        var thrown = run.Orders().ExecuteAsync(Name(3), new Draw());
        var waiting = run.Orders().ExecuteAsync(Name(4), new Draw(), source.Token);
        var last = run.Orders().ExecuteAsync(Name(5), new Draw());
        journal.Release(Name(1).Value, new IOException("gone"));
        await Assert.ThrowsAsync<IOException>(() => faulted.WaitAsync(minute));
        await journal.UntilAsync(it => it.IsHeld(Name(2).Value));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(minute));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(minute));
        await journal.UntilAsync(it => it.IsHeld(Name(3).Value));
        journal.Release(Name(3).Value);
        Assert.Equal(1, (await thrown.WaitAsync(minute)).Version);
        await journal.UntilAsync(it => it.IsHeld(Name(5).Value));
        journal.Release(Name(5).Value);
        Assert.Equal(1, (await last.WaitAsync(minute)).Version);
        await SettledAsync(permits);
    }

    [Fact]
    public async Task ACancelledLoad_ThatItsJournalGoesOnWith_HoldsNoPermit()
    {
        var permits = new RecoveryPermits(1);
        var never = new TaskCompletionSource();
        await using var journal = new DeafJournal(new InMemoryJournal(), Name(1), never.Task);
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits));
        using var source = new CancellationTokenSource();
        var deaf = run.Orders().ExecuteAsync(Name(1), new Draw(), source.Token);
        Assert.Equal(1, permits.InFlight);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deaf.WaitAsync(minute));
        await run.DrawAsync(1, Name(2)).WaitAsync(minute);
        never.SetResult();
        await SettledAsync(permits);
    }

    [Fact]
    public async Task ClosedPermits_FailWhatIsToBeRecovered_AndNothingElse()
    {
        var permits = new RecoveryPermits(1);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits));
        await run.DrawAsync(1, Name(1));
        permits.Close();
        await Assert.ThrowsAsync<PermitDeniedException>(() => run.DrawAsync(1, Name(2)));
        Assert.Equal(2, (await run.Orders().ExecuteAsync(Name(1), new Draw())).Version);
    }

    private static async Task SettledAsync(RecoveryPermits permits)
    {
        await SnapshotFixture.UntilAsync(() => permits.InFlight == 0);
        Assert.Equal((permits.Capacity, 0), (permits.Available, permits.Waiting));
    }

    /// <summary>A journal whose reads of one stream heed no token.</summary>
    private sealed class DeafJournal(ILocalJournal inner, StreamId deaf, Task until) : ForwardingJournal(inner)
    {
        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override async IAsyncEnumerable<JournalEntry> ReadStreamAsync(
            StreamId stream,
            long fromVersion = 1,
            long toVersion = long.MaxValue,
            long maxCount = long.MaxValue,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            if (stream == deaf) await until;
            await foreach (var entry in Inner.ReadStreamAsync(stream, fromVersion, toVersion, maxCount, cancellationToken))
                yield return entry;
        }
    }
}

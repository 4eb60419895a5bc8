// Streams of runs recovered under permits, and the hooks that are called for them.
// Run by `dotnet test`.
using System.Collections.Concurrent;
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

    [Fact]
    public async Task AHook_IsToldEachRecoveredStreamOnce_AnEmptyOneToo_AndNoStateInMemory()
    {
        var told = new ConcurrentQueue<(StreamId, long Points, long Version)>();
        var permits = new RecoveryPermits(1);
        var hook = RecoveryHook.Create(Order.Aggregate, (stream, state, version) =>
        {
            // Given back before.
            Assert.Equal(0, permits.InFlight);
            told.Enqueue((stream, state.Points, version));
        });
        await using var journal = new InMemoryJournal();
        RunFixture.AppendFact(journal, Name(1), 7);
        RunFixture.AppendFact(journal, Name(1), 8);
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(permits, hook) with { CachedStreams = 2 });
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => run.DrawAsync(1, Name(1))));
        await run.DrawAsync(3, Name(2));
        await run.Orders().LoadAsync(Name(1));
        Assert.Equal([(Name(1), 15L, 2L), (Name(2), 0L, 0L)], told);

        // Another writer is no recovery.
        RunFixture.AppendFact(journal, Name(2), 1);
        Assert.Equal(5, (await run.Orders().ExecuteAsync(Name(2), new Draw())).Version);
        Assert.Equal(2, told.Count);

        // Let go, and recovered again.
        await run.DrawAsync(1, Name(3));
        await run.DrawAsync(1, Name(1));
        Assert.Equal([(Name(3), 0), (Name(1), 7)], told.Skip(2).Select(one => (one.Item1, (int)one.Version)));
        await run.DisposeAsync();
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        Assert.Equal(4, told.Count);

        await using var resumed = await journal.ResumeRunAsync(run.Id, RunFixture.Pin, Options(permits, hook));
        await resumed.DrawAsync(2, Name(2));
        Assert.Equal((Name(2), 5), (told.Last().Item1, (int)told.Last().Version));
    }

    [Fact]
    public async Task AHookThatThrows_IsLogged_AndItsCommandAndTheNextHooksGoOn()
    {
        using var logs = new Hosting.LogLines();
        var told = new ConcurrentQueue<long>();
        var options = SnapshotFixture.Options(null, 0, logs) with
        {
            RecoveryCompleted =
            [
                RecoveryHook.Create(Order.Aggregate, (_, _, _) => throw new InvalidOperationException("the hook")),
                RecoveryHook.Create(Order.Aggregate, async (_, _, version, token) =>
                {
                    await Task.Delay(1, token);
                    told.Enqueue(version);
                }),
            ],
        };
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, options);
        Assert.Equal(1, (await run.Orders().ExecuteAsync(Name(1), new Draw())).Version);
        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.RecoveryHookFailed);
        Assert.Equal("A recovery hook of order/001 at version 0 failed; the command goes on", line.Text);
        Assert.Equal("the hook", line.Exception!.Message);
        Assert.Equal([0L], told);
    }

    [Fact]
    public async Task AHookThatWaits_HoldsItsStreamOnly_AndHearsWhenNobodyWaitsAnyMore()
    {
        var held = new TaskCompletionSource();
        var calls = 0;
        var hook = RecoveryHook.Create(Order.Aggregate, async (stream, _, _, token) =>
        {
            if (stream == Name(1) && Interlocked.Increment(ref calls) == 1) await held.Task.WaitAsync(token);
        });
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, Options(new RecoveryPermits(1), hook));
        using var source = new CancellationTokenSource();
        var waiting = run.Orders().ExecuteAsync(Name(1), new Draw(), source.Token);
        await run.DrawAsync(1, Name(2)).WaitAsync(minute);
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(minute));
        await run.DrawAsync(1, Name(1)).WaitAsync(minute);
        Assert.Equal(2, Volatile.Read(ref calls));
    }

    [Fact]
    public async Task AHook_GivesNoCommandsToItsRun_AndIsOfTheRightState()
    {
        Exception? refused = null;
        Run? run = null;
        var hook = RecoveryHook.Create(Order.Aggregate, (_, _, _) => refused = Record.Exception(() => { _ = run!.DrawAsync(1, Name(2)); }));
        var wrong = RecoveryHook.Create(
            Aggregate.Create(
                "order", 0, Decision<string, string> (Step _, int _, string _) => [], (state, _) => state,
                TextCodec, TextCodec, TextCodec),
            (_, _, _) => { });
        await using var journal = new InMemoryJournal();
        await using (run = await journal.StartRunAsync(RunFixture.Pin, Options(new RecoveryPermits(), hook)))
        {
            var command = run.Orders().ExecuteAsync(Name(1), new Draw());
            await command.WaitAsync(minute);
        }

        await using var other = await journal.StartRunAsync(
            RunFixture.Pin, Options(new RecoveryPermits(), wrong) with { RunId = RunId.Create("other") });
        Assert.Contains("another type of state", Assert.Throws<ArgumentException>(() => other.Orders()).Message, StringComparison.Ordinal);
        Assert.Equal("order", hook.Category);
    }

    private static Codec<string> TextCodec => Codec.Create<string>(
        "text", text => System.Text.Encoding.UTF8.GetBytes(text), bytes => System.Text.Encoding.UTF8.GetString(bytes.Span));

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

// The hooks that a run calls for the streams that it recovered.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using Orders;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Recovery;

public class RecoveryHookTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private static StreamId Name(int number) =>
        "order/" + number.ToString("D3", System.Globalization.CultureInfo.InvariantCulture);

    private static RunOptions Options(RecoveryPermits permits, params RecoveryHook[] hooks) =>
        RunFixture.Options() with { RecoveryPermits = permits, RecoveryCompleted = hooks };

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
}

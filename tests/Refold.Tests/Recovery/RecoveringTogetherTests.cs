// Two hundred streams recover at once through eight permits, while loads fail, callers cancel and hooks throw, as a seed says.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using System.Globalization;
using Orders;
using Refold.Tests.Runs;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Recovery;

public class RecoveringTogetherTests
{
    private const int Streams = 200;
    private const int Capacity = 8;
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    /// <summary>What becomes of a stream.</summary>
    private enum Fate
    {
        Recovered = 0,
        HookThrows = 1,
        HookWaits = 2,
        Faulted = 3,
        CancelledWhileWaiting = 4,
        CancelledWhileLoading = 5,
    }

    public static TheoryData<ulong> Seeds => [1, 2, 3, (ulong)System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue)];

    private static string Name(int number) => "order/" + number.ToString("D3", CultureInfo.InvariantCulture);

    // Each step is settled before the next, so that the order of the reads is known.
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task NoneIsLost_NothingIsStuck_AndWhoCameFirstIsServedFirst(ulong seed)
    {
        var random = SeededRng.FromSeed(seed);
        Fate[] fates = [.. Enumerable.Range(0, Streams).Select(_ => (Fate)random.Between(0, 5))];
        var inner = new InMemoryJournal();
        for (var number = 0; number < Streams; number++)
        {
            for (var entry = 0; entry < number % 3; entry++) RunFixture.AppendFact(inner, Name(number), 1);
        }

        await using var journal = new HeldJournal(inner);
        var permits = new RecoveryPermits(Capacity);
        var (hooked, hooks) = (new ConcurrentQueue<(string Stream, long Version)>(), new TaskCompletionSource());
        var hook = RecoveryHook.Create(Order.Aggregate, async (stream, _, version, token) =>
        {
            hooked.Enqueue((stream.Value, version));
            switch (fates[int.Parse(stream.Value["order/".Length..], CultureInfo.InvariantCulture)])
            {
                case Fate.HookThrows: throw new InvalidOperationException("the hook");
                case Fate.HookWaits: await hooks.Task.WaitAsync(token); break;
            }
        });
        await using var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { RecoveryPermits = permits, RecoveryCompleted = [hook] });
        CancellationTokenSource[] sources = [.. fates.Select(_ => new CancellationTokenSource())];
        var calls = fates.Select((_, number) => run.Orders().ExecuteAsync(Name(number), new Draw(), sources[number].Token)).ToList();

        var waiting = new List<int>(Enumerable.Range(0, Streams));
        var loading = new List<int>();
        await ServeAsync();
        while (loading.Count > 0)
        {
            var cancellable = waiting.Where(number => fates[number] == Fate.CancelledWhileWaiting).ToList();
            if (cancellable.Count > 0 && random.Chance(0.5))
            {
                var given = random.Pick(cancellable);
                await sources[given].CancelAsync();
                waiting.Remove(given);
            }
            else
            {
                var number = random.Pick(loading);
                loading.Remove(number);
                if (fates[number] == Fate.CancelledWhileLoading)
                {
                    await sources[number].CancelAsync();
                    await journal.UntilAsync(it => !it.IsHeld(Name(number)));
                }
                else
                {
                    journal.Release(Name(number), fates[number] == Fate.Faulted ? new IOException("gone") : null);
                }
            }

            await ServeAsync();
        }

        // The hooks that wait hold no permit: all other streams are there by now.
        Assert.Equal((0, Capacity, 0), (permits.InFlight, permits.Available, permits.Waiting));
        hooks.SetResult();
        await Task.WhenAll(calls).WaitAsync(minute).ContinueWith(_ => { }, TaskScheduler.Default);
        for (var number = 0; number < Streams; number++)
        {
            var told = $"seed {seed}: {Name(number)}, {fates[number]}: {calls[number].Status}";
            var isServed = served.Contains(number);
            Assert.Equal(
                (told, fates[number] switch
                {
                    Fate.Faulted => TaskStatus.Faulted,
                    Fate.CancelledWhileLoading => TaskStatus.Canceled,
                    // Served before its turn to be cancelled.
                    Fate.CancelledWhileWaiting when !isServed => TaskStatus.Canceled,
                    _ => TaskStatus.RanToCompletion,
                }),
                (told, calls[number].Status));
            if (calls[number].IsCompletedSuccessfully) Assert.Equal((number % 3) + 1, (await calls[number]).Version);
        }

        Assert.Equal(
            Enumerable.Range(0, Streams)
                .Where(number => calls[number].IsCompletedSuccessfully)
                .Select(number => (Name(number), number % 3L)),
            hooked.Order());
        journal.Holds = false;
        var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
        Assert.True(report.Matched, report.ToString());
        foreach (var source in sources) source.Dispose();

        // Whoever waited longest is served, as far as there are permits: those and no others.
        async Task ServeAsync()
        {
            while (loading.Count < Capacity && waiting.Count > 0)
            {
                loading.Add(waiting[0]);
                served.Add(waiting[0]);
                waiting.RemoveAt(0);
            }

            await SnapshotFixture.UntilAsync(
                () => loading.TrueForAll(number => journal.IsHeld(Name(number))) && permits.Waiting == waiting.Count
                    && permits.InFlight == loading.Count);
            Assert.DoesNotContain(waiting, number => journal.IsHeld(Name(number)));
        }
    }

    private readonly HashSet<int> served = [];

    // Nothing waits for anything: everything happens at once.
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task AllAtOnce_NoneIsLostAndNothingIsStuck(ulong seed)
    {
        var random = SeededRng.FromSeed(seed);
        await using var journal = new SlowJournal(new InMemoryJournal(), SeededRng.FromSeed(seed + 1)) { Faults = 0.1 };
        var permits = new RecoveryPermits(Capacity);
        var hook = RecoveryHook.Create(Order.Aggregate, (stream, _, _) =>
        {
            if (stream.Value.EndsWith('7')) throw new InvalidOperationException("the hook");
        });
        Run run;
        while (true)
        {
            try
            {
                run = await journal.StartRunAsync(
                    RunFixture.Pin, RunFixture.Options() with { RecoveryPermits = permits, RecoveryCompleted = [hook] });
                break;
            }
            catch (IOException)
            {
                // The journal fails at random, here too.
            }
        }

        CancellationTokenSource[] sources = [.. Enumerable.Range(0, Streams).Select(_ => new CancellationTokenSource())];
        var calls = sources.Select((source, number) => run.Orders().ExecuteAsync(Name(number), new Draw(), source.Token)).ToList();
        foreach (var source in sources.Where(_ => random.Chance(0.2)))
        {
            await Task.Yield();
            await source.CancelAsync();
        }

        await Task.WhenAll(calls).WaitAsync(minute).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.All(calls, call => Assert.True(call.IsCompleted, $"seed {seed}: {call.Status}"));
        Assert.All(
            calls.Where(call => call.IsFaulted), call => Assert.IsType<IOException>(call.Exception!.InnerException));
        await SnapshotFixture.UntilAsync(() => permits.InFlight == 0);
        Assert.Equal((Capacity, 0), (permits.Available, permits.Waiting));
        await run.DisposeAsync();
    }
}

// Calls of a run inside its own decide, evolve and codecs, which would wait for themselves, and steps that do not end.
// Run by `dotnet test`.
using Microsoft.Extensions.Logging;
using Orders;
using Xunit;

namespace Refold.Tests.Runs;

public class RunInsideTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private static readonly string[] places = ["decide", "evolve", "tags", "command", "event"];

    // What a run offers, each waited for where it is called.
    private static readonly Dictionary<string, Action<Run, StreamId>> calls = new()
    {
        ["ExecuteAsync"] = (run, stream) => run.Orders().ExecuteAsync(stream, new Draw()).Wait(minute),
        ["LoadAsync"] = (run, stream) => run.Orders().LoadAsync(stream).Wait(minute),
        ["TakeSnapshotAsync"] = (run, stream) => run.Orders().TakeSnapshotAsync(stream).Wait(minute),
        ["FinishAsync"] = (run, _) => run.FinishAsync().Wait(minute),
        ["DisposeAsync"] = (run, _) => run.DisposeAsync().AsTask().Wait(minute),
    };

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var place in places)
        {
            foreach (var call in calls.Keys)
            {
                cases.Add(place, call, false);
                cases.Add(place, call, true);
            }
        }

        return cases;
    }

    // Orders that do something else wherever user code runs.
    private static Aggregate<OrderState, OrderCommand, OrderEvent, OrderError> Doing(Action<string> act)
    {
        T At<T>(string place, T value)
        {
            act(place);
            return value;
        }

        return Aggregate.Create(
            "order",
            OrderState.Initial,
            (step, state, command) => At("decide", Order.Decide(step, state, command)),
            (state, happened) => At("evolve", Order.Evolve(state, happened)),
            Codec.Create<OrderCommand>("command", _ => At<byte[]>("command", []), _ => new Draw()),
            Codec.Create<OrderEvent>(
                "event",
                happened => At<byte[]>("event", [(byte)((Won)happened).Points]),
                bytes => new Won(bytes.Span[0])),
            Order.Aggregate.Errors,
            Order.Aggregate.State,
            happened => At<string[]>("tags", []));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task ACallInsideAStep_IsRefusedByItsName_AndTheRunGoesOn(string place, string call, bool onAnotherThread)
    {
        await using var journal = new InMemoryJournal();
        await using var store = new InMemorySnapshotStore();
        await using var run = await journal.StartRunAsync(RunFixture.Pin, RunFixture.Options() with { Snapshots = store });
        var calling = Doing(at =>
        {
            if (at != place) return;
            if (onAnotherThread)
                Task.Run(() => calls[call](run, "order/inner")).GetAwaiter().GetResult();
            else
                calls[call](run, RunFixture.Stream);
        });
        var failed = await Assert.ThrowsAsync<StepFailedException>(
            () => run.Streams(calling).ExecuteAsync(RunFixture.Stream, new Draw()).WaitAsync(minute));
        var refused = Root(failed);
        Assert.Contains($"{call} of the run 'test' was called inside decide", refused.Message, StringComparison.Ordinal);
        Assert.Contains("at work on 'order/42'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw()).WaitAsync(minute)).Version);
    }

    private static InvalidOperationException Root(Exception error)
    {
        var root = error;
        while (root.InnerException is { } inner) root = inner;
        return Assert.IsType<InvalidOperationException>(root);
    }

    [Fact]
    public async Task ACallInsideALoad_IsRefusedToo()
    {
        await using var journal = new InMemoryJournal();
        await using (var first = await journal.StartAsync())
            await first.Streams(Doing(_ => { })).ExecuteAsync(RunFixture.Stream, new Draw());
        await using var run = await journal.ResumeRunAsync(RunId.Create("test"), RunFixture.Pin, RunFixture.Options());
        var loading = Doing(at =>
        {
            if (at == "evolve") run.Orders().ExecuteAsync(RunFixture.Stream, new Draw()).Wait(minute);
        });
        var failed = await Assert.ThrowsAsync<StateUnreadableException>(
            () => run.Streams(loading).ExecuteAsync(RunFixture.Stream, new Draw()).WaitAsync(minute));
        Assert.Contains("ExecuteAsync of the run 'test'", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAStepStarted_MayGiveCommandsWhenTheStepIsMade()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var journal = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        Task<ExecutionResult<OrderState, OrderEvent, OrderError>>? later = null;
        var starting = Doing(at =>
        {
            if (at == "decide")
                later = Task.Run(async () =>
                {
                    await release.Task;
                    return await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
                });
        });
        await run.Streams(starting).ExecuteAsync("order/other", new Draw());
        release.SetResult();
        Assert.Equal(1, (await later!.WaitAsync(minute)).Version);
    }

    [Fact]
    public async Task AnotherRun_MayBeAsked_UnlessItAsksTheFirst()
    {
        await using var journal = new InMemoryJournal();
        await using var other = new InMemoryJournal();
        await using var run = await journal.StartAsync();
        await using var second = await other.StartAsync();
        var asks = Doing(at =>
        {
            if (at == "decide") calls["ExecuteAsync"](second, "order/2");
        });
        Assert.Equal(1, (await run.Streams(asks).ExecuteAsync(RunFixture.Stream, new Draw()).WaitAsync(minute)).Version);
        var back = Doing(at =>
        {
            if (at == "decide") calls["ExecuteAsync"](run, "order/3");
        });
        var through = Doing(at =>
        {
            if (at == "decide") second.Streams(back).ExecuteAsync("order/4", new Draw()).Wait(minute);
        });
        var failed = await Assert.ThrowsAsync<StepFailedException>(
            () => run.Streams(through).ExecuteAsync(RunFixture.Stream, new Draw()).WaitAsync(minute));
        Assert.Contains("at work on 'order/42'", Root(failed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADecideThatDoesNotEnd_IsLoggedOnce_AndBoundsDisposal()
    {
        using var logs = new Hosting.LogLines();
        using var end = new ManualResetEventSlim();
        await using var journal = new InMemoryJournal();
        var options = RunFixture.Options() with
        {
            SlowStep = TimeSpan.FromMilliseconds(20),
            DisposeTimeout = TimeSpan.FromMilliseconds(200),
            LoggerFactory = LoggerFactory.Create(builder => builder.AddProvider(logs)),
        };
        var run = await journal.StartRunAsync(RunFixture.Pin, options);
        var endless = Doing(at =>
        {
            if (at == "decide") end.Wait();
        });
        var execution = Task.Run(() => run.Streams(endless).ExecuteAsync(RunFixture.Stream, new Draw()));
        await Snapshots.SnapshotFixture.UntilAsync(() => logs.Ids.Contains(RefoldEventIds.StepTakesLong));
        var error = await Assert.ThrowsAsync<RunNotClosedException>(() => run.DisposeAsync().AsTask().WaitAsync(minute));
        Assert.Equal(("run-not-closed", RunFixture.Stream, run.Id), (error.Code, error.Stream!, error.Run));
        Assert.Contains("decide, evolve or a codec does not end", error.Message, StringComparison.Ordinal);
        var line = Assert.Single(logs.All, line => line.Id == RefoldEventIds.StepTakesLong);
        Assert.Contains("order/42", line.Text, StringComparison.Ordinal);
        end.Set();
        Assert.Equal(1, (await execution.WaitAsync(minute)).Version);
    }

    [Fact]
    public async Task ALoadThatIsNotAnswered_BoundsDisposalToo()
    {
        await using var journal = new HeldJournal(new InMemoryJournal());
        var run = await journal.StartRunAsync(
            RunFixture.Pin, RunFixture.Options() with { DisposeTimeout = TimeSpan.FromMilliseconds(50) });
        var execution = run.Orders().ExecuteAsync(RunFixture.Stream, new Draw());
        var error = await Assert.ThrowsAsync<RunNotClosedException>(() => run.DisposeAsync().AsTask().WaitAsync(minute));
        Assert.Equal(RunFixture.Stream, error.Stream);
        Assert.Contains("still waits for its state", error.Message, StringComparison.Ordinal);
        journal.Release(RunFixture.Stream.Value);
        Assert.Equal(1, (await execution.WaitAsync(minute)).Version);
    }

    [Fact]
    public async Task TimesThatNoTimerTakes_AreRefused()
    {
        await using var journal = new InMemoryJournal();
        foreach (var time in new[] { TimeSpan.Zero, TimeSpan.FromTicks(-1), TimeSpan.FromDays(25), TimeSpan.MaxValue })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                () => journal.StartRunAsync(RunFixture.Pin, new RunOptions { DisposeTimeout = time }));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                () => journal.StartRunAsync(RunFixture.Pin, new RunOptions { SlowStep = time }));
        }

        var unbounded = new RunOptions { DisposeTimeout = Timeout.InfiniteTimeSpan, SlowStep = Timeout.InfiniteTimeSpan };
        await using var run = await journal.StartRunAsync(RunFixture.Pin, unbounded);
        Assert.Equal(1, (await run.Orders().ExecuteAsync(RunFixture.Stream, new Draw())).Version);
    }
}

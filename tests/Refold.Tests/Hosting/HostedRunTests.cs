// The run of a host: started or resumed with it, injected, closed with it; a new one at a new pin.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orders;
using Refold.Tests.Operations;
using Xunit;
using OrderStreams = Refold.AggregateStreams<Orders.OrderState, Orders.OrderCommand, Orders.OrderEvent, Orders.OrderError>;

namespace Refold.Tests.Hosting;

public class HostedRunTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    internal static RunPin Pin(string version = "1.0.0", ulong seed = 7) => new("shop", "acme", version, seed);

    internal static IHost Make(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        return builder.Build();
    }

    internal static IHost Make(
        string journal, RunPin pin, Action<HostedRunOptions>? options = null, Action<RefoldBuilder>? more = null) => Make(services =>
        {
            var refold = services.AddRefold().UseJournal(journal).AddAggregate(Order.Aggregate).AddRun(pin, options);
            more?.Invoke(refold);
        });

    // Starts, does something, stops.
    private static async Task<RunId> DoneAsync(IHost host, Func<Run, OrderStreams, Task>? use = null)
    {
        await host.StartAsync().WaitAsync(minute);
        var run = host.Services.GetRequiredService<Run>();
        if (use is not null) await use(run, host.Services.GetRequiredService<OrderStreams>());
        await host.StopAsync().WaitAsync(minute);
        await host.CloseAsync();
        return run.Id;
    }

    [Fact]
    public async Task AWorkerThatWasAddedBefore_IsGivenRunStreamsAndJournal_AndTheNextStartGoesOn()
    {
        using var directory = new TemporaryDirectory();
        for (var start = 1; start <= 3; start++)
        {
            var told = new ConcurrentQueue<long>();
            var host = Make(services =>
            {
                services.AddSingleton(told);
                services.AddHostedService<Worker>();
                services.AddRefold().UseSegmentFiles(directory.File("journal")).AddAggregate(Order.Aggregate).AddRun(Pin());
            });
            Assert.Equal("shop-1.0.0", (await DoneAsync(host)).Value);
            Assert.Equal([(2L * start) - 1, 2L * start], told);
        }

        await using var journal = Journal.Open(directory.Journal());
        var run = Assert.Single(await journal.RunsAsync());
        Assert.False(run.HasEnded);
        Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
    }

    // Its last command is given while it stops: the run is closed behind it.
    private sealed class Worker(OrderStreams orders, Run run, IJournal journal, ConcurrentQueue<long> told) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            Assert.True(await journal.HighestVersionAsync(run.Id.Stream, cancellationToken) > 0);
            told.Enqueue((await orders.ExecuteAsync(RunFixture.Stream, new Draw(), cancellationToken)).Version);
        }

        public async Task StopAsync(CancellationToken cancellationToken) =>
            told.Enqueue((await run.Streams(Order.Aggregate).ExecuteAsync(RunFixture.Stream, new Draw(), cancellationToken)).Version);
    }

    [Fact]
    public async Task ANewPin_IsANewRun_AndTheEarlierOneGoesOnAtItsOwn()
    {
        using var directory = new TemporaryDirectory();
        var uri = directory.Journal();
        Task<RunId> StartAsync(RunPin pin, string? name = null) =>
            DoneAsync(Make(uri, pin, options => options.RunName = name), (_, orders) => orders.ExecuteAsync("order/1", new Draw()));
        Assert.Equal("shop-1.0.0", (await StartAsync(Pin())).Value);
        Assert.Equal("shop-1.1.0", (await StartAsync(Pin("1.1.0"))).Value);
        Assert.Equal("shop-1.0.0", (await StartAsync(Pin())).Value);
        // The same version, and something else that decides: another run, too.
        Assert.Equal("shop-1.0.0/2", (await StartAsync(Pin(seed: 8))).Value);
        Assert.Equal("shop-1.0.0/2", (await StartAsync(Pin(seed: 8))).Value);
        Assert.Equal("shop-1.0.0", (await StartAsync(Pin())).Value);
        Assert.Equal("main", (await StartAsync(Pin(), "main")).Value);
        Assert.Equal("main/2", (await StartAsync(Pin("1.1.0"), "main")).Value);
        await using var journal = Journal.Open(uri);
        foreach (var run in await journal.RunsAsync()) Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched);
        Assert.Equal(8, journal.HighestVersion("order/1"));
    }

    [Fact]
    public async Task ARunThatIsEndedWithItsHost_HasItsStateHash_AndTheNextStartBeginsAnother()
    {
        using var directory = new TemporaryDirectory();
        var uri = "litedb:" + directory.File("journal.db");
        for (var start = 1; start <= 3; start++)
        {
            var host = Make(services => services.AddRefold().UseLiteDb(directory.File("journal.db"))
                .AddAggregate(Order.Aggregate)
                .AddRun(_ => Pin(), options => options.AtShutdown = RunAtShutdown.Finish));
            Assert.Equal(
                start == 1 ? "shop-1.0.0" : FormattableString.Invariant($"shop-1.0.0/{start}"),
                (await DoneAsync(host, (_, orders) => orders.ExecuteAsync("order/1", new Draw()))).Value);
        }

        await using var journal = await Journal.OpenAsync(uri);
        var runs = await journal.RunsAsync();
        Assert.Equal(3, runs.Count);
        foreach (var run in runs)
        {
            Assert.True(run.HasEnded);
            var report = await journal.VerifyAsync(run.Id, Order.Aggregate);
            Assert.True(report.Matched, report.ToString());
            Assert.NotNull(report.StateHash);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnOperationThatDoesNotEnd_IsCutOff_WhateverBecomesOfIt_AndTheNextVersionResumesIt(bool byTheHost)
    {
        using var directory = new TemporaryDirectory();
        using var logs = new LogLines();
        var (outside, held) = (new Outside(), new TaskCompletionSource());
        outside.InPayment = number => number == 1 ? held.Task : Task.CompletedTask;
        IHost Host(string version, OperationsAtStart resume = OperationsAtStart.Before) => Make(services =>
        {
            services.Configure<HostOptions>(options =>
                options.ShutdownTimeout = byTheHost ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromMinutes(1));
            services.AddLogging(logging => logging.AddProvider(logs));
            services.AddSingleton(outside);
            services.AddRefold().UseSegmentFiles(directory.File("journal"))
                .AddAggregate(Order.Aggregate)
                .AddOperation(provider => Shop.Place(provider.GetRequiredService<Outside>()))
                .AddRun(Pin(version), options =>
                {
                    options.AtShutdown = RunAtShutdown.Finish;
                    options.Operations = resume;
                    options.ShutdownTimeout = byTheHost ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(100);
                });
        });

        var host = Host("1.0.0");
        await host.StartAsync();
        var place = host.Services.GetRequiredService<Operation<PlaceRequest, PlacedOrder>>();
        var placing = host.Services.GetRequiredService<Run>().RunAsync(place, "key", Shop.Request(1));
        await Snapshots.SnapshotFixture.UntilAsync(() => outside.Payments.Count == 1);
        await host.StopAsync().WaitAsync(minute);
        // As when a client is disposed with its host: a failure that must not be recorded.
        held.SetException(new ObjectDisposedException("HttpClient"));
        await Assert.ThrowsAsync<OperationCutOffException>(() => placing.WaitAsync(minute));
        await host.CloseAsync();
        Assert.Contains(
            "Cut off 1 operations of the run shop-1.0.0",
            Assert.Single(logs.All, line => line.Id == RefoldEventIds.OperationsCutOff).Text, StringComparison.Ordinal);

        // It waits where it is told to.
        host = Host("1.0.5", OperationsAtStart.Not);
        await host.StartAsync();
        Assert.Empty(host.Services.GetRequiredService<HostedRun>().Resumed);
        await host.StopAsync();
        await host.CloseAsync();

        host = Host("1.1.0");
        await host.StartAsync().WaitAsync(minute);
        Assert.Equal(
            new ResumedOperation("place", "key", true, null), Assert.Single(host.Services.GetRequiredService<HostedRun>().Resumed));
        Assert.Contains(RefoldEventIds.OperationResumed, logs.Ids);
        await host.StopAsync();
        await host.CloseAsync();
        Assert.Single(outside.Quotes);
        Assert.Equal(2, outside.Payments.Count);
        Assert.Single(outside.Payments.Distinct());

        await using var journal = Journal.Open(directory.Journal());
        // The first is left open: its operation was cut off.
        Assert.Equal([false, true, true], (await journal.RunsAsync()).Select(run => run.HasEnded));
        // The second had nothing to do.
        foreach (var run in (await journal.RunsAsync()).Where(run => run.Id.Value != "shop-1.0.5"))
        {
            var report = await journal.ReplayAsync(run.Id.Value, Shop.Place(new Outside()));
            Assert.True(report.Matched, report.ToString());
        }
    }

    [Fact]
    public async Task OperationsThatFailOrAreUnknown_AreLogged_AndTheHostStarts()
    {
        using var directory = new TemporaryDirectory();
        using var logs = new LogLines();
        var outside = new Outside { InQuote = _ => new TaskCompletionSource().Task };
        await using (var journal = Journal.Open(directory.Journal()))
        {
            var run = await journal.StartRunAsync(
                Pin(), new RunOptions { RunId = "shop-1.0.0", DisposeTimeout = TimeSpan.FromMilliseconds(1) });
            _ = run.RunAsync(Shop.Place(outside), "fails", Shop.Request(1));
            _ = run.RunAsync(TextOperation.Of((_, _) => new TaskCompletionSource<string>().Task), "unknown", "");
            await Snapshots.SnapshotFixture.UntilAsync(
                () => journal.ReadStream("$fx/shop-1.0.0").Count() == 2 && outside.Quotes.Count == 1);
            await Assert.ThrowsAsync<RunNotClosedException>(async () => await run.DisposeAsync());
        }

        outside.InQuote = _ => Task.FromException(new IOException("gone"));
        var host = Make(services =>
        {
            services.AddLogging(logging => logging.AddProvider(logs));
            services.AddRefold().UseJournal(directory.Journal()).AddOperation(Shop.Place(outside))
                .AddRun(Pin(), options => options.Operations = OperationsAtStart.Beside);
        });
        await host.StartAsync().WaitAsync(minute);
        await Snapshots.SnapshotFixture.UntilAsync(() => logs.Ids.Contains(RefoldEventIds.OperationUnknown));
        await host.StopAsync();
        await host.CloseAsync();
        Assert.Equal(
            [
                "Resumed the operation place with the key fails, and it failed; a call with the key tries again",
                "The operation op with the key unknown was cut off, and is not resumed: add it with AddOperation",
            ],
            logs.All.Where(line => line.Category == "Refold.Host").Select(line => line.Text));
    }

    [Fact]
    public async Task ServicesThatStartAndStopAtTheSameTime_HaveTheRunMeanwhile()
    {
        using var directory = new TemporaryDirectory();
        var told = new ConcurrentQueue<long>();
        var host = Make(services =>
        {
            services.Configure<HostOptions>(
                options => (options.ServicesStartConcurrently, options.ServicesStopConcurrently) = (true, true));
            services.AddSingleton(told);
            services.AddHostedService<Worker>();
            services.AddRefold().UseSegmentFiles(directory.File("journal")).AddAggregate(Order.Aggregate).AddRun(Pin());
        });
        await DoneAsync(host);
        Assert.Equal([1L, 2L], told);
    }

    [Fact]
    public async Task JournalsWithNames_HaveRunsOfTheirOwn_AndAContainersPermitsAreShared()
    {
        var permits = new RecoveryPermits(1);
        var host = Make(services =>
        {
            services.AddSingleton(permits);
            services.AddRefold().UseInMemory().AddAggregate(Order.Aggregate).AddRun(Pin());
            services.AddKeyedRefold("audit", options => options.UseInMemory()).AddAggregate(Order.Aggregate).AddRun(Pin("2.0.0"));
        });
        await host.StartAsync();
        Assert.Equal("shop-1.0.0", host.Services.GetRequiredService<Run>().Id.Value);
        Assert.Equal("shop-2.0.0", host.Services.GetRequiredKeyedService<Run>("audit").Id.Value);
        using (await permits.AcquireAsync())
        {
            Task[] waiting =
            [
                host.Services.GetRequiredService<OrderStreams>().ExecuteAsync("order/1", new Draw()),
                host.Services.GetRequiredKeyedService<OrderStreams>("audit").ExecuteAsync("order/1", new Draw()),
            ];
            Assert.Equal(2, permits.Waiting);
            Assert.DoesNotContain(waiting, task => task.IsCompleted);
        }

        Assert.NotNull(host.Services.GetRequiredKeyedService<OrderStreams>("order"));
        await host.StopAsync();
        await host.CloseAsync();
    }
}

// The run of a host: started or resumed with it, injected, closed with it; a new one at a new pin.
// Run by `dotnet test`.
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orders;
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
    public async Task AnEmptyPin_WithoutANameForTheRun_IsRefusedAsThat()
    {
        using var directory = new TemporaryDirectory();
        using (var host = Make(directory.Journal(), new RunPin("", "", "", seed: 0)))
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync().WaitAsync(minute));
            Assert.Contains("an empty pin", refused.Message, StringComparison.Ordinal);
            Assert.Contains("HostedRunOptions.RunName", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("night", (await DoneAsync(
            Make(directory.Journal(), new RunPin("", "", "", seed: 0), options => options.RunName = "night"))).Value);
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

// The driver of a machine's deadlines as a hosted service of a host with a run.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Refold.Tests.Machines;
using Refold.Tests.Snapshots;
using Xunit;
using GateStreams = Refold.AggregateStreams<
    Refold.MachineState<Refold.Tests.Machines.Gate, Refold.Tests.Machines.Till>,
    Refold.Tests.Machines.GateCommand, Refold.Tests.Machines.GateEvent, Refold.IllegalTransition>;

namespace Refold.Tests.Hosting;

public class HostedDeadlineTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    // Made before the run is started, as every hosted service is.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ADriver_IsAHostedService_AndADeadlineThatPassedBetweenTwoHostsIsSentOnce(bool isAdded)
    {
        using var directory = new TemporaryDirectory();
        var clock = new ManualClock();
        for (var start = 1; start <= 3; start++)
        {
            var host = HostedRunTests.Make(services =>
            {
                var refold = services.AddRefold().UseJournal(directory.Journal())
                    .AddRun(HostedRunTests.Pin(), options => options.Run = new RunOptions { TimeProvider = clock });
                if (isAdded)
                    refold.AddMachine(Turnstile.Definition);
                else
                {
                    refold.AddAggregate(Turnstile.Aggregate);
                    services.AddHostedService(provider => Turnstile.Definition.Deadlines(provider.GetRequiredService<Run>()));
                }
            });
            await host.StartAsync().WaitAsync(minute);
            var run = host.Services.GetRequiredService<Run>();
            if (start == 1) await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/1", new Coin(100));
            if (start == 2) await SnapshotFixture.UntilAsync(() => Commands(host) == 2);
            await host.StopAsync().WaitAsync(minute);
            Assert.Equal(start == 1 ? 1 : 2, Commands(host));
            await host.CloseAsync();
            clock.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task AMachine_HasItsStreamsAndItsDriverInjected_AndItsStateHashed()
    {
        var clock = new ManualClock();
        var host = HostedRunTests.Make(services => services.AddRefold().UseInMemory()
            .AddMachine(Turnstile.Definition, new DeadlineOptions { RetryDelay = TimeSpan.FromSeconds(1) })
            .AddMachine(Untimed)
            .AddRun(HostedRunTests.Pin(), options =>
            {
                options.AtShutdown = RunAtShutdown.Finish;
                options.Run = new RunOptions { TimeProvider = clock };
            }));
        var driver = host.Services.GetRequiredKeyedService<DeadlineDriver>("turnstile");
        Assert.True(driver.Completion.IsCompleted);
        await host.StartAsync().WaitAsync(minute);
        Assert.False(driver.Completion.IsCompleted);
        var gates = host.Services.GetRequiredService<GateStreams>();
        await gates.ExecuteAsync("turnstile/1", new Coin(100));
        await SnapshotFixture.UntilAsync(() => driver.Next == clock.GetUtcNow().AddSeconds(30));
        clock.Advance(TimeSpan.FromSeconds(30));
        await SnapshotFixture.UntilAsync(() => Commands(host) == 2);
        // One without deadlines has its streams, and nothing that waits.
        await host.Services.GetRequiredService<Run>().Streams(Untimed.Aggregate).ExecuteAsync("lamp/1", "press");
        Assert.Null(host.Services.GetKeyedService<DeadlineDriver>("lamp"));
        var journal = (ILocalJournal)host.Journal();
        var run = host.Services.GetRequiredService<Run>().Id;
        await host.StopAsync().WaitAsync(minute);
        Assert.True(driver.Completion.IsCompleted);
        var report = await journal.VerifyAsync(run, Turnstile.Aggregate, Untimed.Aggregate);
        Assert.True(report.Matched, report.ToString());
        Assert.NotNull(report.StateHash);
        await host.CloseAsync();
    }

    [Fact]
    public async Task MachinesOfTwoJournals_HaveADriverEach()
    {
        var clock = new ManualClock();
        var options = new RunOptions { TimeProvider = clock };
        var host = HostedRunTests.Make(services =>
        {
            services.AddRefold().UseInMemory().AddMachine(Turnstile.Definition).AddRun(HostedRunTests.Pin(), run => run.Run = options);
            services.AddKeyedRefold("second", second => second.UseInMemory()).AddMachine(Turnstile.Definition)
                .AddRun(HostedRunTests.Pin(), run => run.Run = options);
        });
        await host.StartAsync().WaitAsync(minute);
        Run[] runs = [host.Services.GetRequiredService<Run>(), host.Services.GetRequiredKeyedService<Run>("second")];
        foreach (var run in runs) await run.Streams(Turnstile.Aggregate).ExecuteAsync("turnstile/1", new Coin(100));
        clock.Advance(TimeSpan.FromSeconds(30));
        ILocalJournal[] journals =
        [
            (ILocalJournal)host.Journal(), (ILocalJournal)host.Services.GetRequiredKeyedService<IJournal>("second"),
        ];
        await SnapshotFixture.UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return journals.All(journal => journal.HighestVersion("turnstile/1") == 3);
        });
        await host.StopAsync().WaitAsync(minute);
        await host.CloseAsync();
    }

    [Fact]
    public async Task WhatCannotBeAdded_SaysWhatToDo()
    {
        var refold = new ServiceCollection().AddRefold().AddMachine(Turnstile.Definition);
        Assert.Contains(
            "'turnstile' was added before",
            Assert.Throws<ArgumentException>(() => refold.AddMachine(Turnstile.Definition)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServiceCollection().AddRefold()
            .AddMachine(Turnstile.Definition, new DeadlineOptions { RetryDelay = TimeSpan.Zero }));
        var host = HostedRunTests.Make(services => services.AddRefold().UseInMemory().AddMachine(Turnstile.Definition));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Contains("call AddRun(pin)", error.Message, StringComparison.Ordinal);
        await host.CloseAsync();
    }

    private static Machine<Gate, int, string, string, IllegalTransition> Untimed { get; } =
        Machine.Create<Gate, int, string, string>("lamp")
            .Initially(Gate.Locked, 0)
            .Commands(Codec.Text("command"))
            .Events(Codec.Text("event"))
            .State(Codec.Create("lamp", at => new[] { (byte)at.State }, bytes => new MachineState<Gate, int>((Gate)bytes.Span[0], 0)))
            .In(Gate.Locked).On("press", (_, _) => ["open"]).Goes("open", Gate.Unlocked).Goes("break", Gate.Broken)
            .Build();

    private static int Commands(IHost host) =>
        ((ILocalJournal)host.Journal()).ReadAll().Count(entry => entry.Role == EntryRole.Command);
}

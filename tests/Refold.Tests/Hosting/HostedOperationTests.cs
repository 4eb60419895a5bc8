// Operations of a host: cut off where it stops or does not start, and resumed at its next start.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orders;
using Refold.Tests.Operations;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Hosting;

public class HostedOperationTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnOperationThatDoesNotEnd_IsCutOff_WhateverBecomesOfIt_AndTheNextVersionResumesIt(bool byTheHost)
    {
        using var directory = new TemporaryDirectory();
        using var logs = new LogLines();
        var (outside, held) = (new Outside(), new TaskCompletionSource());
        outside.InPayment = number => number == 1 ? held.Task : Task.CompletedTask;
        IHost Host(string version, OperationsAtStart resume = OperationsAtStart.Before) => HostedRunTests.Make(services =>
        {
            // The others end their runs, however long a busy machine takes for it.
            var bound = version == "1.0.0" ? TimeSpan.FromMilliseconds(100) : minute;
            services.Configure<HostOptions>(options => options.ShutdownTimeout = byTheHost ? bound : minute);
            services.AddLogging(logging => logging.AddProvider(logs));
            services.AddSingleton(outside);
            services.AddRefold().UseSegmentFiles(directory.File("journal"))
                .AddAggregate(Order.Aggregate)
                .AddOperation(provider => Shop.Place(provider.GetRequiredService<Outside>()))
                .AddRun(HostedRunTests.Pin(version), options =>
                {
                    options.AtShutdown = RunAtShutdown.Finish;
                    options.Operations = resume;
                    options.ShutdownTimeout = byTheHost ? minute : bound;
                });
        });

        var host = Host("1.0.0");
        await host.StartAsync();
        var place = host.Services.GetRequiredService<Operation<PlaceRequest, PlacedOrder>>();
        var placing = host.Services.GetRequiredService<Run>().RunAsync(place, "key", Shop.Request(1));
        await SnapshotFixture.UntilAsync(() => outside.Payments.Count == 1);
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
    public async Task AHostThatDoesNotStart_CutsItsOperationsOff_AndItsNextStartResumesThem()
    {
        using var directory = new TemporaryDirectory();
        var (outside, held) = (new Outside(), new TaskCompletionSource());
        outside.InQuote = number => number == 1 ? held.Task : Task.CompletedTask;
        IHost Host(bool starts) => HostedRunTests.Make(services =>
        {
            services.AddSingleton(outside);
            services.AddHostedService(provider => new Beginning(provider.GetRequiredService<Run>(), outside, starts));
            services.AddRefold().UseSegmentFiles(directory.File("journal")).AddAggregate(Order.Aggregate)
                .AddOperation(_ => Shop.Place(outside))
                .AddRun(HostedRunTests.Pin(), options => options.Run = new RunOptions { DisposeTimeout = TimeSpan.FromMilliseconds(50) });
        });
        var host = Host(starts: false);
        Assert.Equal("no port", (await Assert.ThrowsAsync<IOException>(() => host.StartAsync().WaitAsync(minute))).Message);
        await host.CloseAsync().AsTask().WaitAsync(minute);
        held.SetException(new ObjectDisposedException("HttpClient"));
        host = Host(starts: true);
        await host.StartAsync().WaitAsync(minute);
        Assert.Null(Assert.Single(host.Services.GetRequiredService<HostedRun>().Resumed).Error);
        await host.StopAsync();
        await host.CloseAsync();
    }

    /// <summary>A client of the container's that fails its calls when it is disposed of, and is slow about it.</summary>
    private sealed class Client(Outside outside, TaskCompletionSource held) : IAsyncDisposable
    {
        public Outside Outside => outside;

        public async ValueTask DisposeAsync()
        {
            held.TrySetException(new ObjectDisposedException("HttpClient"));
            await Task.Delay(200);
        }
    }

    // The container disposes of the client before the journal: a failure would be recorded, and failures are not resumed.
    [Fact]
    public async Task AHostThatDoesNotStart_RecordsNoFailureOfAClientThatGoesWithIt()
    {
        using var directory = new TemporaryDirectory();
        var (outside, held) = (new Outside(), new TaskCompletionSource());
        outside.InQuote = number => number == 1 ? held.Task : Task.CompletedTask;
        IHost Host(bool starts) => HostedRunTests.Make(services =>
        {
            services.AddSingleton(_ => new Client(outside, starts ? new TaskCompletionSource() : held));
            services.AddHostedService(provider => new Beginning(provider.GetRequiredKeyedService<HostedOne>("own").Run, outside, starts));
            services.AddKeyedSingleton("own", (provider, _) => new HostedOne(() => provider.GetRequiredService<HostedRun>().Run));
            services.AddRefold().UseSegmentFiles(directory.File("journal")).AddAggregate(Order.Aggregate)
                .AddOperation(provider => Shop.Place(provider.GetRequiredService<Client>().Outside))
                .AddRun(HostedRunTests.Pin(), options => options.Run = new RunOptions { DisposeTimeout = TimeSpan.FromMilliseconds(50) });
        });
        var host = Host(starts: false);
        Assert.Equal("no port", (await Assert.ThrowsAsync<IOException>(() => host.StartAsync().WaitAsync(minute))).Message);
        await host.CloseAsync().AsTask().WaitAsync(minute);
        await using (var left = Journal.Open(directory.Journal()))
            Assert.Equal(["$operation.begun"], left.ReadStream("$fx/shop-1.0.0").Select(entry => entry.Type));
        host = Host(starts: true);
        await host.StartAsync().WaitAsync(minute);
        Assert.Null(Assert.Single(host.Services.GetRequiredService<HostedRun>().Resumed).Error);
        await host.StopAsync();
        await host.CloseAsync();
        await using var journal = Journal.Open(directory.Journal());
        Assert.DoesNotContain(journal.ReadStream("$fx/shop-1.0.0"), entry => entry.Type == "$operation.failed");
    }

    // The run without the container's own Run, as a request of a minimal API has it.
    private sealed class HostedOne(Func<Run> run)
    {
        public Run Run => run();
    }

    // Begins an operation, and fails, as a server does whose port is taken.
    private sealed class Beginning(Run run, Outside outside, bool starts) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            if (starts) return;
            _ = run.RunAsync(Shop.Place(outside), "key", Shop.Request(1), CancellationToken.None);
            await SnapshotFixture.UntilAsync(() => outside.Quotes.Count == 1);
            throw new IOException("no port");
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
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
                HostedRunTests.Pin(), new RunOptions { RunId = "shop-1.0.0", DisposeTimeout = TimeSpan.FromMilliseconds(1) });
            _ = run.RunAsync(Shop.Place(outside), "fails", Shop.Request(1));
            _ = run.RunAsync(TextOperation.Of((_, _) => new TaskCompletionSource<string>().Task), "unknown", "");
            await SnapshotFixture.UntilAsync(
                () => journal.ReadStream("$fx/shop-1.0.0").Count() == 2 && outside.Quotes.Count == 1);
            await Assert.ThrowsAsync<RunNotClosedException>(async () => await run.DisposeAsync());
        }

        outside.InQuote = _ => Task.FromException(new IOException("gone"));
        var host = HostedRunTests.Make(services =>
        {
            services.AddLogging(logging => logging.AddProvider(logs));
            services.AddRefold().UseJournal(directory.Journal()).AddOperation(Shop.Place(outside))
                .AddRun(HostedRunTests.Pin(), options => options.Operations = OperationsAtStart.Beside);
        });
        await host.StartAsync().WaitAsync(minute);
        await SnapshotFixture.UntilAsync(() => logs.Ids.Contains(RefoldEventIds.OperationUnknown));
        await host.StopAsync();
        await host.CloseAsync();
        Assert.Equal(
            [
                "Resumed the operation place with the key fails, and it failed; a call with the key tries again",
                "The operation op with the key unknown was cut off, and is not resumed: add it with AddOperation",
            ],
            logs.All.Where(line => line.Category == "Refold.Host").Select(line => line.Text));
    }
}

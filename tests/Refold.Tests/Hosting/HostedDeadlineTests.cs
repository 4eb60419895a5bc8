// The driver of a machine's deadlines as a hosted service of a host with a run.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Refold.Tests.Machines;
using Refold.Tests.Snapshots;
using Xunit;

namespace Refold.Tests.Hosting;

public class HostedDeadlineTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    // Made before the run is started, as every hosted service is.
    [Fact]
    public async Task ADriver_IsAHostedService_AndADeadlineThatPassedBetweenTwoHostsIsSentOnce()
    {
        using var directory = new TemporaryDirectory();
        var clock = new ManualClock();
        for (var start = 1; start <= 3; start++)
        {
            var host = HostedRunTests.Make(services =>
            {
                services.AddHostedService(provider => Turnstile.Definition.Deadlines(provider.GetRequiredService<Run>()));
                services.AddRefold().UseJournal(directory.Journal()).AddAggregate(Turnstile.Aggregate)
                    .AddRun(HostedRunTests.Pin(), options => options.Run = new RunOptions { TimeProvider = clock });
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

    private static int Commands(IHost host) =>
        ((ILocalJournal)host.Journal()).ReadAll().Count(entry => entry.Role == EntryRole.Command);
}

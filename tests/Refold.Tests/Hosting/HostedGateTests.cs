// Gates that the journal of a host demands of every append, the steps of its run among them.
// Run by `dotnet test`.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orders;
using Xunit;

namespace Refold.Tests.Hosting;

public class HostedGateTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("memory")]
    [InlineData("segments")]
    [InlineData("litedb")]
    public async Task TheJournalOfAHost_DemandsItsGates_OfRunsToo_AndIsHealthy(string store)
    {
        using var directory = new TemporaryDirectory();
        var frozen = true;
        var gates = new GateSet<EncodedBatch>("freeze").Add(new("frozen", "no orders while the books are closed", _ =>
            frozen ? new GateDenial("frozen", "CLOSED", "the books are closed") : null));
        var host = Hosts.Make(
            options =>
            {
                options.UseJournal(store switch
                {
                    "segments" => directory.Journal(),
                    "litedb" => "litedb:" + directory.File("journal.db"),
                    _ => "memory:",
                });
                options.Journal = options.Journal with { RequiredGates = gates, GateOptions = new GateOptions { RecordDenials = true } };
            },
            more: services => services.AddRefold().AddAggregate(Order.Aggregate).AddRun(HostedRunTests.Pin()));
        await host.StartAsync().WaitAsync(minute);
        var orders = host.Services.GetRequiredService<AggregateStreams<OrderState, OrderCommand, OrderEvent, OrderError>>();
        var refused = await Assert.ThrowsAsync<NotAppendedException>(() => orders.ExecuteAsync("order/1", new Draw()).WaitAsync(minute));
        Assert.IsType<AppendFailure.Denied>(refused.Failure);
        Assert.Equal(HealthStatus.Healthy, (await host.HealthAsync()).Status);
        frozen = false;
        Assert.Equal(1, (await orders.ExecuteAsync("order/1", new Draw()).WaitAsync(minute)).Version);
        Assert.Equal(1, await host.Journal().HighestVersionAsync("$gates/freeze"));
        await host.StopAsync().WaitAsync(minute);
        await host.CloseAsync();
    }
}

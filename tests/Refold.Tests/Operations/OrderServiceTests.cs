// The order service of the samples, from outside: killed in the middle, resumed as a new version, replayed in another process.
// Run by `dotnet test`; Soak has the long form.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Operations;

public class OrderServiceTests(ITestOutputHelper output)
{
    [Fact]
    public Task KilledInTheMiddle_EveryAcceptedOrderIsPlacedAndPaidOnce_AndItsRunsAreReplayedWithoutANetwork() =>
        OperationSuites.OrderService.HoldsAsync(output);

    [Fact]
    public Task StoppedAndKilledAgainAndAgain_AndDeployedInBetween_EveryAcceptedOrderIsPlacedAndPaidOnce_AndEveryRunVerifies() =>
        OperationSuites.OrderRestarts.HoldsAsync(output);

    [Fact]
    public async Task ItsTelemetry_IsTold()
    {
        using var directory = new TemporaryDirectory();
        using var outside = new FlakyOutside(RngState.FromSeed(1), "token");
        using var service = await OrderServiceProcess.StartAsync(
            directory.Journal(), "1.0.0", outside.Address, "token", tellsAll: true);
        using var clients = new OrderClients { Address = service.Address };
        await clients.AskAsync(new OrderService.OrderRequest("o-1", "tea", 2));
        Assert.Equal((0, ""), await service.StopAsync());
        var told = await service.Rest;
        string[] activities =
        [
            RefoldTelemetry.OperationActivity, RefoldTelemetry.EffectActivity, RefoldTelemetry.ExecuteActivity,
            RefoldTelemetry.RecoveryActivity, RefoldTelemetry.AppendActivity, RefoldTelemetry.FlushActivity,
        ];
        string[] measured =
        [
            RefoldTelemetry.OperationDuration, RefoldTelemetry.EffectDuration, RefoldTelemetry.FlushDuration,
            RefoldTelemetry.RecoveryDuration, RefoldTelemetry.AppendDuration,
        ];
        Assert.All(activities, name => Assert.Matches($@"Activity\.DisplayName: +{name}\r?\n", told));
        Assert.All(measured, name => Assert.Contains($"Metric Name: {name},", told, StringComparison.Ordinal));
    }
}

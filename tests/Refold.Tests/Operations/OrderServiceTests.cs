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
}

// Dispatchers under SIGKILL, one and two at once, in the short form.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Delivery;

public class KilledDispatcherTests(ITestOutputHelper output)
{
    [Fact]
    public Task KilledAtAnyMoment_EachMessageIsDelivered_AndNoneThatWasConfirmedAgain() =>
        DeliverySuites.KilledDispatchers.HoldsAsync(output);

    [Fact]
    public Task TwoAtOnce_KilledInTurn_TakeOverFromEachOther_AndEachMessageIsDelivered_NoneThatWasConfirmedBeforeATurnInIt() =>
        DeliverySuites.TwoKilledDispatchers.HoldsAsync(output);
}

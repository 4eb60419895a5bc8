// The suite of operations in a service that is killed.
// Run by the tests of operations in the short form, and by Soak.
namespace Refold.Suites;

internal static class OperationSuites
{
    /// <summary>A hundred requests and one kill; where the seed divides by ten, a thousand and five.</summary>
    public static Suite OrderService { get; } = new(
        "order-service",
        1,
        10,
        (tally, seed) => seed % 10 == 0
            ? OrderServiceCase.RunAsync(tally, seed, requests: 1000, kills: 5)
            : OrderServiceCase.RunAsync(tally, seed, requests: 100, kills: 1))
    {
        Short = (tally, seed) => OrderServiceCase.RunAsync(tally, seed, requests: 100, kills: 1),
        Missing = tally => tally["kills"] == 0 ? "nothing was killed" : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [OrderService];
}

// The suites of operations in a service that is killed, and in a host that is stopped and killed.
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

    /// <summary>The host stopped a few times by SIGTERM and by SIGKILL; where the seed divides by ten, 20 times by each.</summary>
    public static Suite OrderRestarts { get; } = new(
        "order-restarts",
        1,
        2,
        (tally, seed) => seed % 10 == 0
            ? OrderRestartsCase.RunAsync(tally, seed, requests: 800, terms: 20, kills: 20)
            : OrderRestartsCase.RunAsync(tally, seed, requests: 80, terms: 3, kills: 2))
    {
        Short = (tally, seed) => OrderRestartsCase.RunAsync(tally, seed, requests: 80, terms: 3, kills: 2),
        Missing = tally => tally["kills"] == 0 || tally["terms"] == 0 ? "nothing was stopped, or nothing was killed" : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [OrderService, OrderRestarts];
}

// The order service's operation replayed in this process, with its requests held up at random, so that its branches come in any order.
// Called by OrderServiceCase.
using OrderService;

namespace Refold.Suites;

internal static class OrderReplays
{
    /// <summary>Replays a run once, held up as the seed says.</summary>
    public static async Task<ReplayReport> RunAsync(IJournal journal, RunId run, RngState seed)
    {
        // As the service's own client, without a network and with detours.
        using var client = new HttpClient(
            new HeldUp(seed) { InnerHandler = new OperationHttpHandler("Authorization") { InnerHandler = new NoNetwork() } })
        {
            BaseAddress = new Uri("http://outside/"),
            DefaultRequestHeaders = { Authorization = new("Bearer", "another") },
        };
        return await journal.ReplayAsync(run, [PlaceOrder.Operation(client)], [Order.Aggregate]);
    }

    private sealed class HeldUp(RngState seed) : DelegatingHandler
    {
        private readonly SeededRng random = SeededRng.Deferred(() => seed);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await DetourAsync();
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            finally
            {
                await DetourAsync();
            }
        }

        private async Task DetourAsync()
        {
            int yields;
            lock (random) yields = random.Between(0, 4);
            for (var count = 0; count < yields; count++) await Task.Yield();
        }
    }

    private sealed class NoNetwork : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"A replay sends {request.RequestUri}.");
    }
}

// The order service with its worker, from outside: shipments arrive through kills of both, and each is packed once.
// Run by `dotnet test`.
using System.Net;
using System.Net.Sockets;
using OrderService;
using Xunit;

namespace Refold.Tests.Operations;

public class OrderWorkerTests
{
    private const string Token = "s3cr3t-token-0452";

    [Fact]
    public async Task EveryPlacedOrderIsPackedOnce_ThroughKillsOfServiceAndWorker()
    {
        var root = RngState.FromSeed(11);
        var random = SeededRng.Deferred(() => root.Named("orders"));
        using var directory = new TemporaryDirectory();
        using var outside = new FlakyOutside(root.Named("outside"), Token);
        var (orders, parcels, address) = (directory.Journal("orders"), directory.Journal("parcels"), FreeAddress());
        var worker = await OrderServiceProcess.StartWorkerAsync(parcels, address);
        var service = await OrderServiceProcess.StartAsync(orders, "1.0.0", outside.Address, Token, worker: address);
        try
        {
            using var clients = new OrderClients { Address = service.Address };
            var asking = clients.AskAllAsync(OrderClients.Draw(random, 40), 4);
            for (var kill = 1; kill <= 3; kill++)
            {
                while (clients.Answered < 10 * kill && !asking.IsCompleted) await Task.Delay(1);
                var isService = kill != 2;
                (isService ? service : worker).Kill();
                (isService ? service : worker).Dispose();
                if (isService) service = await OrderServiceProcess.StartAsync(orders, "1.0.0", outside.Address, Token, worker: address);
                else worker = await OrderServiceProcess.StartWorkerAsync(parcels, address);
                clients.Address = service.Address;
            }

            var placed = (await asking).Count(answer => answer.Status == 200);
            Assert.InRange(placed, 1, 40);
            await PackedAsync(parcels, placed);
            Assert.Equal("", (await service.StopAsync()).Error);
            Assert.Equal("", (await worker.StopAsync()).Error);
            await CheckAsync(orders, parcels, placed, outside);
        }
        finally
        {
            service.Dispose();
            worker.Dispose();
        }
    }

    // Seen by a reader beside the worker, which writes.
    private static async Task PackedAsync(string parcels, int count)
    {
        await using var journal = Journal.Open(parcels, new JournalOptions { ReadOnly = true });
        using var patience = new CancellationTokenSource(OrderServiceProcess.Patience);
        var packed = 0;
        await foreach (var entry in journal.SubscribeAsync(1, cancellationToken: patience.Token))
        {
            if (entry.Type == "packed" && ++packed == count) return;
        }
    }

    private static async Task CheckAsync(string orders, string parcels, int placed, FlakyOutside outside)
    {
        await using var sent = Journal.Open(orders, new JournalOptions { ReadOnly = true });
        await using var packed = Journal.Open(parcels, new JournalOptions { ReadOnly = true });
        var messages = sent.ReadStream(Order.Shipments.Stream).ToList();
        Assert.Equal(placed, messages.Count);
        var packings = packed.ReadAll().Where(entry => entry.Type == "packed").ToList();
        Assert.Equal(
            messages.Select(message => $"parcel/{message.Id:D}").Order(StringComparer.Ordinal),
            packings.Select(entry => entry.Stream.Value).Order(StringComparer.Ordinal));
        Assert.Equal(placed, outside.Payments.Count);
        Assert.Equal(placed, (await sent.OutboxStatusAsync("shipments")).SettledTo);
        foreach (var run in await sent.RunsAsync())
            Assert.True((await sent.VerifyAsync(run.Id, Order.Aggregate)) is { Matched: true }, run.Id.Value);
        foreach (var run in await packed.RunsAsync())
            Assert.True((await packed.VerifyAsync(run.Id, Parcel.Aggregate)) is { Matched: true }, run.Id.Value);
    }

    private static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }
}

// The order service's host stopped and killed again and again under load, at times as a new version: every accepted order is placed and
// paid once, its shipment is seen by the worker and not again once that is confirmed, and every run comes out the same.
// Run by OperationSuites.
using OrderService;
using Xunit;

namespace Refold.Suites;

internal static class OrderRestartsCase
{
    public static async Task RunAsync(Tally tally, ulong seed, int requests, int terms, int kills)
    {
        var root = RngState.FromSeed(seed);
        var random = SeededRng.Deferred(() => root.Named("case"));
        using var directory = new TemporaryDirectory();
        using var outside = new FlakyOutside(root.Named("outside"), OrderServiceCase.Token);
        var orders = OrderClients.Draw(random, requests);
        // True is a SIGTERM.
        bool[] ends = [.. Enumerable.Repeat(true, terms), .. Enumerable.Repeat(false, kills)];
        random.Shuffle(ends);
        using var worker = await OrderServiceProcess.StartWorkerAsync(directory.Journal("parcels"), new Uri("http://127.0.0.1:0"));
        var (answers, versions) = await ServeAsync(tally, directory.Journal(), outside, worker.Address, orders, ends, random);
        Assert.Equal((0, ""), await worker.StopAsync());

        Assert.Empty(outside.Faults);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, answer.ToString()));
        Assert.DoesNotContain(answers, answer => OrderServiceCase.MustBeRefused(answer.Request) && answer.Status == 200);
        var accepted = answers.Where(answer => answer.Status == 200).ToDictionary(answer => answer.Request.Id);
        Assert.Equal(accepted.Keys.Order(), outside.Payments.Keys.Order());
        await using (var journal = Journal.Open(directory.Journal(), new JournalOptions { ReadOnly = true }))
        {
            OrderServiceCase.CheckOrders(journal, accepted, outside);
            await using var parcels = Journal.Open(directory.Journal("parcels"), new JournalOptions { ReadOnly = true });
            CheckShipments(tally, journal, parcels, accepted);
            await OrderServiceCase.ReplayHereAsync(tally, journal, versions, root, replays: 2);
            foreach (var run in await journal.RunsAsync())
                Assert.True((await journal.VerifyAsync(run.Id, Order.Aggregate)).Matched, run.ToString());
            tally.Add("attempts", journal.ReadAll().LongCount(entry => entry.Type == "$operation.begun"));
        }

        await OrderServiceCase.ReplayElsewhereAsync(directory.Journal(), versions);
        tally.Add("requests", requests);
        tally.Add("accepted", accepted.Count);
        tally.Add("versions", versions);
    }

    // Each accepted order was shipped: its message was handed over at least once, packed once, and not handed over again once that was
    // recorded. Both processes read one clock.
    private static void CheckShipments(
        Tally tally, ILocalJournal orders, ILocalJournal parcels, IReadOnlyDictionary<string, AnsweredOrder> accepted)
    {
        var messages = orders.ReadStream(Order.Shipments.Stream).ToDictionary(message => message.Id);
        Assert.Equal(accepted.Count, messages.Count);
        var confirmed = orders.ReadStream("$outbox-log/" + Order.Shipments.Name)
            .Where(fact => fact.Type == "$outbox.confirmed").ToDictionary(fact => fact.CausationId!.Value, fact => fact.Time!.Value);
        Assert.Equal(messages.Keys.Order(), confirmed.Keys.Order());
        // The worker's own record of what came: the first time it packs, later it refuses.
        var came = parcels.ReadAll().Where(entry => entry.Role == EntryRole.Command)
            .ToLookup(entry => Guid.Parse(StreamOf(entry)["parcel/".Length..]), entry => entry.Time!.Value);
        Assert.Equal(messages.Keys.Order(), came.Select(times => times.Key).Order());
        Assert.All(came, times => Assert.All(times, time => Assert.True(time <= confirmed[times.Key], $"{times.Key} came again")));
        Assert.Equal(accepted.Count, parcels.ReadAll().Count(entry => entry.Type == "packed"));
        tally.Add("shipments", accepted.Count);
        tally.Add("shipped again", came.Sum(times => times.Count() - 1));
    }

    private static string StreamOf(JournalEntry command) =>
        System.Text.Json.JsonDocument.Parse(command.Payload).RootElement.GetProperty("stream").GetString()!;

    // Until the dispatcher has nothing left to hand over.
    private static async Task DeliveredAsync(string journal)
    {
        using var patience = new CancellationTokenSource(OrderServiceProcess.Patience);
        while (true)
        {
            await using (var reading = Journal.Open(journal, new JournalOptions { ReadOnly = true }))
            {
                var status = await reading.OutboxStatusAsync(Order.Shipments.Name, patience.Token);
                if (status.SettledTo == status.Sent) return;
            }

            await Task.Delay(25, patience.Token);
        }
    }

    // Serves all orders, through one end of the service after another.
    private static async Task<(AnsweredOrder[] Answers, int Versions)> ServeAsync(
        Tally tally, string journal, FlakyOutside outside, Uri worker, OrderRequest[] orders, IReadOnlyList<bool> ends, SeededRng random)
    {
        var version = 0;
        var service = await StartAsync();
        try
        {
            using var clients = new OrderClients { Address = service.Address };
            var asking = clients.AskAllAsync(orders, OrderServiceCase.Clients);
            foreach (var (number, isTerm) in ends.Index())
            {
                // Spread over the orders, with answers between any two.
                var after = (number + 1) * orders.Length / (ends.Count + 2);
                while (clients.Answered < after && !asking.IsCompleted) await Task.Delay(1);
                if (asking.IsCompleted) await asking;
                await Task.Delay(random.Between(0, 30));
                if (isTerm)
                {
                    Assert.Equal((0, ""), await service.StopAsync());
                    var said = await service.Rest;
                    if (said.Contains("Cut off", StringComparison.Ordinal)) tally.Add("cut off");
                    tally.Add("terms");
                }
                else
                {
                    service.Kill();
                    tally.Add("kills");
                }

                service.Dispose();
                // The middle one, and some others, are deployments.
                if (number == ends.Count / 2 || random.Chance(0.2)) version++;
                // Now and then it is told to stop before it has started.
                if (number % 4 == 1) await StopInTheStartAsync();
                service = await StartAsync();
                clients.Address = service.Address;
                tally.Add("resumed", service.Resumed);
            }

            var answers = await asking;
            await DeliveredAsync(journal);
            Assert.Equal((0, ""), await service.StopAsync());
            return (answers, version + 1);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"{exception.Message}\nThe service said: {await service.StopAndReadAsync()}", exception);
        }
        finally
        {
            service.Dispose();
        }

        async Task StopInTheStartAsync()
        {
            using var starting = OrderServiceProcess.Begin(
                journal, OrderServiceCase.Version(version), outside.Address, OrderServiceCase.Token, worker);
            await Task.Delay(random.Between(50, 600));
            var (exitCode, error) = await starting.StopAsync();
            // 143: before the runtime listened to signals.
            Assert.True(exitCode is 0 or 143 && error.Length == 0, $"{exitCode} {error}");
            tally.Add(exitCode == 0 ? "terms in the start" : "terms before the start");
        }

        // Some have hardly any time to stop in, so that operations are cut off.
        Task<OrderServiceProcess> StartAsync() => OrderServiceProcess.StartAsync(
            journal, OrderServiceCase.Version(version), outside.Address, OrderServiceCase.Token, random.Pick([0.01, 0.1, 30.0]),
            worker: worker);
    }
}

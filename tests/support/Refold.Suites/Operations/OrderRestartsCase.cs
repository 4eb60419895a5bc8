// The order service's host stopped and killed again and again under load, at times as a new version: every accepted order is placed and
// paid once, and every run comes out the same. Run by OperationSuites.
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
        var (answers, versions) = await ServeAsync(tally, directory.Journal(), outside, orders, ends, random);

        Assert.Empty(outside.Faults);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, answer.ToString()));
        Assert.DoesNotContain(answers, answer => OrderServiceCase.MustBeRefused(answer.Request) && answer.Status == 200);
        var accepted = answers.Where(answer => answer.Status == 200).ToDictionary(answer => answer.Request.Id);
        Assert.Equal(accepted.Keys.Order(), outside.Payments.Keys.Order());
        await using (var journal = Journal.Open(directory.Journal(), new JournalOptions { ReadOnly = true }))
        {
            OrderServiceCase.CheckOrders(journal, accepted, outside);
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

    // Serves all orders, through one end of the service after another.
    private static async Task<(AnsweredOrder[] Answers, int Versions)> ServeAsync(
        Tally tally, string journal, FlakyOutside outside, OrderRequest[] orders, IReadOnlyList<bool> ends, SeededRng random)
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
                service = await StartAsync();
                clients.Address = service.Address;
                tally.Add("resumed", service.Resumed);
            }

            var answers = await asking;
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

        // Some have hardly any time to stop in, so that operations are cut off.
        Task<OrderServiceProcess> StartAsync() => OrderServiceProcess.StartAsync(
            journal, OrderServiceCase.Version(version), outside.Address, OrderServiceCase.Token, random.Pick([0.01, 0.1, 30.0]));
    }
}

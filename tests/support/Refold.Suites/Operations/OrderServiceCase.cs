// An order service over flaky payments: killed in the middle, started again as a new version, its clients never the wiser, and replayed.
// Run by OperationSuites.
using System.Globalization;
using System.Text;
using OrderService;
using Xunit;

namespace Refold.Suites;

internal static class OrderServiceCase
{
    internal const string Token = "s3cr3t-token-0451";
    internal const int Clients = 8;
    private const int Replays = 20;

    public static async Task RunAsync(Tally tally, ulong seed, int requests, int kills)
    {
        var root = RngState.FromSeed(seed);
        var random = SeededRng.Deferred(() => root.Named("case"));
        using var directory = new TemporaryDirectory();
        using var outside = new FlakyOutside(root.Named("outside"), Token);
        var orders = OrderClients.Draw(random, requests);
        int[] after = [.. Enumerable.Range(0, kills).Select(_ => random.Between(requests / 20, requests * 9 / 10)).Order()];
        var answers = await ServeAsync(tally, directory.Journal(), outside, orders, after, random);

        Assert.Empty(outside.Faults);
        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, answer.ToString()));
        Assert.All(answers, answer => Assert.False(MustBeRefused(answer.Request) && answer.Status == 200, answer.ToString()));
        var accepted = answers.Where(answer => answer.Status == 200).ToDictionary(answer => answer.Request.Id);
        Assert.Equal(accepted.Keys.Order(), outside.Payments.Keys.Order());
        await using (var journal = Journal.Open(directory.Journal(), new JournalOptions { ReadOnly = true }))
        {
            CheckOrders(journal, accepted, outside);
            CheckWaits(tally, journal);
            tally.Add("attempts", journal.ReadAll().LongCount(entry => entry.Type == "$operation.begun"));
            await ReplayHereAsync(tally, journal, kills + 1, root, Replays);
        }

        await ReplayElsewhereAsync(directory.Journal(), kills + 1);
        AssertNowhere(directory);
        tally.Add("requests", requests);
        tally.Add("accepted", accepted.Count);
        tally.Add("asked outside", outside.Requests);
        tally.Add("failed outside", outside.Failures);
        tally.Add("payments", outside.Payments.Count);
        tally.Add("payments sent", outside.PaymentsSent);
    }

    internal static bool MustBeRefused(OrderRequest request) =>
        request.Quantity > Order.MostItems || request.Sku == FlakyOutside.NoSuchItem;

    internal static string Version(int number) => string.Create(CultureInfo.InvariantCulture, $"1.{number}.0");

    // Serves all orders, through kills after so many answers.
    private static async Task<AnsweredOrder[]> ServeAsync(
        Tally tally, string journal, FlakyOutside outside, OrderRequest[] orders, int[] killedAfter, SeededRng random)
    {
        var service = await OrderServiceProcess.StartAsync(journal, Version(0), outside.Address, Token);
        try
        {
            using var clients = new OrderClients { Address = service.Address };
            var asking = clients.AskAllAsync(orders, Clients);
            foreach (var (number, answered) in killedAfter.Index())
            {
                while (clients.Answered < answered && !asking.IsCompleted) await Task.Delay(1);
                if (asking.IsCompleted) await asking;
                await Task.Delay(random.Between(0, 30));
                service.Kill();
                service.Dispose();
                tally.Add("kills");
                service = await OrderServiceProcess.StartAsync(journal, Version(number + 1), outside.Address, Token);
                clients.Address = service.Address;
                tally.Add("resumed", service.Resumed);
            }

            var answers = await asking;
            // An answer stands, whichever version gave it, and its id is that of no other order.
            foreach (var answer in random.Sample(answers, 10))
            {
                Assert.Equal(answer, await clients.AskAsync(answer.Request));
                Assert.Equal(409, (await clients.AskAsync(answer.Request with { Quantity = 50 })).Status);
            }

            Assert.Equal(400, (await clients.AskAsync(new OrderRequest("a/b", "tea", 1))).Status);
            tally.Add("tries", clients.Tries);
            Assert.Equal((0, ""), await service.StopAsync());
            return answers;
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"{exception.Message}\nThe service said: {await service.StopAndReadAsync()}", exception);
        }
        finally
        {
            service.Dispose();
        }
    }

    // Each accepted order is placed once, with the payment that the client was told and the payment service made.
    internal static void CheckOrders(ILocalJournal journal, Dictionary<string, AnsweredOrder> accepted, FlakyOutside outside)
    {
        var placed = journal.ReadAll()
            .Where(entry => entry is { Role: EntryRole.Event, Type: "placed" })
            .Select(entry => (Stream: entry.Stream.Value, Event: (Placed)Order.Aggregate.Events.Decode(entry)))
            .ToList();
        Assert.Equal(accepted.Keys.Select(id => "order/" + id).Order(), placed.Select(order => order.Stream).Order());
        foreach (var (stream, happened) in placed)
        {
            var answer = accepted[stream["order/".Length..]].Placed;
            Assert.Equal(new Placed(answer.Cents, answer.Payment, answer.PaidAt), happened);
            Assert.Equal(new Payment(happened.Payment, happened.Cents, happened.PaidAt), outside.Payments[answer.Id]);
        }

        Assert.Equal(accepted.Count, outside.Payments.Values.Select(payment => payment.Id).Distinct().Count());
    }

    // What a request waits for until it is durable: its begin, each call and command, and once more before the payment, as the clock was
    // read. Nobody waits for its end. Prices that are answered at once share a wait.
    private static void CheckWaits(Tally tally, ILocalJournal journal)
    {
        var attempts = journal.ReadAll().Where(OperationEntry.IsOne).GroupBy(entry => entry.Tags[0]).Select(RecordedOperation.Of)
            .Where(operation => operation is { Attempts: [{ End.Said.Output: not null }] })
            .Select(operation => operation.Attempts[0]).ToList();
        foreach (var attempt in attempts)
        {
            var waits = attempt.Effects.Append(attempt.Begun).Select(effect => effect.Entry.Batch).Distinct().Count();
            var asked = attempt.Effects.Count(effect => effect.Said.Type is OperationEntry.Call or OperationEntry.Executed);
            var readings = attempt.Effects.Count(effect => effect.Said.Type == OperationEntry.Clock);
            Assert.InRange(readings, 0, 1);
            Assert.InRange(waits, asked + readings, 1 + asked + readings);
            if (waits == 1 + asked + readings) tally.Add("waits one by one");
        }

        Assert.NotEmpty(attempts);
        Assert.True(tally["waits one by one"] > 0, tally.ToString());
    }

    internal static async Task ReplayHereAsync(Tally tally, IJournal journal, int runs, RngState root, int replays)
    {
        var recorded = await journal.RunsAsync();
        Assert.Equal(runs, recorded.Count);
        foreach (var run in recorded)
        {
            string? first = null;
            for (var number = 1; number <= replays; number++)
            {
                var seed = root.Named("replay/" + run.Id).Named(number.ToString(CultureInfo.InvariantCulture));
                var report = await OrderReplays.RunAsync(journal, run.Id, seed);
                var told = report + "\n" + string.Join('\n', report.Findings);
                Assert.True(report.Matched, told);
                Assert.Equal(first ??= told, told);
                tally.Add("replays");
            }
        }
    }

    internal static async Task ReplayElsewhereAsync(string journal, int runs)
    {
        var (exitCode, lines) = await OrderServiceProcess.ReplayAsync(journal);
        Assert.Equal((0, $"{runs} of {runs} runs match"), (exitCode, lines[^1]));
    }

    private static void AssertNowhere(TemporaryDirectory directory)
    {
        var files = Directory.GetFiles(directory.Root, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Token))));
    }
}

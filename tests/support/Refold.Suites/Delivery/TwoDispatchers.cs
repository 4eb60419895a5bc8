// Two processes that dispatch one outbox, killed in turn while it is sold: whoever stands by takes over; no message is forgotten, none that
// was confirmed before is delivered by the next one, numbers go on. Run by DeliverySuites.
using System.Text.Json;
using Xunit;

namespace Refold.Suites;

internal static class TwoDispatchers
{
    private static readonly RunId Run = RunId.Create("till");
    private static readonly StreamId Log = StreamId.Create("$outbox-log/payments");

    /// <summary>A few kills; where the seed divides by ten, 30.</summary>
    public static Task RunAsync(Tally tally, ulong seed) => RunAsync(tally, seed, kills: seed % 10 == 0 ? 30 : 6);

    public static Task RunShortAsync(Tally tally, ulong seed) => RunAsync(tally, seed, kills: 3);

    private static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        using var directory = new TemporaryDirectory();
        var random = SeededRng.FromSeed(seed);
        await using var journal = (ILocalJournal)Journal.Open(directory.Journal());
        await using var run = await journal.StartRunAsync(Till.Pin, new RunOptions { RunId = Run });
        using var stop = new CancellationTokenSource();
        var selling = SellAsync(run, stop.Token);
        List<StandingProcess> all = [];
        try
        {
            List<StandingProcess> alive = [Start(), Start()];
            for (var kill = 1; kill <= kills; kill++)
            {
                await UntilAsync(() => alive.Any(process => process.Name == Owner(journal)), selling);
                // In the middle of it.
                var upTo = journal.HighestVersion(Log) + random.Between(1, 60);
                await UntilAsync(() => journal.HighestVersion(Log) >= upTo, selling);
                var owner = alive.Find(process => process.Name == Owner(journal))!;
                // Most of the time the one that has it; its turn is taken over by the one that stood by.
                var killed = kill == 1 || random.Between(1, 4) > 1 ? owner : alive.Single(process => process != owner);
                await killed.KillAsync();
                tally.Add("kills");
                alive.Remove(killed);
                await UntilAsync(() => Owner(journal) == alive[0].Name, selling);
                if (killed == owner) tally.Add("turns taken over");
                alive.Add(Start());
            }

            await stop.CancelAsync();
            await selling;
            foreach (var process in alive) await process.KillAsync();
            tally.Add("kills", alive.Count);
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var process in all) await process.DisposeAsync();
            await selling;
        }

        await EndAsync(tally, journal, all);

        StandingProcess Start()
        {
            var name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"d{all.Count + 1}");
            all.Add(StandingProcess.Start(journal, name, directory.Root));
            return all[^1];
        }
    }

    private static async Task SellAsync(Run run, CancellationToken stopping)
    {
        await Task.Yield();
        for (var sale = 0; !stopping.IsCancellationRequested; sale++)
        {
            var stream = StreamId.Create("till/" + (char)('a' + (sale % 3)));
            await run.Tills().ExecuteAsync(stream, sale % 2 == 0 ? "sell 5" : "pay 2", CancellationToken.None);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static async Task EndAsync(Tally tally, ILocalJournal journal, IReadOnlyList<StandingProcess> all)
    {
        // Under the name of the last one it need not wait.
        var last = await TillDeliveries.RestAsync(journal, StandingProcess.Options(Owner(journal)!));

        var messages = journal.ReadStream(Till.Payments.Stream).ToList();
        Assert.Equal(Enumerable.Range(1, messages.Count).Select(number => (long)number), messages.Select(message => message.Version));
        var ids = messages.ToDictionary(message => message.Version, message => message.Id);
        Assert.Equal(messages.Count, ids.Values.Distinct().Count());
        var facts = journal.ReadStream(Log).Select(fact => (fact.Position, fact.Type, Payload: Payload(fact))).ToList();
        var confirmed = facts.Where(fact => fact.Type == "$outbox.confirmed")
            .Select(fact => (Number: fact.Payload.GetProperty("number").GetInt64(), fact.Position)).ToList();
        // Each once, by whichever of them.
        Assert.Equal(ids.Keys.Order(), confirmed.Select(fact => fact.Number).Order());
        HashSet<long> delivered = [.. last];
        foreach (var process in all)
        {
            var deliveries = process.Deliveries();
            delivered.UnionWith(deliveries.Select(delivery => delivery.Number));
            Assert.All(deliveries, delivery => Assert.Equal(ids[delivery.Number], delivery.Id));
            // Whoever never had the outbox only stood by. Whoever had it delivered nothing that was confirmed before its turn.
            var taken = facts
                .Where(fact => fact.Type == "$outbox.taken" && fact.Payload.GetProperty("dispatcher").GetString() == process.Name)
                .Select(fact => fact.Position).DefaultIfEmpty(long.MaxValue).First();
            var before = confirmed.Where(fact => fact.Position < taken).Select(fact => fact.Number).ToHashSet();
            Assert.DoesNotContain(deliveries, delivery => before.Contains(delivery.Number));
        }

        Assert.Equal(ids.Keys.ToHashSet(), delivered);
        var report = await journal.VerifyAsync(Run, Till.Aggregate);
        Assert.True(report.Matched, report.ToString());
        tally.Add("messages", messages.Count);
    }

    // Read from the end: there are many facts.
    private static string? Owner(ILocalJournal journal)
    {
        for (var version = journal.HighestVersion(Log); version > 0; version--)
        {
            var fact = journal.ReadStream(Log, version, version).Single();
            if (fact.Type == "$outbox.taken") return Payload(fact).GetProperty("dispatcher").GetString();
        }

        return null;
    }

    private static JsonElement Payload(JournalEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Payload);
        return document.RootElement.Clone();
    }

    // Bounded, so that a turn that is taken over by nobody is a failure; while it is sold, there is always something due.
    private static async Task UntilAsync(Func<bool> holds, Task selling)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 12_000, "nobody took the outbox over, or it stands still");
            if (selling.IsCompleted) await selling;
            await Task.Delay(10);
        }
    }
}

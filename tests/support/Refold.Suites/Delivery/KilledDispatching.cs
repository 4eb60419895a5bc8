// A dispatcher under SIGKILL: no message is forgotten, none that was confirmed is delivered again, numbers go on, the run verifies.
// Run by DeliverySuites.
using System.Globalization;
using Xunit;

namespace Refold.Suites;

internal static class KilledDispatching
{
    /// <summary>A few kills; where the seed divides by ten, 30.</summary>
    public static Task RunAsync(Tally tally, ulong seed) => RunAsync(tally, seed, kills: seed % 10 == 0 ? 30 : 3);

    public static Task RunShortAsync(Tally tally, ulong seed) => RunAsync(tally, seed, kills: 3);

    private static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        using var directory = new TemporaryDirectory();
        var random = SeededRng.FromSeed(seed);
        HashSet<string> acknowledged = [];
        HashSet<long> confirmed = [];
        for (var life = 1; life <= kills; life++)
        {
            await LiveAsync(directory.Root, life, (int)random.Between(1, 60), acknowledged);
            tally.Add("kills");
            var delivered = Deliveries(directory.Root);
            // What was confirmed before this life was not delivered in it.
            Assert.DoesNotContain(delivered, delivery => delivery.Life == life && confirmed.Contains(delivery.Number));
            await using var journal = Journal.Open("segments:" + DispatchingProcess.JournalOf(directory.Root));
            confirmed = Confirmed(journal);
            foreach (var number in confirmed) Assert.Contains(delivered, delivery => delivery.Number == number);
        }

        await EndAsync(tally, directory.Root, acknowledged, confirmed);
    }

    private static async Task LiveAsync(string directory, int life, int sales, HashSet<string> acknowledged)
    {
        using var process = DispatchingProcess.Start(directory, life);
        try
        {
            Assert.Equal("open", await process.StandardOutput.ReadLineAsync());
            for (var sale = 0; sale < sales; sale++)
                acknowledged.Add(await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("it ended by itself"));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task EndAsync(Tally tally, string directory, HashSet<string> acknowledged, HashSet<long> confirmedBefore)
    {
        await using var journal = Journal.Open("segments:" + DispatchingProcess.JournalOf(directory));
        var last = await TillDeliveries.RestAsync(journal, DispatchingProcess.Options("killed"));

        var messages = journal.ReadStream(Till.Payments.Stream).ToList();
        Assert.Equal(Enumerable.Range(1, messages.Count).Select(number => (long)number), messages.Select(message => message.Version));
        Assert.Equal(messages.Count, messages.Select(message => message.Id).Distinct().Count());
        Assert.DoesNotContain(last, confirmedBefore.Contains);
        var delivered = Deliveries(directory).Select(delivery => delivery.Number).Concat(last).ToHashSet();
        Assert.Equal(messages.Select(message => message.Version).ToHashSet(), delivered);
        Assert.Equal(messages.Count, Confirmed(journal).Count);
        foreach (var key in acknowledged) Assert.NotNull(journal.FindByKey(key));
        var report = await journal.VerifyAsync(DispatchingProcess.RunId, Till.Aggregate);
        Assert.True(report.Matched, report.ToString());
        tally.Add("messages", messages.Count);
    }

    // Each is confirmed once.
    private static HashSet<long> Confirmed(ILocalJournal journal)
    {
        var numbers = journal.ReadStream("$outbox-log/payments").Where(fact => fact.Type == "$outbox.confirmed").Select(fact =>
        {
            using var document = System.Text.Json.JsonDocument.Parse(fact.Payload);
            return document.RootElement.GetProperty("number").GetInt64();
        }).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        return [.. numbers];
    }

    private static List<(int Life, long Number)> Deliveries(string directory) =>
        [
            // The last line may have been cut.
            .. File.ReadAllText(DispatchingProcess.Deliveries(directory)).Split('\n').SkipLast(1).Select(line => line.Split(' '))
                .Select(words => (
                    int.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture))),
        ];
}

internal static class DeliverySuites
{
    public static Suite KilledDispatchers { get; } = new("killed-dispatchers", 2, 30, KilledDispatching.RunAsync)
    {
        Short = KilledDispatching.RunShortAsync,
        Missing = tally => tally["messages"] > 0 ? null : "no message was sent",
    };

    public static Suite TwoKilledDispatchers { get; } = new("two-dispatchers", 1, 10, TwoDispatchers.RunAsync)
    {
        Short = TwoDispatchers.RunShortAsync,
        Missing = tally =>
            tally["messages"] == 0 ? "no message was sent" : tally["turns taken over"] == 0 ? "no turn was taken over" : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [KilledDispatchers, TwoKilledDispatchers];
}

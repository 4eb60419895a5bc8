// Replays every run of a journal, at a desk without a network, and says what it came to.
// Called by Program.cs. Option: --journal.
using Microsoft.Extensions.Configuration;
using Refold;

namespace OrderService;

internal static class Replaying
{
    public static async Task<int> RunAsync(string[] args)
    {
        var options = new ConfigurationBuilder().AddCommandLine(args).Build();
        using var outside = Outside.Nowhere();
        await using var journal = await Journal.OpenAsync(
            options["journal"] ?? "segments:orders", new JournalOptions { ReadOnly = true });
        var (runs, matched) = (0, 0);
        foreach (var run in await journal.RunsAsync())
        {
            var report = await journal.ReplayAsync(run.Id, [PlaceOrder.Operation(outside)], [Order.Aggregate]);
            Console.WriteLine(report);
            foreach (var finding in report.Findings) Console.WriteLine("  " + finding);
            runs++;
            if (report.Matched) matched++;
        }

        Console.WriteLine($"{matched} of {runs} runs match");
        return runs > 0 && matched == runs ? 0 : 1;
    }
}

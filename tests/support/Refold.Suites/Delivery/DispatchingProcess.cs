// A process that sells and dispatches in one journal until it is killed: it says each sale that was acknowledged, and keeps each
// delivery in a file. Started by KilledDispatching; its other end is called by Program.
using System.Diagnostics;
using System.Globalization;

namespace Refold.Suites;

internal static class DispatchingProcess
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "dispatch";

    private static readonly RunId Run = RunId.Create("till");

    public static RunId RunId => Run;

    public static Process Start(string directory, int life)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Program.Assembly, Verb, directory, life.ToString(CultureInfo.InvariantCulture)])
        { RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    public static string Deliveries(string directory) => Path.Combine(directory, "deliveries");

    public static string JournalOf(string directory) => Path.Combine(directory, "journal");

    /// <summary>How it, and whoever looks after it, dispatches: a new name in each life, which waits for no one long.</summary>
    public static OutboxDispatcherOptions Options(string name) => new()
    {
        Name = name,
        FirstBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(2),
        MaxAttempts = int.MaxValue,
        DeliveryTimeout = TimeSpan.FromSeconds(10),
        TakeOverAfter = TimeSpan.FromSeconds(11),
    };

    /// <summary>The other end: sells until it is killed.</summary>
    public static async Task<int> RunAsync(string directory, int life)
    {
        await using var journal = Journal.Open("segments:" + JournalOf(directory));
        await using var run = await journal.StartOrResumeRunAsync(Run, Till.Pin);
        using var deliveries = new FileStream(Deliveries(directory), FileMode.Append, FileAccess.Write, FileShare.Read);
        var dispatcher = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            TillDeliveries.KeptIn(deliveries, string.Create(CultureInfo.InvariantCulture, $"{life} ")),
            // One process at a time has the journal: its name may be the same.
            Options("killed"));
        var dispatching = dispatcher.RunAsync(CancellationToken.None);
        Console.WriteLine("open");
        for (var sale = 0; !dispatching.IsCompleted; sale++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{life}.{sale}");
            var stream = StreamId.Create("till/" + (char)('a' + (sale % 3)));
            await run.Tills().ExecuteAsync(stream, sale % 2 == 0 ? "sell 5" : "pay 2", new ExecuteOptions { IdempotencyKey = key });
            Console.WriteLine(key);
        }

        await dispatching;
        return 1;
    }
}

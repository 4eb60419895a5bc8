// The benchmarks: every row, with the peers that are packages, and the guard over allocations.
// Started by `refold bench` in a clone, by .ci/run, and by hand: dotnet run -c Release --project tests/Refold.Benchmarks -- --list
using System.Globalization;
using Refold.Benchmarks.Peers;

namespace Refold.Benchmarks;

internal static class Program
{
    private const int Done = 0, Negative = 1, Usage = 2, Unreadable = 3;

    private static int Main(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            var options = BenchOptions.Parse(arguments);
            if (options.Guard) return Guard.Check(options, Console.Out) ? Done : Negative;
            var run = new BenchRun([.. OwnRows.All, .. PeerRows.All], Console.WriteLine, Console.Error);
            return run.Run(options, "", CancellationToken.None) ? Done : Unreadable;
        }
        catch (BenchUsageException exception)
        {
            Console.Error.WriteLine("refold: " + exception.Message);
            return Usage;
        }
    }
}

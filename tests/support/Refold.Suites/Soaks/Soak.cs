// The soak: every suite with many cases, from a seed that is said first; each failure is told with the line that repeats it.
// Called by `properties` with what follows the word `soak`.
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Refold.Suites;

/// <summary>Long runs of the crash, damage, kill, stress and conformance suites.</summary>
public static class Soak
{
    /// <summary>After so many failures of a suite the next one has its turn.</summary>
    private const int MostFailures = 5;

    /// <summary>Every suite, in the order they are run.</summary>
    internal static IReadOnlyList<Suite> Suites { get; } =
    [
        .. SegmentSuites.All, .. ProofSuites.All, .. LiteDbSuites.All, .. RunSuites.All, .. CodecSuites.All, .. OperationSuites.All,
        .. ToolSuites.All, .. DeliverySuites.All, .. ProjectionSuites.All,
        .. ConformanceSuites.All, StressSuite.Stress,
    ];

    /// <summary>Runs suites, and says on standard output what they met.</summary>
    /// <param name="arguments">[--suite NAME] [--seed N] [--cases N | --minutes N].</param>
    /// <returns>0; 1 where a case failed; 2 where the arguments are wrong.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (SoakOptions.Parse(arguments) is not { } options) return Refuse(SoakOptions.Usage);
        Suite[] suites = [.. Suites.Where(suite => options.Suite is null || suite.Name == options.Suite)];
        if (suites.Length == 0)
            return Refuse($"There is no suite '{options.Suite}'; there are {string.Join(", ", Suites.Select(suite => suite.Name))}.");
        var seed = options.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        Say($"soak --seed {seed}");
        var failures = 0;
        foreach (var suite in suites)
            failures += await RunAsync(suite, seed, options, TimeSpan.FromMinutes((options.Minutes ?? 0) / suites.Length));
        Say($"{suites.Length} suites, {failures} failures");
        return failures == 0 ? 0 : 1;
    }

    private static async Task<int> RunAsync(Suite suite, ulong seed, SoakOptions options, TimeSpan length)
    {
        var (tally, failures, clock) = (new Tally(), 0, Stopwatch.StartNew());
        var most = options.Minutes is null ? options.Cases ?? suite.SoakCases : int.MaxValue;
        do
        {
            try
            {
                await suite.RunCaseAsync(tally, seed + (ulong)tally.Cases);
            }
            catch (SuiteFailedException failure)
            {
                failures++;
                Say($"FAILED {suite.Name}\n{failure.Message}");
            }
        }
        while (tally.Cases < most && failures < MostFailures && (options.Minutes is null || clock.Elapsed < length));
        // Few cases need not meet everything.
        if (tally.Cases >= suite.TellingCases && suite.Missing(tally) is { } missing)
        {
            failures++;
            Say($"FAILED {suite.Name}");
            Say($"again: dotnet run --project properties -c Release -- soak --suite {suite.Name} --seed {seed} --cases {tally.Cases}");
            Say($"{missing}");
        }

        Say($"{suite.Name}: {tally}, {failures} failures, {(long)clock.Elapsed.TotalSeconds} s");
        return failures;
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static int Refuse(string text)
    {
        Console.Error.WriteLine(text);
        return 2;
    }
}

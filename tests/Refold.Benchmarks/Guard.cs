// Holds allocated bytes to the limits in allocations.txt. Bytes are steady where times are not, so a build can fail over them.
// Called by Program for --guard, which .ci/run does.
#if !DEBUG
using System.Diagnostics;
using System.Globalization;
#endif

namespace Refold.Benchmarks;

internal static class Guard
{
    /// <summary>Measures everything that has a limit, and says what is above its own.</summary>
    /// <param name="options">Of them the rounds and the directory count.</param>
    /// <param name="output">Takes the figures.</param>
    /// <returns>Whether every limit is kept.</returns>
    public static bool Check(BenchOptions options, TextWriter output)
    {
#if DEBUG
        throw new BenchUsageException("The limits are those of a Release build; run it with -c Release.");
#else
        if (Environment.GetEnvironmentVariable(Tiering) != "0") return CheckWithoutTiering(options);
        var limits = Limits();
        using var session = new BenchSession(options, Console.Error);
        var wrong = new List<string>();
        foreach (var (name, measure) in AllocationRows.Guarded)
        {
            double bytes = measure(session);
            if (!limits.Remove(name, out double limit)) wrong.Add($"{name} has no limit in allocations.txt");
            else if (bytes > limit) wrong.Add(Text($"{name} allocates {bytes:F1} B, at most {limit:F1} are allowed"));
            output.WriteLine(Text($"{name,-24}{bytes,10:F1} B  of {limit,8:F0}"));
        }

        wrong.AddRange(limits.Keys.Select(name => $"{name} has a limit in allocations.txt, and nothing measures it"));
        foreach (string line in wrong) output.WriteLine("allocations: " + line);
        return wrong.Count == 0;
#endif
    }

#if !DEBUG
    private const string Tiering = "DOTNET_TieredCompilation";

    // Code that is not optimised yet allocates what optimised code keeps on the stack, and when it is depends on how busy the machine is:
    // the figures are steady only where the first compilation is the last one.
    private static bool CheckWithoutTiering(BenchOptions options)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, options.ToArguments()) { UseShellExecute = false };
        // Started by its host, as by `dotnet Refold.Benchmarks.dll`.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Insert(0, typeof(Guard).Assembly.Location);
        start.Environment[Tiering] = "0";
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    // `name bytes` a line.
    private static Dictionary<string, double> Limits() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "allocations.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
#endif
}

// The process that decides again: it takes the culture first, then the aggregates and the journal, and writes its verdict.
// Started by CheckProcess with `dotnet exec`; this library has an entry point for nothing else.
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Refold.Testing;

internal static class CheckingProgram
{
    // What a static field remembers of the first pass shows in the second.
    private const int Passes = 2;

    /// <summary>Arguments: the journal, the result, the culture, the assembly's path and name, the type or nothing, the run or
    /// nothing.</summary>
    internal static int Main(string[] arguments)
    {
        if (arguments is not [var journal, var result, var culture, var path, var name, var type, var run])
        {
            Console.Error.WriteLine("This is a library; Determinism.CheckAsync starts it.");
            return 2;
        }

        ProcessFiles.WriteResult(result, Verdict(journal, culture, path, name, type, run));
        return 0;
    }

    private static JsonObject Verdict(string journal, string culture, string path, string name, string type, string run)
    {
        try
        {
            Take(culture);
            var aggregates = Aggregates(path, name, type);
            return DecideAsync(ProcessFiles.Read(journal), aggregates, run).GetAwaiter().GetResult();
        }
        catch (Exception thrown)
        {
            // Aggregates are made by code of others, which may throw anything.
            return new JsonObject { ["error"] = $"{thrown.GetType().Name}: {(thrown.InnerException ?? thrown).Message}" };
        }
    }

    private static void Take(string culture)
    {
        // Known to the system, not made up for the name; without the system's data every culture would be the invariant one.
        var taken = CultureInfo.GetCultureInfo(culture, predefinedOnly: true);
        if (culture != "" && taken.NumberFormat.CurrencySymbol == CultureInfo.InvariantCulture.NumberFormat.CurrencySymbol)
        {
            throw new DeterminismException(
                $"The system has no data of the culture '{culture}': install ICU, and leave the invariant mode of globalization off.");
        }

        CultureInfo.DefaultThreadCurrentCulture = taken;
        CultureInfo.DefaultThreadCurrentUICulture = taken;
        CultureInfo.CurrentCulture = taken;
        CultureInfo.CurrentUICulture = taken;
    }

    private static IReadOnlyList<Aggregate> Aggregates(string path, string name, string type)
    {
        var assembly = Load(path, name);
        IReadOnlyList<Aggregate> aggregates = type == ""
            ? ProgramMembers.Aggregates(assembly)
            : [.. ProgramMembers.Aggregates(assembly.GetType(type, throwOnError: true)!)];
        return aggregates.Count > 0
            ? aggregates
            : throw new DeterminismException(
                $"{(type == "" ? assembly.GetName().Name : type)} has no public static property or field with an Aggregate; "
                + "make it public.");
    }

    private static Assembly Load(string path, string name)
    {
        try
        {
            return Assembly.Load(new AssemblyName(name));
        }
        catch (FileNotFoundException)
        {
            // Not among the libraries of the program that checks.
            return Assembly.LoadFrom(path);
        }
    }

    private static async Task<JsonObject> DecideAsync(InMemoryJournal journal, IReadOnlyList<Aggregate> aggregates, string only)
    {
        IReadOnlyList<RunId> runs = only != "" ? [RunId.Create(only)] : [.. (await journal.RunsAsync()).Select(run => run.Id)];
        long derived = 0;
        bool decided = false;
        for (int pass = 1; pass <= Passes; pass++)
        {
            foreach (var run in runs)
            {
                var report = await journal.VerifyAsync(run, aggregates, new VerifyOptions()).ConfigureAwait(false);
                derived += report.Derived;
                // Of a run with redacted commands the others are decided.
                decided |= report.Verdict is ReplayVerdict.Matched
                    || (report.Verdict is ReplayVerdict.Incomplete && report.Derived > 0);
                if (report.Divergence is { } found) return Verdict(runs.Count, derived, Difference(run, pass, found));
            }
        }

        return decided
            ? Verdict(runs.Count, derived, null)
            : throw new DeterminismException("The journal has no recorded command to decide again.");
    }

    private static JsonObject Verdict(int runs, long derived, JsonObject? difference) =>
        new() { ["runs"] = runs, ["derived"] = derived, ["difference"] = difference };

    private static JsonObject Difference(RunId run, int pass, Divergence found) => new()
    {
        ["run"] = run.Value,
        ["position"] = found.Position,
        ["stream"] = found.Stream.Value,
        ["version"] = found.Version,
        ["path"] = found.Path,
        ["expected"] = found.Expected,
        ["actual"] = found.Actual,
        ["cause"] = (int)found.Cause,
        ["pass"] = pass,
        ["text"] = string.Join(
            '\n',
            new[] { found.ToString(), Named("command", found.Command), Named("state before", found.StateBefore) }.OfType<string>()),
    };

    private static string? Named(string name, string? value) => value is null ? null : $"{name}: {value}";
}

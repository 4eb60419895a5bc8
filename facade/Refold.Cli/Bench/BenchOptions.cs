// How the benchmarks are run, read from a command line that the tool and the benchmark program share.
// Made by BenchVerb and by the benchmark program; used by BenchRun.
using System.Globalization;

namespace Refold.Bench;

/// <summary>How the benchmarks are run.</summary>
internal sealed record BenchOptions
{
    /// <summary>The rows to run, each a name or how it begins; none for all.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];

    /// <summary>Whether rows are printed as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Whether everything is done in small, for tests: the figures mean nothing.</summary>
    public bool Quick { get; init; }

    /// <summary>Whether the rows are only named.</summary>
    public bool List { get; init; }

    /// <summary>Whether the growth table is measured instead of rows.</summary>
    public bool Growth { get; init; }

    /// <summary>Whether allocations are compared with their limits instead of rows being measured.</summary>
    public bool Guard { get; init; }

    /// <summary>How many entries the largest journals have.</summary>
    public long? Entries { get; init; }

    /// <summary>How many streams the growth table goes up to.</summary>
    public int? Streams { get; init; }

    /// <summary>How often each row measures both sides.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Where files are made, in a directory of their own that is removed; null for the system's place.</summary>
    public string? Directory { get; init; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="BenchUsageException">It is not understood.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        var rows = new List<string>();
        for (int index = 0; index < arguments.Count; index++)
        {
            string Value()
            {
                if (++index < arguments.Count) return arguments[index];
                throw new BenchUsageException($"{arguments[index - 1]} needs a value.");
            }

            switch (arguments[index])
            {
                case "--row": rows.Add(Value()); break;
                case "--json": options = options with { Json = true }; break;
                case "--quick": options = options with { Quick = true }; break;
                case "--list": options = options with { List = true }; break;
                case "--growth": options = options with { Growth = true }; break;
                case "--guard": options = options with { Guard = true }; break;
                case "--entries": options = options with { Entries = Number("--entries", Value(), 1_000, 100_000_000) }; break;
                case "--streams": options = options with { Streams = (int)Number("--streams", Value(), 1, 1_000_000) }; break;
                case "--rounds": options = options with { Rounds = (int)Number("--rounds", Value(), 1, 1_000) }; break;
                case "--directory": options = options with { Directory = Value() }; break;
                default: throw new BenchUsageException($"'{arguments[index]}' is not known here.");
            }
        }

        return options with { Rows = rows };
    }

    /// <summary>The command line that <see cref="Parse"/> reads these options from.</summary>
    public IEnumerable<string> ToArguments()
    {
        foreach (string row in Rows)
        {
            yield return "--row";
            yield return row;
        }

        if (Json) yield return "--json";
        if (Quick) yield return "--quick";
        if (List) yield return "--list";
        if (Growth) yield return "--growth";
        if (Guard) yield return "--guard";
        foreach (var (name, value) in new (string, long?)[] { ("--entries", Entries), ("--streams", Streams), ("--rounds", Rounds) })
        {
            if (value is not { } given) continue;
            yield return name;
            yield return given.ToString(CultureInfo.InvariantCulture);
        }

        if (Directory is null) yield break;
        yield return "--directory";
        yield return Directory;
    }

    private static long Number(string name, string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
            ? value
            : throw new BenchUsageException(string.Create(
                CultureInfo.InvariantCulture, $"{name} is '{text}', it must be a whole number from {least} to {most}."));
}

/// <summary>A command line of the benchmarks that is not understood; the message has the remedy.</summary>
internal sealed class BenchUsageException(string message) : Exception(message);

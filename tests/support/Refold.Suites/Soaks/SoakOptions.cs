// What the soak is asked for on the command line.
// Read by Soak.
using System.Globalization;

namespace Refold.Suites;

/// <summary>The options of a soak.</summary>
internal sealed record SoakOptions
{
    public const string Usage =
        "usage: dotnet run --project properties -c Release -- soak [--suite NAME] [--seed N] [--cases N | --minutes N]";

    /// <summary>One suite; null: all, one after the other.</summary>
    public string? Suite { get; init; }

    /// <summary>The seed of the first case of each suite; null: a fresh one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Cases of each suite; null: as many as each has.</summary>
    public int? Cases { get; init; }

    /// <summary>Minutes of all suites together; null: however long the cases take.</summary>
    public double? Minutes { get; init; }

    /// <summary>The options; null where the arguments say something else.</summary>
    public static SoakOptions? Parse(IReadOnlyList<string> arguments)
    {
        var options = new SoakOptions();
        if (arguments.Count % 2 != 0) return null;
        foreach (var pair in arguments.Chunk(2))
        {
            if (options.With(pair[0], pair[1]) is not { } next) return null;
            options = next;
        }

        return options is { Cases: not null, Minutes: not null } ? null : options;
    }

    private SoakOptions? With(string name, string value)
    {
        var culture = CultureInfo.InvariantCulture;
        return name switch
        {
            "--suite" => this with { Suite = value },
            "--seed" when ulong.TryParse(value, NumberStyles.None, culture, out var seed) => this with { Seed = seed },
            "--cases" when int.TryParse(value, NumberStyles.None, culture, out var cases) && cases > 0 => this with { Cases = cases },
            "--minutes" when double.TryParse(value, NumberStyles.AllowDecimalPoint, culture, out var minutes) && minutes > 0 =>
                this with { Minutes = minutes },
            _ => null,
        };
    }
}

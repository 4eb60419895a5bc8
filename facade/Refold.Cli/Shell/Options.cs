// The options every verb knows, and options whose values are numbers or seeds.
// Used by the verbs when they are built and when they run.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Refold.Cli.Shell;

internal static class Options
{
    public const string DefaultJournal = "segments:refold-data";

    public static Option<string> Journal { get; } = new("--journal")
    {
        Description = "The journal: segments:DIRECTORY, litedb:FILE, or memory: for one that is gone afterwards",
        HelpName = "URI",
        Recursive = true,
        DefaultValueFactory = _ => DefaultJournal,
    };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON object (entries: one a line) for scripts",
        Recursive = true,
    };

    public static Option<T?> Number<T>(string name, string help, string description, T least, T most)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = help,
            CustomParser = result => Parse(result, name, least, most),
        };

    /// <summary>An option that is said as yes or no; read by <see cref="IsYes"/>.</summary>
    public static Option<string?> YesOrNo(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "yes|no",
        CustomParser = result =>
        {
            string token = result.Tokens[0].Value;
            if (token is not ("yes" or "no")) result.AddError($"{name} is '{token}', it must be yes or no.");
            return token;
        },
    };

    /// <summary>What was said; null where neither was.</summary>
    public static bool? IsYes(string? said) => said is null ? null : said == "yes";

    public static Option<string?> Text(string name, string help, string description) => new(name)
    {
        Description = description,
        HelpName = help,
    };

    /// <summary>A time as RFC 3339 has it.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string token = result.Tokens[0].Value;
            var time = Core.Timestamp.parseWith(Core.MoreDigits.Zeros, token);
            if (time.IsOk) return time.ResultValue;
            result.AddError($"{name} is '{token}': {time.ErrorValue}, such as 2026-11-28T12:00:00Z.");
            return null;
        },
    };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>Every value the parser hands to <c>CustomParser</c> is one token, in the invariant form.</summary>
    private static T? Parse<T>(ArgumentResult result, string name, T least, T most)
        where T : struct, INumber<T>
    {
        string token = result.Tokens[0].Value;
        if (T.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        result.AddError(
            string.Create(CultureInfo.InvariantCulture, $"{name} is '{token}', it must be a whole number from {least} to {most}."));
        return null;
    }
}

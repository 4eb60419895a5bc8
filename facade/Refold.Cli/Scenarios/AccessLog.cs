// Lines of a web server's access log in the combined format (Apache HTTP Server 2.4, mod_log_config: "combined").
// Called by the dispatch scenario.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Refold.Cli.Scenarios;

/// <summary>A line of the log, taken apart.</summary>
internal sealed record AccessLogLine(DateTimeOffset Time, Request Request);

internal static partial class AccessLog
{
    private const string TimeFormat = "dd/MMM/yyyy:HH:mm:ss zzz";

    /// <summary>The parts of a line, or null where it is not in the combined format.</summary>
    public static AccessLogLine? TryParse(string line)
    {
        if (Combined.Match(line) is not { Success: true } match)
            return null;

        // The format writes offsets as +0200; .NET reads +02:00.
        string time = match.Groups["time"].Value.Insert(match.Groups["time"].Length - 2, ":");
        if (!DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed)
            || !int.TryParse(match.Groups["status"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            || !TrySize(match.Groups["size"].Value, out long size))
        {
            return null;
        }

        var request = new Request(
            match.Groups["client"].Value,
            match.Groups["identity"].Value,
            match.Groups["user"].Value,
            parsed,
            match.Groups["request"].Value,
            status,
            size,
            match.Groups["referrer"].Value,
            match.Groups["agent"].Value);
        return new AccessLogLine(parsed.ToUniversalTime(), request);
    }

    private static bool TrySize(string text, out long size)
    {
        size = 0;
        return text == "-" || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size);
    }

    // Quoted fields have \" for a quote. Nothing backtracks, so no line takes long.
    [GeneratedRegex(
        """\A(?<client>[^ ]+) (?<identity>[^ ]+) (?<user>[^ ]+) """
        + """\[(?<time>[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4})\]"""
        + """ "(?<request>(?:[^"\\]|\\.)*)" (?<status>[0-9]{3}) (?<size>[0-9]+|-)"""
        + """ "(?<referrer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)"\z""",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Combined { get; }
}

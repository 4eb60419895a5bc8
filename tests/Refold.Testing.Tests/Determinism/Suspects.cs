// Aggregates for the check of determinism: an honest one, and one for each thing that a decision must not depend on. All share a category
// and codecs, so that what one recorded can be decided by another.
// Loaded by the processes of the check from this assembly; public for that reason.
using System.Globalization;

namespace Refold.Testing.Tests.Determinisms;

public static class Suspects
{
    internal static Aggregate<string, string, string, string> Deciding(Func<Step, string, string> decide) => Aggregate.Create(
        "suspect",
        "",
        (step, _, command) => Decision.Accept<string, string>([decide(step, command)]),
        (_, happened) => happened,
        Codec.Text("command"),
        Codec.Text("event"),
        Codec.Text("refused"),
        Codec.Text("state"));
}

public static class Honest
{
    public static Aggregate<string, string, string, string> Aggregate { get; } =
        Suspects.Deciding((step, command) => command + step.Random.Between(1, 1000).ToString(CultureInfo.InvariantCulture));
}

public static class Formatting
{
    public static Aggregate<string, string, string, string> Aggregate { get; } =
        Suspects.Deciding((_, _) => 1234.5.ToString("N1", CultureInfo.CurrentCulture));
}

public static class Comparing
{
    public static Aggregate<string, string, string, string> Aggregate { get; } =
        Suspects.Deciding((_, _) => string.Concat(new[] { "z", "\u00e4", "a" }.Order(StringComparer.CurrentCulture)));
}

public static class Hashing
{
    public static readonly Aggregate<string, string, string, string> Aggregate =
        Suspects.Deciding((_, command) => command.GetHashCode(StringComparison.Ordinal).ToString(CultureInfo.InvariantCulture));
}

public static class Clocked
{
    public static Aggregate<string, string, string, string> Aggregate { get; } =
        Suspects.Deciding((_, _) => DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture));
}

public static class Remembering
{
    private static readonly HashSet<string> Seen = [];

    public static Aggregate<string, string, string, string> Aggregate { get; } =
        Suspects.Deciding((_, command) => Seen.Add(command) ? "first" : "again");
}

public static class Exiting
{
    public static Aggregate<string, string, string, string> Aggregate { get; } = Suspects.Deciding((_, _) =>
    {
        Environment.Exit(0);
        return "";
    });
}

public static class Hanging
{
    public static Aggregate<string, string, string, string> Aggregate { get; } = Suspects.Deciding((_, _) =>
    {
        Thread.Sleep(Timeout.Infinite);
        return "";
    });
}

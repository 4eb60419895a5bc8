// Command lines as text to copy: how to go on with what was interrupted.
// Used by verbs that can be interrupted, and by the demo.
namespace Refold.Cli.Shell;

internal static class CommandText
{
    /// <summary>The command line that was given, to copy: with an option that it must have, and without another.</summary>
    public static string Again(string? with = null, string? without = null)
    {
        var words = Terminal.Current.Arguments.Where(argument => argument != without);
        if (with is not null && !Terminal.Current.Arguments.Contains(with)) words = words.Append(with);
        return "refold " + string.Join(' ', words.Select(Quoted));
    }

    /// <summary>The command line with another value of an option.</summary>
    public static string AgainFrom(string option, long value)
    {
        var words = new List<string>();
        string text = value.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var given = Terminal.Current.Arguments;
        for (int index = 0; index < given.Count; index++)
        {
            if (given[index] == option) index++;
            else if (!given[index].StartsWith(option + "=", StringComparison.Ordinal)) words.Add(given[index]);
        }

        return "refold " + string.Join(' ', words.Append(option).Append(text).Select(Quoted));
    }

    /// <summary>A word as a shell takes it.</summary>
    public static string Quoted(string text) =>
        text.Length > 0
            && text.All(character => char.IsAsciiLetterOrDigit(character) || "/.:-_+=,@".Contains(character, StringComparison.Ordinal))
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}

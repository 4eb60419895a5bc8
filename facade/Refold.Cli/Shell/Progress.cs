// How far long work has come, for a person at a terminal; silent in a pipe.
// Used by import, record and compact.
using System.Globalization;

namespace Refold.Cli.Shell;

internal static class Progress
{
    private const long Every = 256;

    private static bool IsShown => Output.IsTerminal && !Console.IsErrorRedirected;

    public static void Tell(long done, string unit)
    {
        if (done % Every == 0)
            Tell(string.Create(CultureInfo.InvariantCulture, $"{done} {unit}"));
    }

    public static void Tell(string text)
    {
        if (IsShown)
            Console.Error.Write("\r\e[K" + text);
    }

    /// <summary>Clears the line, so that what follows begins on an empty one.</summary>
    public static void End()
    {
        if (IsShown)
            Console.Error.Write("\r\e[K");
    }
}

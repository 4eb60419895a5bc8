// How far long work has come, for a person at a terminal; silent in a pipe.
// Used by import and record.
using System.Globalization;

namespace Refold.Cli.Shell;

internal static class Progress
{
    private const long Every = 256;

    private static bool IsShown => Output.IsTerminal && !Console.IsErrorRedirected;

    public static void Tell(long done, string unit)
    {
        if (done % Every == 0 && IsShown)
            Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{done} {unit}"));
    }

    /// <summary>Clears the line, so that what follows begins on an empty one.</summary>
    public static void End()
    {
        if (IsShown)
            Console.Error.Write("\r\e[K");
    }
}

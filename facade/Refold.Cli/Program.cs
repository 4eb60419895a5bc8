// The entry point of the `refold` tool.
// Called by the shell; tests start the built program the same way, or run CommandLine in their own process.
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        // What the tool prints is read by scripts: it is the same under every culture.
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentUICulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        using var interruption = new Interruption();
        return CommandLine.Run(arguments, interruption.Token);
    }
}

// The entry point of the `refold` tool.
// Called by the shell; the tests start the built program the same way.
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
        return CommandLine.Run(arguments);
    }
}

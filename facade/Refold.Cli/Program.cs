// The entry point of the `refold` tool.
// Called by the shell; the tests start the built program the same way.
using System.CommandLine;

namespace Refold.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var root = new RootCommand("Records, replays and checks Refold journals.");
        return root.Parse(arguments).Invoke();
    }
}

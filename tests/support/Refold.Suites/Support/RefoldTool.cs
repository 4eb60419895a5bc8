// Runs the tool's command line in the test's own process, as RefoldProcess does in one of its own: a process takes half a second.
// Used by every test of the tool that is not about processes, signals, pipes or the environment.
using System.Text;
using Refold.Cli.Shell;

namespace Refold.Suites;

internal static class RefoldTool
{
    /// <summary>Runs a command line with output into a pipe and nothing on standard input.</summary>
    public static ToolResult Run(params string[] arguments) => Run(arguments, columns: null);

    /// <summary>Runs a command line on a screen of so many columns.</summary>
    public static ToolResult RunOnScreen(int columns, params string[] arguments) => Run(arguments, columns);

    /// <summary>Runs a command line that is given standard input.</summary>
    public static ToolResult RunGiven(Stream input, CancellationToken cancellationToken, params string[] arguments) =>
        Run(arguments, columns: null, () => input, cancellationToken);

    /// <summary>Runs a command line that is interrupted before it begins, or while it works.</summary>
    public static ToolResult RunInterrupted(CancellationToken cancellationToken, params string[] arguments) =>
        Run(arguments, columns: null, cancellationToken: cancellationToken);

    private static ToolResult Run(
        string[] arguments, int? columns, Func<Stream>? input = null, CancellationToken cancellationToken = default)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        var before = Terminal.Current;
        // Of this flow of control alone: other tests run beside it.
        Terminal.Current = new Terminal(output, error, input ?? (() => Stream.Null), columns, errorIsTerminal: columns is not null);
        try
        {
            int exitCode = CommandLine.Run(arguments, cancellationToken);
            return new ToolResult(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
        }
        finally
        {
            Terminal.Current = before;
        }
    }
}

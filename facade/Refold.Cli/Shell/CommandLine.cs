// The command line as a whole: the verbs, what a parse error looks like, and which exception ends with which exit code.
// Called by Program.
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Refold.Cli.Verbs;

namespace Refold.Cli.Shell;

internal static class CommandLine
{
    private const string Description =
        """
        Records, replays and checks Refold journals.

        Exit codes: 0 done and in order; 1 the verdict is negative (diverged, tampered, different); 2 wrong usage;
        3 the journal or the input cannot be opened or read; 4 a conflict (expected version, another writer, a run or entries that
        are there already); 130 interrupted, after a line that says what is durable and how to go on.
        """;

    private static readonly Lazy<RootCommand> Root = new(CreateRoot);

    /// <summary>Runs a command line on the current terminal.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments, CancellationToken cancellationToken)
    {
        Terminal.Current.Arguments = arguments;
        int exitCode = ExitCode.Done;
        try
        {
            exitCode = Invoke(arguments, cancellationToken);
            Output.Flush();
        }
        catch (OutputClosedException)
        {
            // Quietly: the reader has seen enough. A verdict that was reached stays in the exit code.
        }
        catch (Exception exception)
        {
            exitCode = Report(exception);
        }

        return exitCode;
    }

    private static RootCommand CreateRoot()
    {
        var root = new RootCommand(Description) { Options.Journal, Options.Json };
        foreach (var verb in AllVerbs.Create())
            root.Add(verb);
        return root;
    }

    private static int Invoke(string[] arguments, CancellationToken cancellationToken)
    {
        // Somebody who types the name alone wants to know what there is.
        var parsed = Root.Value.Parse(
            arguments.Length == 0 ? ["--help"] : arguments,
            new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Action is not ParseErrorAction)
        {
            // Help and version; verbs write through Output.
            using var text = new StringWriter { NewLine = "\n" };
            // Signals are the tool's own: the library gives a verb two seconds, and answers a second Ctrl-C with a crash.
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = text,
                Error = Terminal.Current.Error,
            };
            int exitCode = parsed.InvokeAsync(configuration, cancellationToken).GetAwaiter().GetResult();
            if (text.ToString() is { Length: > 0 } printed) Output.Line(printed.TrimEnd('\n'));
            return exitCode;
        }

        // "evidence make", not "make": that is what has a help.
        string verbName = "";
        for (var found = parsed.CommandResult; found.Parent is CommandResult parent; found = parent)
            verbName = found.Command.Name + " " + verbName;
        string problem = parsed.UnmatchedTokens is not [var token, ..] ? parsed.Errors[0].Message
            : parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Required) is { } needed && !token.StartsWith('-')
                && parsed.GetResult(needed) is null or { Implicit: true }
                ? $"'{token}' is not known here; {needed.Name} '{token}' may be meant."
            : $"'{token}' is not known here.";
        throw new ToolException(ExitCode.Usage, $"{problem} See: refold {verbName}--help");
    }

    private static int Report(Exception exception)
    {
        try
        {
            // What was printed before the error is still owed to the reader.
            Output.Flush();
        }
        catch (Exception closedOrFull) when (closedOrFull is OutputClosedException or ToolException)
        {
            // The error line below goes elsewhere.
        }

        var (exitCode, message) = Failures.Describe(exception);
        Terminal.Warn(OneLine(message));
        return exitCode;
    }

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}

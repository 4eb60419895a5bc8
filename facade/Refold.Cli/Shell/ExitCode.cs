// The exit codes of the tool, and the exception that ends a verb with one of them.
// Used by every verb; CommandLine turns the exception into one line on standard error.
namespace Refold.Cli.Shell;

internal static class ExitCode
{
    /// <summary>Done and in order.</summary>
    public const int Done = 0;

    /// <summary>The verdict is negative: diverged, torn, tampered, different.</summary>
    public const int Negative = 1;

    /// <summary>Wrong usage.</summary>
    public const int Usage = 2;

    /// <summary>The journal or the input cannot be opened or read.</summary>
    public const int Unreadable = 3;

    /// <summary>A conflict: an expected version, a journal in use by another writer, a run that exists.</summary>
    public const int Conflict = 4;

    /// <summary>Interrupted by Ctrl-C or SIGTERM, after a line that says what is durable and how to go on.</summary>
    public const int Interrupted = 130;
}

/// <summary>Ends a verb.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">One line: what is wrong, and what to do about it.</param>
internal sealed class ToolException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

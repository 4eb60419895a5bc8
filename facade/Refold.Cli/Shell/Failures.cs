// Which exception ends the tool with which exit code, and what its one line says.
// Called by CommandLine for whatever a verb throws.
namespace Refold.Cli.Shell;

internal static class Failures
{
    public static (int ExitCode, string Message) Describe(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        System.Reflection.TargetInvocationException { InnerException: { } inner } => Describe(inner),
        ToolException tool => (tool.ExitCode, tool.Message),
        ConcurrencyException or JournalInUseException or RunExistsException or RunEndedException or PinMismatchException =>
            (ExitCode.Conflict, exception.Message),
        NotAppendedException { Failure: AppendFailure.Conflict or AppendFailure.ConditionFailed or AppendFailure.KeyReused } =>
            (ExitCode.Conflict, exception.Message),
        OutboxLossException { Outbox: var outbox } =>
            (ExitCode.Conflict, exception.Message + $" On the command line that is --lose-outbox '{outbox}'."),
        NotAppendedException { Failure: AppendFailure.NoRoom { Reason: var reason } } =>
            (ExitCode.Unreadable,
                $"There is no room: {reason}. Everything acknowledged is there; make room, and go on (import and record: with --resume)."),
        JournalException => (ExitCode.Unreadable, exception.Message),
        FileNotFoundException or DirectoryNotFoundException => (ExitCode.Unreadable, exception.Message + " Check the path."),
        UnauthorizedAccessException => (ExitCode.Unreadable, exception.Message + " Check the permissions."),
        IOException => (ExitCode.Unreadable, exception.Message + " Check the device and its free room."),
        OperationCanceledException =>
            (ExitCode.Interrupted, "Interrupted: nothing was changed. To start again: " + CommandText.Again()),
        _ => (ExitCode.Unreadable, $"Unexpected {exception.GetType().Name}: {exception.Message} Please report it with the command line."),
    };
}

// The log lines of drivers of deadlines.
// Written by DeadlineWatch, to the log of the run.
using Microsoft.Extensions.Logging;

namespace Refold;

internal static partial class MachineLog
{
    [LoggerMessage(
        RefoldEventIds.DeadlineNotSent, LogLevel.Warning,
        "The deadline {Deadline} of {Stream} has passed, and its command could not be given; it is tried again")]
    public static partial void DeadlineNotSent(this ILogger logger, Exception exception, StreamId stream, DateTimeOffset deadline);

    [LoggerMessage(
        RefoldEventIds.DeadlinesEnded, LogLevel.Error,
        "Deadlines of {Category} are sent no more: the run has ended or stopped, or the journal cannot be read")]
    public static partial void DeadlinesEnded(this ILogger logger, Exception exception, string category);

    [LoggerMessage(
        RefoldEventIds.DeadlineUnknown, LogLevel.Warning,
        "Whether {Stream} has a deadline is not known; it is looked at again with its next entry")]
    public static partial void DeadlineUnknown(this ILogger logger, Exception exception, StreamId stream);
}

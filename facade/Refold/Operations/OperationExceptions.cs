// Errors of operations, beside those of runs; each with its cause and remedy.
// Thrown by RunAsync, by what its function is given, and by ResumeOperationsAsync.
namespace Refold;

/// <summary>A call to an outside system failed, as recorded. The exception is the same live and in replay, so a function that catches it
/// behaves the same.</summary>
public sealed class CallFailedException : JournalException
{
    internal CallFailedException(string call, RecordedFailure failure)
        : base("call-failed", $"The call '{call}' failed with {failure.Type}: {failure.Message}") =>
        (Call, FailureType, FailureMessage) = (call, failure.Type, failure.Message);

    /// <summary>The call's name.</summary>
    public string Call { get; }

    /// <summary>The full name of the thrown exception's type.</summary>
    public string FailureType { get; }

    /// <summary>The message of the thrown exception.</summary>
    public string FailureMessage { get; }
}

/// <summary>Another attempt at the operation was begun, in this process or another. Nothing more of this attempt is appended. Let the other
/// attempt end, or call again for its output.</summary>
public sealed class OperationTakenOverException(string operation, string key)
    : JournalException(
        "operation-taken-over",
        $"The operation '{operation}' with the key '{key}' was taken over by another attempt; nothing more of this one is appended. Call "
        + "again with the key for the output.")
{
    /// <summary>The operation's name.</summary>
    public string Operation { get; } = operation;

    /// <summary>Its key.</summary>
    public string Key { get; } = key;
}

/// <summary>The host stopped, and waited for the operation no longer: nothing more of the attempt is recorded, so that it counts as cut
/// off. The next start resumes it, or a call with its key.</summary>
public sealed class OperationCutOffException(string operation, string key)
    : JournalException(
        "operation-cut-off",
        $"The operation '{operation}' with the key '{key}' was cut off, as the host stopped; the next start resumes it, or a call with the "
        + "key. Where it needs longer, raise HostedRunOptions.ShutdownTimeout and HostOptions.ShutdownTimeout.")
{
    /// <summary>The operation's name.</summary>
    public string Operation { get; } = operation;

    /// <summary>Its key.</summary>
    public string Key { get; } = key;
}

/// <summary>An attempt at the operation has not ended, and another process may still run it. Wait, or set
/// <see cref="OperationOptions.TakeOver"/> if that process is known to have stopped.</summary>
public sealed class OperationInProgressException(string operation, string key, RunId run)
    : JournalException(
        "operation-in-progress",
        $"The operation '{operation}' with the key '{key}' was begun in the run '{run}' and has not ended there; whoever began it may "
        + "still be at it. Call again later, or set OperationOptions.TakeOver where it is known to have stopped.")
{
    /// <summary>The operation's name.</summary>
    public string Operation { get; } = operation;

    /// <summary>Its key.</summary>
    public string Key { get; } = key;

    /// <summary>The run it was begun in.</summary>
    public RunId Run { get; } = run;
}

/// <summary>An attempt cannot go on from the journal: something that it was given or answered was redacted, so it is not there. Begin it
/// under another key, if what it did outside may be done again.</summary>
public sealed class OperationRedactedException(string operation, string key)
    : JournalException(
        "operation-redacted",
        $"The operation '{operation}' with the key '{key}' cannot be tried again from the journal: its input or an answer that it got "
        + "was redacted and is not there. Use another key, if what it did outside may be done again.")
{
    /// <summary>The operation's name.</summary>
    public string Operation { get; } = operation;

    /// <summary>Its key.</summary>
    public string Key { get; } = key;
}

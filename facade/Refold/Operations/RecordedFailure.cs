// How something outside failed, and how an attempt did: what is written of an exception, and what a function gets instead of it.
// Made by LiveAttempt and OperationRunner, compared by OperationReplay.
using System.Text;

namespace Refold;

/// <summary>How something outside failed, as it is recorded.</summary>
/// <param name="Type">The name of the exception's type.</param>
/// <param name="Message">Its message.</param>
internal sealed record RecordedFailure(string Type, string Message)
{
    private const string Cancelled = "System.OperationCanceledException";

    // No type has such a name: a function that lets a time-out of its own out has failed like any other.
    private const string ByTheCaller = "$cancelled";

    /// <summary>The end of an attempt whose caller cancelled it, whatever came out of its function.</summary>
    public static RecordedFailure OfCaller { get; } = new(ByTheCaller, "the caller cancelled it");

    public static RecordedFailure Of(Exception exception) => exception switch
    {
        CallFailedException failed => new RecordedFailure(failed.FailureType, failed.FailureMessage),
        // One word for all its kinds: which of them comes is a matter of timing.
        OperationCanceledException => new RecordedFailure(Cancelled, "cancelled"),
        _ => new RecordedFailure(exception.GetType().FullName ?? exception.GetType().Name, WellFormed(exception.Message)),
    };

    /// <summary>Whether something was cancelled, or took too long.</summary>
    public bool IsCancelled => Type == Cancelled;

    /// <summary>Whether it ends an attempt that its caller cancelled, perhaps in the middle of something.</summary>
    public bool IsOfCaller => Type == ByTheCaller;

    /// <summary>The failure as it may be written, and as it is compared.</summary>
    public RecordedFailure Without(HiddenValues hidden) => this with { Message = hidden.Hide(Message) };

    /// <summary>What the function gets, live as in replay.</summary>
    public Exception ToException(string call) =>
        IsCancelled ? new OperationCanceledException($"The call '{call}' was cancelled.") : new CallFailedException(call, this);

    // A message of somebody's exception may hold half a surrogate pair.
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}

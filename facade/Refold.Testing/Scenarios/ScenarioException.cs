// How a scenario fails: its outcome differs from the expected one.
// Thrown by scenarios; its message is all that a test framework shows.
namespace Refold.Testing;

/// <summary>The outcome of a scenario differs from the expected one. The message names the first difference, then the expected outcome, the
/// actual outcome, and the given history.</summary>
public sealed class ScenarioException : Exception
{
    internal ScenarioException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal ScenarioException(string message, ScenarioDifference difference)
        : base(message) =>
        (Event, Path, Expected, Actual) = (difference.Event, difference.Path, difference.Expected, difference.Actual);

    /// <summary>The number of the first event that differs, from 1; 0 if the difference is an outcome, a refusal or a
    /// state.</summary>
    public int Event { get; }

    /// <summary>JSON pointer (RFC 6901) into the entry's NDJSON form: "/data/Quantity", "/type"; empty for the whole.</summary>
    public string Path { get; } = "";

    /// <summary>The expected value.</summary>
    public string Expected { get; } = "";

    /// <summary>The actual value.</summary>
    public string Actual { get; } = "";
}

// What a scenario ends with when something else came of it than it says.
// Thrown by scenarios; its message is all that a test framework shows.
namespace Refold.Testing;

/// <summary>Something else came of a scenario than it says. The message names the first difference, then what was expected, what came, and
/// what was given.</summary>
public sealed class ScenarioException : Exception
{
    internal ScenarioException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal ScenarioException(string message, ScenarioDifference difference)
        : base(message) =>
        (Event, Path, Expected, Actual) = (difference.Event, difference.Path, difference.Expected, difference.Actual);

    /// <summary>Which of the events differs first, from 1; 0 where it is not one event that differs: an outcome, a refusal, a
    /// state.</summary>
    public int Event { get; }

    /// <summary>JSON pointer (RFC 6901) into the entry's NDJSON form: "/data/Quantity", "/type"; empty for the whole.</summary>
    public string Path { get; } = "";

    /// <summary>What the scenario says.</summary>
    public string Expected { get; } = "";

    /// <summary>What came of it.</summary>
    public string Actual { get; } = "";
}

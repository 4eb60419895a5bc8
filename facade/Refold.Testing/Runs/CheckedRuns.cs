// Runs for tests: what a codec changes is found when it happens.
// Called by the tests of applications.
namespace Refold.Testing;

/// <summary>Runs for tests.</summary>
public static class CheckedRuns
{
    /// <summary>Starts a run with <see cref="RunOptions.CheckCodecs"/>: each event is also folded as it was decided, and a step fails where
    /// its codec changes what the event does to the state. Everything else is as the options say.</summary>
    /// <param name="journal">The journal. It stays the caller's, and is disposed after the run.</param>
    /// <param name="pin">The pin of the recording.</param>
    /// <param name="options">How it is recorded.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>The run; to be disposed by the caller.</returns>
    /// <exception cref="RunExistsException">The journal has a run of this name.</exception>
    /// <exception cref="ArgumentException">The pin has no JSON form.</exception>
    /// <exception cref="NotAppendedException">Nothing was appended.</exception>
    /// <example><code>
    /// await using var run = await new InMemoryJournal().StartCheckedRunAsync(new RunPin("orders", "acme", "1.4.0", seed: 42));
    /// </code></example>
    public static Task<Run> StartCheckedRunAsync(
        this IJournal journal, RunPin pin, RunOptions? options = null, CancellationToken cancellationToken = default) =>
        journal.StartRunAsync(pin, (options ?? new RunOptions()) with { CheckCodecs = true }, cancellationToken);
}

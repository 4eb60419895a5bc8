// What a conformance suite found: case by case, and as a whole.
// Answered by JournalConformance and SnapshotConformance; printed by programs, asserted by tests.
using System.Globalization;
using System.Text;

namespace Refold.Testing;

/// <summary>The size of a suite: sequences, commands, threads, seed.</summary>
public sealed record ConformanceOptions
{
    /// <summary>How many random sequences of commands are compared with the model.</summary>
    /// <value>Default: 100.</value>
    public int Sequences { get; init; } = 100;

    /// <summary>The most commands of a sequence.</summary>
    /// <value>Default: 40.</value>
    public int MostCommands { get; init; } = 40;

    /// <summary>How many threads append at once in the cases about concurrency.</summary>
    /// <value>Default: 8.</value>
    public int Threads { get; init; } = 8;

    /// <summary>The seed of the first sequence; the next ones have the next numbers.</summary>
    /// <value>Default: null, a fresh one, which every message names.</value>
    public ulong? Seed { get; init; }
}

/// <summary>How a case ended.</summary>
public enum ConformanceOutcome
{
    /// <summary>The store keeps the promise.</summary>
    Held = 0,

    /// <summary>The store breaks the promise.</summary>
    Failed = 1,

    /// <summary>The store does not declare the promise, or the fixture cannot provoke the case.</summary>
    NotShown = 2,
}

/// <summary>How one case ended.</summary>
/// <param name="Name">The case.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Message">The failure, or the reason why the case is not shown; empty where it held, except for the random
/// sequences, which name their seed.</param>
public sealed record ConformanceResult(string Name, ConformanceOutcome Outcome, string Message)
{
    /// <summary>Throws where the case failed; as a test does.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ConformanceException">The case failed.</exception>
    public ConformanceResult ThrowIfFailed() =>
        Outcome == ConformanceOutcome.Failed ? throw new ConformanceException($"{Name}: {Message}") : this;

    /// <summary>Outcome, name and message on one line, or more where the message has more.</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        (Outcome switch
        {
            ConformanceOutcome.Held => "held      ",
            ConformanceOutcome.Failed => "FAILED    ",
            _ => "not shown ",
        }) + Name + (Message.Length == 0 ? "" : ": " + Message);
}

/// <summary>How all cases ended.</summary>
/// <param name="Store">The name of the store.</param>
/// <param name="Results">Each case, in the suite's order.</param>
public sealed record ConformanceReport(string Store, IReadOnlyList<ConformanceResult> Results)
{
    /// <summary>Whether no case failed. Cases that are not shown do not count.</summary>
    public bool Holds => Results.All(result => result.Outcome != ConformanceOutcome.Failed);

    /// <summary>The cases that are not shown.</summary>
    public IReadOnlyList<ConformanceResult> NotShown => [.. Results.Where(result => result.Outcome == ConformanceOutcome.NotShown)];

    /// <summary>A line for each case, and one with the numbers.</summary>
    /// <returns>The lines.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var result in Results) text.Append(result).Append('\n');
        int Count(ConformanceOutcome outcome) => Results.Count(result => result.Outcome == outcome);
        return text.Append(
            CultureInfo.InvariantCulture,
            $"{Store}: {Count(ConformanceOutcome.Held)} held, {Count(ConformanceOutcome.Failed)} failed, "
            + $"{Count(ConformanceOutcome.NotShown)} not shown").ToString();
    }
}

/// <summary>A store breaks a promise.</summary>
/// <param name="message">The actual and the expected behaviour.</param>
/// <param name="innerException">The exception of the store.</param>
public sealed class ConformanceException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether something was waited for that never came: trying again costs as much.</summary>
    internal bool IsHanging => InnerException is TimeoutException;
}

/// <summary>Something that cannot be shown with this fixture.</summary>
internal sealed class NotShownException(string reason) : Exception(reason);

// What executing a command came to. Shaped like NodaTime's ParseResult: a refusal is a value.
// Answered by AggregateStreams.ExecuteAsync.
using System.Diagnostics.CodeAnalysis;

namespace Refold;

/// <summary>The outcome of a command, durable as the journal's durability says. Immutable.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TEvent">The event.</typeparam>
/// <typeparam name="TError">The refusal.</typeparam>
public sealed class ExecutionResult<TState, TEvent, TError>
{
    // Null where refused.
    private readonly TEvent[]? events;
    private readonly TError? refusal;

    internal ExecutionResult(
        Decision<TEvent, TError> outcome, TState state, long version, ulong drawnWords, Receipt? receipt, bool isRepeated)
    {
        // What it sent is not told: a repeated or replayed command does not know it any more.
        events = outcome.TryGetError(out refusal) ? null : outcome.EventArray;
        State = state;
        Version = version;
        DrawnWords = drawnWords;
        Receipt = receipt;
        IsRepeated = isRepeated;
    }

    // Of a step that was made now, still without its receipt.
    internal ExecutionResult(TEvent[]? events, TError? refusal, TState state, long version, ulong drawnWords)
    {
        if (events is null) ArgumentNullException.ThrowIfNull(refusal);
        (this.events, this.refusal) = (events, refusal);
        State = state;
        Version = version;
        DrawnWords = drawnWords;
    }

    private Decision<TEvent, TError> Outcome =>
        events is null ? Decision.Refuse<TEvent, TError>(refusal!) : Decision.Accept<TEvent, TError>(events.AsSpan());

    /// <summary>Whether the command was accepted.</summary>
    public bool IsAccepted => events is not null;

    /// <summary>The events, in order; none where refused.</summary>
    public IReadOnlyList<TEvent> Events => events ?? [];

    /// <summary>The refusal.</summary>
    /// <exception cref="InvalidOperationException">The command was accepted.</exception>
    public TError Error => Outcome.Error;

    /// <summary>The state after the step.</summary>
    public TState State { get; }

    /// <summary>The stream's version after the step; 0 where it has no entry.</summary>
    public long Version { get; }

    /// <summary>Random words of 32 bits that the step drew, children included. 0 for a repeated command of which nothing but events was
    /// recorded.</summary>
    public ulong DrawnWords { get; }

    /// <summary>The receipt of the batch; null where nothing was to be appended (<see cref="RecordMode.Off"/>, no event and no message). It
    /// has the numbers of the messages: the versions in <c>$outbox/NAME</c>.</summary>
    public Receipt? Receipt { get; private set; }

    /// <summary>Whether the idempotency key was known: the result is the recorded one, and nothing was decided. In mode
    /// <see cref="RecordMode.Off"/>, of two calls in different runs that meet with one key, and whose steps only send, both say
    /// false.</summary>
    public bool IsRepeated { get; }

    /// <summary>Completes a result that nobody has seen yet.</summary>
    internal ExecutionResult<TState, TEvent, TError> With(Receipt? receipt)
    {
        Receipt = receipt;
        return this;
    }

    /// <summary>The refusal, if the command was refused.</summary>
    /// <param name="error">The refusal.</param>
    /// <returns>Whether it was refused.</returns>
    public bool TryGetError([MaybeNullWhen(false)] out TError error)
    {
        error = refusal;
        return events is null;
    }

    /// <summary>The outcome and the version.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Outcome}; version {Version}");
}

// What an operation's context stands on: a live attempt, which records, or a recorded one, which answers.
// Implemented by LiveAttempt, UnrecordedAttempt and ReplayedAttempt.
namespace Refold;

internal interface IAttempt
{
    /// <summary>The operation's key.</summary>
    string Key { get; }

    /// <summary>Where its random numbers come from.</summary>
    RngState Seed { get; }

    /// <summary>What is not to be written.</summary>
    HiddenValues Hidden { get; }

    /// <summary>Cancels the attempt.</summary>
    CancellationToken Token { get; }

    /// <summary>What came of a call.</summary>
    Task<CallAnswer> CallAsync(
        EffectPlace place,
        string name,
        CallRequest request,
        Func<CancellationToken, Task<CallAnswer>> call,
        CancellationToken cancellationToken);

    /// <summary>The time.</summary>
    DateTimeOffset ReadClock(EffectPlace place);

    /// <summary>Waits; not in replay.</summary>
    Task DelayAsync(TimeSpan time, CancellationToken cancellationToken);

    /// <summary>What a command came to.</summary>
    Task<ExecutionResult<TState, TEvent, TError>> ExecuteAsync<TState, TCommand, TEvent, TError>(
        EffectPlace place,
        Aggregate<TState, TCommand, TEvent, TError> aggregate,
        StreamId stream,
        TCommand command,
        CancellationToken cancellationToken);
}

/// <summary>What is asked of something outside.</summary>
/// <param name="Encoded">As it is recorded.</param>
/// <param name="IsSame">Whether a recorded one is this one, perhaps in an older form.</param>
/// <param name="MarkOfRequest">What the mark of redaction on a recorded request is worth, or its absence.</param>
/// <param name="MarkOfAnswer">The same of a recorded answer.</param>
/// <param name="BodyOf">The body in a request that holds one in base64, so that a difference in it can be read; null for others.</param>
internal readonly record struct CallRequest(
    Encoded Encoded,
    Func<Encoded, bool> IsSame,
    Func<Encoded, RedactionMark> MarkOfRequest,
    Func<Encoded, RedactionMark> MarkOfAnswer,
    Func<Encoded, byte[]?>? BodyOf = null);

/// <summary>What came of a call.</summary>
/// <param name="Answer">What it answered, also where that counts as a failure; null where there is nothing but the failure.</param>
/// <param name="Failure">Why a later attempt calls again; null for a success.</param>
/// <param name="Recorded">The answer as it is recorded, where something in it is redacted; null where nothing is.</param>
internal readonly record struct CallAnswer(Encoded? Answer, RecordedFailure? Failure, Encoded? Recorded = null);

/// <summary>Where in an operation something is asked for.</summary>
/// <param name="Branch">The branch; empty for the operation itself.</param>
/// <param name="Ordinal">The number among those of its type in its branch, from 1.</param>
internal readonly record struct EffectPlace(string Branch, long Ordinal);

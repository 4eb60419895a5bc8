// The three ways an append can end, and why one was not appended. The core's AppendError, mirrored.
// Answered by IJournal.TryAppendAsync; the throwing twin turns the last two into exceptions.
namespace Refold;

/// <summary>How an append ended: exactly one of <see cref="Appended"/>, <see cref="NotAppended"/>, <see cref="OutcomeUnknown"/>.</summary>
public abstract record AppendResult
{
    private AppendResult()
    {
    }

    /// <summary>Committed, and durable as the journal's durability says. A repeated key is answered with the first receipt.</summary>
    /// <param name="Receipt">Positions, versions and head of the batch.</param>
    public sealed record Appended(Receipt Receipt) : AppendResult
    {
        /// <summary>Whether nothing was appended, as the key had been used for the same content: <see cref="AppendDecision.Repeated"/>. No
        /// part of equality.</summary>
        /// <value>Default: false. A store that leaves it so is right about everything else; a run in mode <see cref="RecordMode.Off"/> may
        /// then answer the second of two calls that race with one key as if it had been the first.</value>
        public bool IsRepeated { get; init; }

        /// <summary>Whether the receipts are equal.</summary>
        /// <param name="other">Another one.</param>
        /// <returns>True if so.</returns>
        public bool Equals(Appended? other) => other is not null && Receipt.Equals(other.Receipt);

        /// <summary>The receipt's.</summary>
        /// <returns>The hash code.</returns>
        public override int GetHashCode() => Receipt.GetHashCode();
    }

    /// <summary>Not committed, and never will be.</summary>
    /// <param name="Failure">The reason.</param>
    public sealed record NotAppended(AppendFailure Failure) : AppendResult;

    /// <summary>Whether it was committed is unknown: the device failed during the write. A retry with the same idempotency key, after
    /// opening again, settles it.</summary>
    /// <param name="Cause">The exception of the device.</param>
    public sealed record OutcomeUnknown(Exception Cause) : AppendResult;
}

/// <summary>The reason why an append was not committed.</summary>
public abstract record AppendFailure
{
    private AppendFailure()
    {
    }

    /// <summary>A stream does not have the expected version: another writer appended. Read the stream and decide again.</summary>
    /// <param name="Stream">The stream.</param>
    /// <param name="Expected">The expected version.</param>
    /// <param name="Actual">The stream's highest version; 0 for no stream.</param>
    public sealed record Conflict(StreamId Stream, ExpectedVersion Expected, long Actual) : AppendFailure;

    /// <summary>An entry committed after the condition's <c>AsOf</c> matches. Query again.</summary>
    /// <param name="Position">The first such position; 0 where <c>AsOf</c> is outside the journal.</param>
    public sealed record ConditionFailed(long Position) : AppendFailure;

    /// <summary>The idempotency key was used for other content.</summary>
    /// <param name="Key">The key.</param>
    /// <param name="FirstPosition">Where it was used.</param>
    public sealed record KeyReused(string Key, long FirstPosition) : AppendFailure
    {
        /// <summary>What the sentence ends with.</summary>
        internal string Hint { get; init; } = "";
    }

    /// <summary>An entry or the batch is larger than a limit.</summary>
    /// <param name="What">What is too large.</param>
    /// <param name="Actual">Its size, in bytes or entries. Entries are counted no further than one more than the limit.</param>
    /// <param name="Limit">The limit.</param>
    public sealed record LimitExceeded(string What, long Actual, long Limit) : AppendFailure;

    /// <summary>An entry, a key or the batch breaks a rule.</summary>
    /// <param name="Reason">The broken rule.</param>
    public sealed record Invalid(string Reason) : AppendFailure;

    /// <summary>The stream is Refold's own: its name begins with <c>$</c>. Only runs append to it, and restore, import and copy; an
    /// entry of another writer would look like a record of the run. Choose another name.</summary>
    /// <param name="Stream">The stream.</param>
    public sealed record SystemStream(StreamId Stream) : AppendFailure;

    /// <summary>The append demands a pass of gates, or comes with one, and does not get through. Have the gates evaluated again.</summary>
    /// <param name="Gates">The name of the set.</param>
    /// <param name="Fault">What is wrong with the pass.</param>
    public sealed record PassRefused(string Gates, PassFault Fault) : AppendFailure;

    /// <summary>A gate denied: of the gates that were evaluated before this append.</summary>
    /// <param name="Trace">What became of each gate.</param>
    public sealed record Denied(GateTrace Trace) : AppendFailure
    {
        /// <summary>How recording the denial ended.</summary>
        /// <value>Null where that was not asked for (<see cref="GateOptions.RecordDenials"/>).</value>
        public AppendResult? Record { get; init; }
    }

    /// <summary>There is no room on the device. The journal continues when there is room.</summary>
    /// <param name="Reason">The message of the device.</param>
    public sealed record NoRoom(string Reason) : AppendFailure;

    /// <summary>The journal takes no appends: it was opened for reading, was closed, or an earlier write failed. Open it again.</summary>
    /// <param name="Reason">Which of these.</param>
    /// <param name="Cause">The earlier failure, where there was one.</param>
    public sealed record Unavailable(string Reason, Exception? Cause) : AppendFailure;

    /// <summary>The exception of the throwing twins.</summary>
    internal JournalException ToException() => this is Conflict conflict
        ? new ConcurrencyException(conflict.Stream, conflict.Expected, conflict.Actual)
        : new NotAppendedException(this);

    /// <summary>One sentence without a full stop.</summary>
    /// <returns>The sentence.</returns>
    public sealed override string ToString() => this switch
    {
        Conflict failure => Interop.Errors.Describe(Core.AppendError.NewConflict(failure.Stream.Value, failure.Expected, failure.Actual)),
        ConditionFailed failure => Interop.Errors.Describe(Core.AppendError.NewConditionFailed(failure.Position)),
        KeyReused failure => Interop.Errors.Describe(Core.AppendError.NewKeyReused(failure.Key, failure.FirstPosition)) + failure.Hint,
        LimitExceeded failure => Interop.Errors.Describe(Core.AppendError.NewLimitExceeded(failure.What, failure.Actual, failure.Limit)),
        Invalid failure => failure.Reason,
        PassRefused failure => Interop.Errors.Describe(Core.AppendError.NewPassRefused(failure.Gates, failure.Fault)),
        Denied failure => failure.Trace.ToString(),
        SystemStream failure => Interop.Errors.DescribeSystem(failure.Stream),
        NoRoom failure => failure.Reason,
        Unavailable failure => failure.Reason,
        _ => GetType().Name,
    };
}

// Errors of runs, beside those of journals; each with its cause and remedy.
// Thrown by starting, resuming and executing.
namespace Refold;

/// <summary>The aggregate's own code failed: decide, evolve or a codec. Correct it; nothing was appended, and the run continues.</summary>
public sealed class StepFailedException : JournalException
{
    internal StepFailedException(StreamId stream, string reason, Exception? innerException)
        : base(
            "step-failed",
            $"The step on '{stream}' failed: {reason}. Nothing was appended and the run goes on; correct decide, evolve or the codec.",
            innerException) => Stream = stream;

    /// <summary>The stream that the command was for.</summary>
    public StreamId Stream { get; }
}

/// <summary>A stream's entries cannot be folded to its state. Correct the codec, add the upcast, or restore the journal.</summary>
public sealed class StateUnreadableException : JournalException
{
    internal StateUnreadableException(StreamId stream, Divergence divergence)
        : base("state-unreadable", $"The state of '{stream}' cannot be read: {divergence}")
    {
        Stream = stream;
        Divergence = divergence;
    }

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }

    /// <summary>The entry that ended the fold, and why.</summary>
    public Divergence Divergence { get; }
}

/// <summary>A run of this name was recorded before. Resume it, or choose another name.</summary>
public sealed class RunExistsException(RunId run)
    : JournalException("run-exists", $"The journal has a run '{run}' already; resume it, or choose another name.")
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;
}

/// <summary>The run cannot be resumed or verified: the journal has no run of this name, or its start cannot be read. List the runs with
/// <c>RunsAsync</c>, or start a new one.</summary>
public sealed class RunNotFoundException(RunId run, string reason)
    : JournalException("run-not-found", $"The run '{run}' cannot be resumed or verified: {reason}.")
{
    internal static RunNotFoundException ToVerify(RunId run) =>
        new(run, "the journal has no entry of a run of this name; RunsAsync lists those there are");


    /// <summary>The run.</summary>
    public RunId Run { get; } = run;
}

/// <summary>A command of the run was for a stream whose aggregate was not given, so the run cannot be verified. Give the aggregate of the
/// stream's category too.</summary>
public sealed class AggregateNotGivenException(RunId run, StreamId stream, long position)
    : JournalException(
        "aggregate-not-given",
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"The run '{run}' cannot be verified: no aggregate was given for stream '{stream}', which the command at position {position} "
            + $"is for. Give the aggregate of its category too."))
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;

    /// <summary>The stream.</summary>
    public StreamId Stream { get; } = stream;
}

/// <summary>The run's state of a stream differs from the fold of its entries: <c>evolve</c> depends on another input than state and event,
/// or a state was changed in place. Correct <c>evolve</c>; nothing was appended, and the run continues.</summary>
public sealed class StateDiffersException(StreamId stream, string live, string folded)
    : JournalException(
        "state-differs",
        $"The state of '{stream}' that the run holds has the hash {live}, and its entries give {folded}: 'evolve' depends on something "
        + "besides state and event, or a state was changed in place. Nothing was appended.")
{
    /// <summary>The stream.</summary>
    public StreamId Stream { get; } = stream;
}

/// <summary>A run was recorded under another pin. Resume it under the recorded one, or start a new run.</summary>
public sealed class PinMismatchException : JournalException
{
    internal PinMismatchException(RunId run, RunPin recorded, RunPin given, IReadOnlyList<string> fields)
        : base(
            "pin-mismatch",
            $"The run '{run}' was recorded under another pin; it differs in {string.Join(", ", fields)} "
            + $"(recorded: {recorded}; given: {given}). Resume it under the recorded pin, or start a new run.")
    {
        Run = run;
        Recorded = recorded;
        Fields = fields;
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>The recorded pin.</summary>
    public RunPin Recorded { get; }

    /// <summary>The fields that differ: "model", "provider", "version", "seed", "settings/KEY".</summary>
    public IReadOnlyList<string> Fields { get; }
}

/// <summary>The run has ended and takes no more commands. Start a new one.</summary>
public sealed class RunEndedException(RunId run)
    : JournalException("run-ended", $"The run '{run}' has ended and takes no more commands; start one with another name.")
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;
}

/// <summary>An earlier append of the run ended with an unknown outcome, so that the head to build on is unknown. Nothing of this command
/// was appended. Open the journal again and resume the run.</summary>
public sealed class RunStoppedException(RunId run, Exception cause)
    : JournalException(
        "run-stopped",
        $"The run '{run}' stopped when the outcome of an append was unknown; open the journal again and resume the run.",
        cause)
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;
}

/// <summary>Disposing a run did not end within <see cref="RunOptions.DisposeTimeout"/>: a step is still being made, or its load or its
/// write is not answered. The run takes no more commands. Correct the code that does not end. Whether the step is appended is unknown
/// until the run is resumed.</summary>
public sealed class RunNotClosedException : JournalException
{
    internal RunNotClosedException(RunId run, StreamId? stream, TimeSpan bound, string reason)
        : base(
            "run-not-closed",
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The run '{run}' was not closed within {bound}: the step{(stream is null ? "" : $" on '{stream}'")} {reason}."))
    {
        Run = run;
        Stream = stream;
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>The stream of the step; null where it is the run's end.</summary>
    public StreamId? Stream { get; }
}

/// <summary>The run has operations that do not end, and finishing it waits for them no longer. Let them end, or raise
/// <see cref="RunOptions.DisposeTimeout"/>; the run continues.</summary>
public sealed class OperationsRunningException(RunId run, int count, TimeSpan bound)
    : JournalException(
        "operations-running",
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"The run '{run}' cannot end: {count} of its operations have not ended within {bound}. Let them end, or raise "
            + $"RunOptions.DisposeTimeout; the run goes on."))
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;

    /// <summary>How many.</summary>
    public int Count { get; } = count;
}

/// <summary>No recovery permit is given any more, as <see cref="RecoveryPermits.Close"/> was called. Nothing was appended; make new
/// permits, and give them to the journal's or the run's options.</summary>
public sealed class PermitDeniedException()
    : JournalException(
        "permit-denied", "The recovery permits were closed, so no stream is recovered any more; open the journal with new ones.");

// The stable ids of what Refold logs; LogLines has the lines.
// Read by applications that filter; written by JournalObserver, runs and ReplayObservation, never while a run is decided again.
namespace Refold;

/// <summary>The event ids of Refold's log lines. An id is never used for something else. Categories: <c>Refold.Journal</c>
/// for ids below 10, <c>Refold.Run</c> below 20, <c>Refold.Replay</c> below 30, <c>Refold.Host</c> below 40, <c>Refold.Run</c> for
/// deadlines below 50, <c>Refold.Delivery</c> below 60,
/// <c>Refold.ReadModel</c> from 60 on. Deciding a run again logs nothing but its verdict where it diverged.</summary>
public static class RefoldEventIds
{
    /// <summary>Information: a journal was opened.</summary>
    public const int JournalOpened = 1;

    /// <summary>Warning: opening found what an interrupted write had left, and healed it. Nothing that was acknowledged is lost.</summary>
    public const int TornTailHealed = 2;

    /// <summary>Error: a write or flush failed, and the journal takes no more appends until it is opened again.</summary>
    public const int JournalPoisoned = 3;

    /// <summary>Information: a journal was closed.</summary>
    public const int JournalClosed = 4;

    /// <summary>Warning: a checkpoint could not be written. The journal continues, and tries again when the next is due; an
    /// opening until then scans more.</summary>
    public const int CheckpointFailed = 5;

    /// <summary>Information: a run was started.</summary>
    public const int RunStarted = 10;

    /// <summary>Information: a recorded run continues.</summary>
    public const int RunResumed = 11;

    /// <summary>Information: a run was ended.</summary>
    public const int RunFinished = 12;

    /// <summary>Debug: another writer came between, and a step is made anew.</summary>
    public const int ConflictRetried = 13;

    /// <summary>Warning: a snapshot was doubtful, and the state was made without it.</summary>
    public const int SnapshotNotUsed = 14;

    /// <summary>Warning: a snapshot could not be kept. The run continues, and takes the next when it is due.</summary>
    public const int SnapshotNotSaved = 15;

    /// <summary>Warning: a snapshot was due while those of too many streams were still being saved, or was replaced by a newer one of its
    /// stream before it was saved. The run continues, and takes the next when it is due.</summary>
    public const int SnapshotSkipped = 16;

    /// <summary>Warning: a run has snapshots, and an aggregate of it has no state codec, so that none is taken of its streams. Once for
    /// each category.</summary>
    public const int NoStateCodec = 17;

    /// <summary>Warning: a step is being made for longer than <see cref="RunOptions.SlowStep"/>; every other step of the run waits.
    /// Once for each step.</summary>
    public const int StepTakesLong = 18;

    /// <summary>Warning: a recovery hook threw. The command that recovered the stream goes on.</summary>
    public const int RecoveryHookFailed = 19;

    /// <summary>Warning: a run that was decided again differs from its recording.</summary>
    public const int DivergenceFound = 20;

    /// <summary>Information: the start of a host resumed an operation that was cut off, to its end.</summary>
    public const int OperationResumed = 30;

    /// <summary>Warning: the start of a host resumed an operation that was cut off, and it failed. A call with its key tries
    /// again.</summary>
    public const int OperationNotResumed = 31;

    /// <summary>Warning: an operation was cut off that the host does not have. It waits for a host that has it.</summary>
    public const int OperationUnknown = 32;

    /// <summary>Error: the start of a host could not look for operations that were cut off. The host starts all the same.</summary>
    public const int OperationsNotResumed = 33;

    /// <summary>Warning: the host stopped, and cut off operations that did not end in time. The next start resumes them.</summary>
    public const int OperationsCutOff = 34;

    /// <summary>Warning: the host stopped, and a command was not settled in time. Whoever gave it has no answer, and finds out with its
    /// key.</summary>
    public const int RunNotClosed = 35;

    /// <summary>Warning: the host stopped, and could not end its run, which is left open: the next start goes on with it.</summary>
    public const int RunNotFinished = 36;

    /// <summary>Warning: the deadline of a machine has passed, and its command could not be given. It is tried again.</summary>
    public const int DeadlineNotSent = 40;

    /// <summary>Warning: the stream of a machine cannot be read, or its deadline cannot be made. It is looked at again with its next
    /// entry; where the fault may pass, such as one of the device, also after <see cref="DeadlineOptions.RetryDelay"/>.</summary>
    public const int DeadlineUnknown = 41;

    /// <summary>Error: a driver of deadlines ended, since its run has ended or stopped.</summary>
    public const int DeadlinesEnded = 42;

    /// <summary>Warning: a driver of deadlines cannot read or follow the journal. It goes on after
    /// <see cref="DeadlineOptions.RetryDelay"/>, then after twice as long each time, up to 5 minutes; machines that it knows are served
    /// meanwhile.</summary>
    public const int DeadlinesInterrupted = 43;

    /// <summary>Information: a dispatcher took an outbox.</summary>
    public const int OutboxTaken = 50;

    /// <summary>Information: a dispatcher found that another one has its outbox now, and stands by.</summary>
    public const int OutboxLost = 51;

    /// <summary>Warning: a message is not confirmed after <see cref="OutboxDispatcherOptions.WarnAfter"/> attempts. Once for each
    /// message.</summary>
    public const int DeliveryDelayed = 52;

    /// <summary>Error: a message was given up after <see cref="OutboxDispatcherOptions.MaxAttempts"/> attempts: it is a dead letter
    /// now.</summary>
    public const int DeliveryGivenUp = 53;

    /// <summary>Information: a dispatcher stands by, as another one has the outbox. Once for each time that one took it.</summary>
    public const int OutboxStandby = 54;

    /// <summary>Information: an attempt to hand a message over failed, and comes again.</summary>
    public const int DeliveryFailed = 55;

    /// <summary>Warning: the runner of a read model met a fault, and goes on from the place that is kept after a while.</summary>
    public const int ReadModelRestarts = 60;

    /// <summary>Error: the runner of a read model met a fault that does not pass, or too many. It does not go on.</summary>
    public const int ReadModelFaulted = 61;

    /// <summary>Information: a read model was made anew and is the live one now.</summary>
    public const int ReadModelSwitched = 62;

    /// <summary>Warning: the state of a live projection was not kept, so a restart folds more. Once for each reason in turn.</summary>
    public const int ReadModelNotKept = 63;
}

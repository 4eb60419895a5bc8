// The stable ids of what Refold logs, and the lines behind them.
// Read by applications that filter; written by JournalObserver, runs and ReplayObservation, never while a run is decided again.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>The event ids of Refold's log lines. An id is never used for something else. Categories: <c>Refold.Journal</c>
/// for ids below 10, <c>Refold.Run</c> below 20, <c>Refold.Replay</c> below 30, <c>Refold.Host</c> below 40, <c>Refold.Run</c> for
/// deadlines below 50, <c>Refold.Delivery</c> from 50 on. Deciding a run again logs nothing but its verdict where it diverged.</summary>
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

/// <summary>The log lines; in one class, as what is generated for several comes in any order, and builds would differ.</summary>
internal static partial class LogLines
{
    public const string JournalCategory = "Refold.Journal";

    public const string RunCategory = "Refold.Run";

    public const string ReplayCategory = "Refold.Replay";

    public const string HostCategory = "Refold.Host";

    public const string DeliveryCategory = "Refold.Delivery";

    public const string ReadModelCategory = "Refold.ReadModel";

    [LoggerMessage(
        RefoldEventIds.ReadModelRestarts, LogLevel.Warning, "The read model {ReadModel} met a fault, and goes on in {Delay}")]
    public static partial void ReadModelRestarts(this ILogger logger, Exception exception, string readModel, TimeSpan delay);

    [LoggerMessage(RefoldEventIds.ReadModelFaulted, LogLevel.Error, "The read model {ReadModel} is kept up to date no more")]
    public static partial void ReadModelFaulted(this ILogger logger, Exception exception, string readModel);

    [LoggerMessage(
        RefoldEventIds.ReadModelSwitched, LogLevel.Information,
        "The read model {ReadModel} was made anew, and is the live one from position {Position} on")]
    public static partial void ReadModelSwitched(this ILogger logger, string readModel, long position);

    [LoggerMessage(
        RefoldEventIds.ReadModelNotKept, LogLevel.Warning,
        "The state of {ReadModel} was not kept: {Reason}; a restart folds the entries behind what was kept before")]
    public static partial void ReadModelNotKept(this ILogger logger, string readModel, string reason);

    [LoggerMessage(RefoldEventIds.JournalOpened, LogLevel.Information, "Opened the journal {Place} at position {Position}")]
    public static partial void JournalOpened(this ILogger logger, string place, long position);

    [LoggerMessage(
        RefoldEventIds.TornTailHealed, LogLevel.Warning,
        "Healed the journal {Place}: {File} ended at offset {Offset} in an interrupted write ({Reason}); no acknowledged entry is lost")]
    public static partial void TornTailHealed(this ILogger logger, string place, string file, long offset, string reason);

    [LoggerMessage(
        RefoldEventIds.JournalPoisoned, LogLevel.Error,
        "The journal {Place} takes no more appends since a write failed; dispose it and open it again")]
    public static partial void JournalPoisoned(this ILogger logger, Exception exception, string place);

    [LoggerMessage(RefoldEventIds.JournalClosed, LogLevel.Information, "Closed the journal {Place} at position {Position}")]
    public static partial void JournalClosed(this ILogger logger, string place, long position);

    [LoggerMessage(RefoldEventIds.CheckpointFailed, LogLevel.Warning, "Wrote no checkpoint of the journal {Place}; the journal goes on")]
    public static partial void CheckpointFailed(this ILogger logger, Exception exception, string place);

    [LoggerMessage(RefoldEventIds.RunStarted, LogLevel.Information, "Started the run {Run} ({Pin})")]
    public static partial void RunStarted(this ILogger logger, RunId run, RunPin pin);

    [LoggerMessage(RefoldEventIds.RunResumed, LogLevel.Information, "Resumed the run {Run} ({Pin})")]
    public static partial void RunResumed(this ILogger logger, RunId run, RunPin pin);

    [LoggerMessage(RefoldEventIds.RunFinished, LogLevel.Information, "Finished the run {Run}: {Streams} streams, state hash {StateHash}")]
    public static partial void RunFinished(this ILogger logger, RunId run, int streams, string? stateHash);

    [LoggerMessage(
        RefoldEventIds.ConflictRetried, LogLevel.Debug,
        "Making a step of the run {Run} on {Stream} anew: another writer came between, attempt {Attempt} of {MaxAttempts}")]
    public static partial void ConflictRetried(this ILogger logger, RunId run, StreamId? stream, int attempt, int maxAttempts);

    [LoggerMessage(RefoldEventIds.SnapshotNotUsed, LogLevel.Warning, "Made the state of {Stream} without a snapshot: {Reason}")]
    public static partial void SnapshotNotUsed(this ILogger logger, StreamId stream, string reason);

    [LoggerMessage(RefoldEventIds.SnapshotNotSaved, LogLevel.Warning, "Kept no snapshot of {Stream} at version {Version}; the run goes on")]
    public static partial void SnapshotNotSaved(this ILogger logger, Exception exception, StreamId stream, long version);

    [LoggerMessage(
        RefoldEventIds.SnapshotSkipped, LogLevel.Warning,
        "Skipped the snapshot of {Stream} at version {Version}: {Reason}; the run goes on")]
    public static partial void SnapshotSkipped(this ILogger logger, StreamId stream, long version, string reason);

    [LoggerMessage(
        RefoldEventIds.NoStateCodec, LogLevel.Warning,
        "Takes no snapshots of {Category}: the aggregate has no state codec; give one to Aggregate.Create")]
    public static partial void NoStateCodec(this ILogger logger, string category);

    [LoggerMessage(
        RefoldEventIds.StepTakesLong, LogLevel.Warning,
        "The run {Run} has been making the step on {Stream} for {Elapsed}: decide, evolve or a codec does not end, and other steps wait")]
    public static partial void StepTakesLong(this ILogger logger, RunId run, StreamId? stream, TimeSpan elapsed);

    [LoggerMessage(RefoldEventIds.OutboxTaken, LogLevel.Information, "The outbox {Outbox} is dispatched by {Dispatcher}")]
    public static partial void OutboxTaken(this ILogger logger, string outbox, string dispatcher);

    [LoggerMessage(RefoldEventIds.OutboxLost, LogLevel.Information, "The outbox {Outbox} is dispatched by {Dispatcher} now; standing by")]
    public static partial void OutboxLost(this ILogger logger, string outbox, string? dispatcher);

    [LoggerMessage(
        RefoldEventIds.DeliveryDelayed, LogLevel.Warning,
        "The message {Number} of the outbox {Outbox} is not confirmed after {Attempts} attempts; it is handed over again")]
    public static partial void DeliveryDelayed(this ILogger logger, Exception? exception, string outbox, long number, int attempts);

    [LoggerMessage(
        RefoldEventIds.OutboxStandby, LogLevel.Information,
        "The outbox {Outbox} is dispatched by {Dispatcher}; standing by, and taking it over where that shows no sign for {Time}")]
    public static partial void OutboxStandby(this ILogger logger, string outbox, string dispatcher, TimeSpan time);

    [LoggerMessage(
        RefoldEventIds.DeliveryFailed, LogLevel.Information,
        "Attempt {Attempt} to hand over the message {Number} of the outbox {Outbox} failed; it comes again in {Time}")]
    public static partial void DeliveryFailed(
        this ILogger logger, Exception exception, string outbox, long number, int attempt, TimeSpan time);

    [LoggerMessage(
        RefoldEventIds.DeliveryGivenUp, LogLevel.Error,
        "The message {Number} of the outbox {Outbox} was given up after {Attempts} attempts; requeue it when it can be delivered")]
    public static partial void DeliveryGivenUp(this ILogger logger, Exception? exception, string outbox, long number, int attempts);

    [LoggerMessage(
        RefoldEventIds.RecoveryHookFailed, LogLevel.Warning,
        "A recovery hook of {Stream} at version {Version} failed; the command goes on")]
    public static partial void RecoveryHookFailed(this ILogger logger, Exception exception, StreamId stream, long version);

    [LoggerMessage(
        RefoldEventIds.DivergenceFound, LogLevel.Warning,
        "The run {Run} differs from its recording at position {Position}, stream {Stream} version {Version}, {Path}: {Cause}")]
    public static partial void DivergenceFound(
        this ILogger logger, RunId run, long position, StreamId stream, long version, string path, string cause);

    [LoggerMessage(RefoldEventIds.OperationResumed, LogLevel.Information, "Resumed the operation {Operation} with the key {Key}")]
    public static partial void OperationResumed(this ILogger logger, string operation, string key);

    [LoggerMessage(
        RefoldEventIds.OperationNotResumed, LogLevel.Warning,
        "Resumed the operation {Operation} with the key {Key}, and it failed; a call with the key tries again")]
    public static partial void OperationNotResumed(this ILogger logger, Exception exception, string operation, string key);

    [LoggerMessage(
        RefoldEventIds.OperationUnknown, LogLevel.Warning,
        "The operation {Operation} with the key {Key} was cut off, and is not resumed: add it with AddOperation")]
    public static partial void OperationUnknown(this ILogger logger, string operation, string key);

    [LoggerMessage(
        RefoldEventIds.OperationsNotResumed, LogLevel.Error,
        "Cannot look for operations that were cut off before the run {Run}; the next start resumes them, or calls with their keys")]
    public static partial void OperationsNotResumed(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(
        RefoldEventIds.OperationsCutOff, LogLevel.Warning,
        "Cut off {Count} operations of the run {Run}, which did not end before the host stopped; the next start resumes them")]
    public static partial void OperationsCutOff(this ILogger logger, RunId run, int count);

    [LoggerMessage(RefoldEventIds.RunNotClosed, LogLevel.Warning, "Left commands of the run {Run} that are not settled")]
    public static partial void RunNotClosed(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(RefoldEventIds.RunNotFinished, LogLevel.Warning, "Left the run {Run} open: it could not be ended")]
    public static partial void RunNotFinished(this ILogger logger, Exception exception, RunId run);

    [LoggerMessage(
        RefoldEventIds.DeadlineNotSent, LogLevel.Warning,
        "The deadline {Deadline} of {Stream} has passed, and its command could not be given; it is tried again")]
    public static partial void DeadlineNotSent(this ILogger logger, Exception exception, StreamId stream, DateTimeOffset deadline);

    [LoggerMessage(
        RefoldEventIds.DeadlinesEnded, LogLevel.Error,
        "Deadlines of {Category} are sent no more: the run has ended or stopped")]
    public static partial void DeadlinesEnded(this ILogger logger, Exception exception, string category);

    [LoggerMessage(
        RefoldEventIds.DeadlinesInterrupted, LogLevel.Warning,
        "The journal cannot be followed for deadlines of {Category}; that is tried again in {Delay}, and known ones are sent meanwhile")]
    public static partial void DeadlinesInterrupted(this ILogger logger, Exception exception, string category, TimeSpan delay);

    [LoggerMessage(
        RefoldEventIds.DeadlineUnknown, LogLevel.Warning,
        "Whether {Stream} has a deadline is not known; it is looked at again with its next entry")]
    public static partial void DeadlineUnknown(this ILogger logger, Exception exception, StreamId stream);
}

// The lines that Refold logs, with their ids and levels.
// Called by stores, runs, hosts, dispatchers and runners of read models, each through a QuietLogger.
using Microsoft.Extensions.Logging;

namespace Refold;

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

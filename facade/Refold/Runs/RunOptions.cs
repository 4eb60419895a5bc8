// How a run is recorded, and the options of one command.
// Given to StartRunAsync, ResumeRunAsync and ExecuteAsync.
using Microsoft.Extensions.Logging;
using Refold.Interop;

namespace Refold;

/// <summary>In which order a run makes its steps. One step is made at a time in either; states are loaded at once in either, those of
/// many streams at the same time.</summary>
public enum RunOrder
{
    /// <summary>As states arrive: a step is made when the state of its stream is there, and waits for no other stream's. Commands of one
    /// stream are decided in the order of their calls, and of steps that could be made the one called first is made first; but which of
    /// two streams comes first may differ from one execution to the next, and with it the run's stream and the journal's head.</summary>
    Ready = 0,

    /// <summary>In the order of the calls of <c>ExecuteAsync</c>: the same calls with the same times give the same entries and the same
    /// head, however long each load takes. A slow load holds back the steps behind it, but not their loads. A command that is cancelled, or
    /// whose state cannot be loaded, is left out. In <see cref="RecordMode.Off"/>, where nothing ties streams together, a step that another
    /// writer came between is made anew behind later steps on other streams.</summary>
    Submitted = 1,
}

/// <summary>How a run is recorded.</summary>
public sealed record RunOptions
{
    /// <summary>The run's name; it must be new in the journal.</summary>
    /// <value>Default: null, a fresh name from <see cref="NewGuid"/>.</value>
    public RunId? RunId { get; init; }

    /// <summary>Where a fresh name comes from.</summary>
    /// <value>Default: random GUIDs of the operating system.</value>
    public Func<Guid> NewGuid { get; init; } = FreshNames.NewGuid;

    /// <summary>Where the time of a command comes from that names none, and that of the entries that start and end the run.</summary>
    /// <value>Default: null, the journal's (<see cref="JournalOptions.TimeProvider"/>), else
    /// <see cref="System.TimeProvider.System"/>.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Where the run writes its log lines (<see cref="RefoldEventIds"/>).</summary>
    /// <value>Default: null, where the journal does (<see cref="JournalOptions.LoggerFactory"/>).</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The time of the entry that starts the run.</summary>
    /// <value>Default: null, that of <see cref="TimeProvider"/>.</value>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Whether commands and refusals are recorded.</summary>
    /// <value>Default: <see cref="RecordMode.Record"/>.</value>
    public RecordMode Mode { get; init; }

    /// <summary>The root of all random numbers of the run. A resumed run has the recorded one.</summary>
    /// <value>Default: null, the state that begins the stream of the pin's seed.</value>
    public RngState? Root { get; init; }

    /// <summary>How often a step is made, at most, when another writer comes between; then <see cref="ConcurrencyException"/>.</summary>
    /// <value>Default: 8. At least 1.</value>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>States of about this many streams are kept between steps; when there are more, those nobody waits for are let
    /// go.</summary>
    /// <value>Default: 1024. At least 1.</value>
    public int CachedStreams { get; init; } = 1024;

    /// <summary>Bounds how many streams are loaded and folded at the same time. Give runs that share a journal the same.</summary>
    /// <value>Default: null, the journal's (<see cref="JournalOptions.RecoveryPermits"/>), which all its runs share.</value>
    public RecoveryPermits? RecoveryPermits { get; init; }

    /// <summary>Called for each stream that the run recovers, once its state is there and the permit is given back, and before the first
    /// command on it is decided; for a stream without entries too, and never for a state in memory (<see cref="RecoveryHook"/>).</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<RecoveryHook> RecoveryCompleted { get; init; } = [];

    /// <summary>Where states that are not kept any more are found again, and every <see cref="SnapshotInterval"/> versions kept. A cache:
    /// a doubtful snapshot is logged and not used, a failed save is logged, and the run continues.</summary>
    /// <value>Default: null, the journal's (<see cref="JournalOptions.Snapshots"/>), if it has one. It stays the caller's, and is
    /// disposed after the run.</value>
    public ISnapshotStore? Snapshots { get; init; }

    /// <summary>After how many new versions of a stream the next snapshot of it is taken. Its state is encoded when the step is made; it is
    /// saved beside the run once the step is committed, so that no command waits for the store: a few at once, one of a stream at a time.
    /// One that is due while the stream's last is still being saved waits behind it, in place of one that waits there. What was replaced,
    /// or was due while those of 256 streams were on their way, is logged (<see cref="RefoldEventIds.SnapshotSkipped"/>) and counted
    /// (<see cref="RefoldTelemetry.SnapshotSaves"/>). Disposing the run waits for those on their way.</summary>
    /// <value>Default: null, the journal's (<see cref="JournalOptions.SnapshotInterval"/>), else 100. 0: none is taken but by
    /// <c>TakeSnapshotAsync</c>.</value>
    public long? SnapshotInterval { get; init; }

    /// <summary>How long a recovery waits for the snapshot store; then the state is made from all entries, and the store is not asked again
    /// until it has answered. So a store that hangs costs snapshots, and no command.</summary>
    /// <value>Default: 5 seconds. Above zero, at most 24 days; <see cref="Timeout.InfiniteTimeSpan"/>: without a bound.</value>
    public TimeSpan SnapshotLoadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether each step also decides on its command as it was given, and folds its events as they were decided, and fails where
    /// that comes to something else than with what is read back: a codec that rounds, in a stable way, changes what is decided on. Costs a
    /// second <c>decide</c>, a second <c>evolve</c> and two state hashes an event; of events nothing is found without a state codec. For
    /// tests.</summary>
    /// <value>Default: false.</value>
    public bool CheckCodecs { get; init; }

    /// <summary>In which order steps are made.</summary>
    /// <value>Default: <see cref="RunOrder.Ready"/>, as states arrive. Programs that give one flow of commands and want one head for it
    /// name <see cref="RunOrder.Submitted"/>.</value>
    public RunOrder Order { get; init; }

    /// <summary>Whether more commands may be given before one is answered: the journal then commits on a thread of its own, so that they
    /// share a flush (<see cref="AppendRequest.Pipelined"/>). Where every command is awaited before the next is given, false is faster: a
    /// command that finds the journal idle is committed on the calling thread, which blocks for it.</summary>
    /// <value>Default: true, giving a command never waits for the device.</value>
    public bool Pipelined { get; init; } = true;

    /// <summary>How long disposing the run waits: for the commands that were taken, and then for snapshots on their way.</summary>
    /// <value>Default: 30 seconds; then <see cref="RunNotClosedException"/> for a command, and a log line for a snapshot. Above zero, at
    /// most 24 days; <see cref="Timeout.InfiniteTimeSpan"/>: without a bound.</value>
    public TimeSpan DisposeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After how long a step that is still being made is logged (<see cref="RefoldEventIds.StepTakesLong"/>): its decide,
    /// evolve or codec does not end, and every other step of the run waits for it.</summary>
    /// <value>Default: 5 seconds. Above zero, at most 24 days; <see cref="Timeout.InfiniteTimeSpan"/>: never.</value>
    public TimeSpan SlowStep { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many messages of an outbox may be unconfirmed, by the outbox's name. A command that would send beyond that fails with
    /// <see cref="OutboxFullException"/> before anything is appended. Counted by this run as the journal shows it: what another run sends
    /// at the same moment may come on top. Dead letters do not count.</summary>
    /// <value>Default: none, without a bound. Each at least 1.</value>
    public IReadOnlyDictionary<string, long> MaxUnconfirmed { get; init; } = new Dictionary<string, long>();

    internal RunOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(MaxUnconfirmed);
        foreach (var (outbox, limit) in MaxUnconfirmed)
        {
            DeliveryTranslation.CheckName(outbox, nameof(MaxUnconfirmed));
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, nameof(MaxUnconfirmed));
        }

        ArgumentNullException.ThrowIfNull(NewGuid);
        ArgumentNullException.ThrowIfNull(RecoveryCompleted);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CachedStreams, 1);
        if (SnapshotInterval is { } interval) ArgumentOutOfRangeException.ThrowIfNegative(interval, nameof(SnapshotInterval));
        CheckTime(DisposeTimeout, nameof(DisposeTimeout));
        CheckTime(SlowStep, nameof(SlowStep));
        CheckTime(SnapshotLoadTimeout, nameof(SnapshotLoadTimeout));
        if (!Enum.IsDefined(Mode)) throw new ArgumentOutOfRangeException(nameof(Mode), Mode, "The mode is Record or Off.");
        if (!Enum.IsDefined(Order)) throw new ArgumentOutOfRangeException(nameof(Order), Order, "The order is Ready or Submitted.");
        return this;
    }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(RunOptions), PrintMembers);

    // What timers take.
    private static void CheckTime(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time <= TimeSpan.Zero || time > TimeSpan.FromDays(24)))
            throw new ArgumentOutOfRangeException(name, time, "The time is above zero and at most 24 days, or Timeout.InfiniteTimeSpan.");
    }
}

/// <summary>Options of one command.</summary>
public sealed record ExecuteOptions
{
    /// <summary>The time of the step, which the decision sees; recorded in UTC.</summary>
    /// <value>Default: null, the run's <see cref="RunOptions.TimeProvider"/> at the call.</value>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The correlation id, shared by commands that belong together.</summary>
    /// <value>Default: null, the command's own id.</value>
    public Guid? CorrelationId { get; init; }

    /// <summary>The causation id: the id of the entry that caused the command.</summary>
    /// <value>Default: null, nothing known.</value>
    public Guid? CausationId { get; init; }

    /// <summary>1 to 128 UTF-8 bytes. A command whose key is known is not decided again: it is answered with what was recorded under the
    /// key.</summary>
    /// <value>Default: null, every call is a command of its own.</value>
    public string? IdempotencyKey { get; init; }

    /// <summary>What an operation appends with the command; null where none gives it.</summary>
    internal StepBeside? Beside { get; init; }

    /// <summary>The version of the stream at which the command is decided or not at all; null for any.</summary>
    internal long? OnlyAtVersion { get; init; }

    /// <exception cref="ConcurrencyException">The stream has another version than the one that the command is for.</exception>
    internal void CheckVersion(StreamId stream, long version)
    {
        if (OnlyAtVersion is { } only && only != version)
            throw new ConcurrencyException(stream, ExpectedVersion.Exactly(only), version);
    }

    /// <summary>Whether an operation gives it.</summary>
    internal bool IsOfOperation { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(ExecuteOptions), PrintMembers);
}

// Remembers what a store was asked and what it answered, and judges what it has after a crash. The model is the in-memory journal.
// Used by CrashSimulation, and by tests with workloads of their own.
using Refold.Segments;

namespace Refold.Testing;

/// <summary>
/// The promises of a durable journal. After an honest crash it opens; everything acknowledged is there, whole batches only, the same bytes
/// at the same positions, the same heads; of what was not acknowledged there is a prefix, in the order it was submitted; what a reader saw
/// is there; and what was found once stays as it was found.
/// </summary>
/// <remarks>Submissions have to reach the store in the order in which they are made here. Not for journals with other writers.</remarks>
/// <param name="open">Opens the store on a device; it refuses with a <see cref="JournalException"/>.</param>
public sealed partial class CrashOracle(Func<IStorageDevice, ILocalJournal> open)
{
    /// <summary>What a new segment is called before it counts.</summary>
    internal const string CompactionTarget = "compacted.new";

    private readonly Lock gate = new();
    private readonly List<Submission> submissions = [];
    private readonly Dictionary<string, AppendRequest> keys = new(StringComparer.Ordinal);
    private readonly List<Head> seen = [];
    private InMemoryJournal model = new();
    // A beginning that is being dropped, or was when the process ended: it may be gone, whatever was appended meanwhile.
    private Submission? retention;
    private int retentionAt;
    private int applied;
    private int losses;
    private long? settledTo;

    /// <summary>For a store that answers before it flushes: whether a flush of the file of this name makes durable what was
    /// answered before it. A power cut or a failed flush may take away the newest answers since, and heads that were seen
    /// since; a killed process may not.</summary>
    /// <value>Default: null, every answer is durable.</value>
    public Func<string, bool>? SettledBy { get; init; }

    /// <summary>Every submitted request with an idempotency key, committed or not.</summary>
    public IReadOnlyList<AppendRequest> Keyed
    {
        get
        {
            lock (gate) return [.. keys.Values];
        }
    }

    /// <summary>Appends, and remembers the request and its answer.</summary>
    /// <param name="journal">The store.</param>
    /// <param name="request">The batch.</param>
    /// <param name="device">The device under it.</param>
    /// <returns>The answer; null where the store threw, which counts as an unknown outcome.</returns>
    public async Task<AppendResult?> AppendAsync(IJournal journal, AppendRequest request, SimulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(device);
        var submission = new Submission(async model => await model.TryAppendAsync(request));
        lock (gate)
        {
            submissions.Add(submission);
            if (request.IdempotencyKey is { } key) keys[key] = request;
        }

        AppendResult? answer = null;
        try
        {
            answer = await journal.TryAppendAsync(request);
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // As good as no answer.
        }

        Answered(submission, answer, device);
        return answer;
    }

    /// <summary>Deletes entries of a stream, and remembers that.</summary>
    /// <param name="journal">The store.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The last version to delete.</param>
    /// <param name="device">The device under it.</param>
    /// <returns>Whether it was acknowledged.</returns>
    public async Task<bool> DeleteAsync(IJournal journal, StreamId stream, long version, SimulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(device);
        var submission = new Submission(async model =>
        {
            await model.DeleteToAsync(stream, version);
            return null;
        });
        lock (gate) submissions.Add(submission);
        try
        {
            await journal.DeleteToAsync(stream, version);
            lock (gate) submission.Acknowledge(null, device.OperationCount);
            return true;
        }
        catch (NotAppendedException)
        {
            lock (gate) Withdraw(submission);
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            // As good as no answer.
        }

        return false;
    }

    /// <summary>Compacts, and remembers what may be gone by it.</summary>
    /// <param name="journal">The store.</param>
    /// <param name="request">What to do.</param>
    /// <param name="device">The device under it.</param>
    /// <returns>Whether it was answered; if not, the store has to be opened again before it is asked for more.</returns>
    public async Task<bool> CompactAsync(SegmentJournal journal, CompactionRequest request, SimulatedDevice device)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(device);
        Submission? submission;
        try
        {
            submission = SubmissionOf(request, journal);
        }
        catch (JournalException)
        {
            // The device failed a question before anything was done.
            return false;
        }

        lock (gate)
        {
            if (request is CompactionRequest.RetainFrom) (retention, retentionAt) = (submission, submissions.Count);
            else if (submission is not null) submissions.Add(submission);
        }

        try
        {
            await journal.CompactAsync(request);
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            return false;
        }

        lock (gate)
        {
            // Before what was appended meanwhile: that may be lost without it, and had no part in it.
            if (retention is not null) submissions.Insert(retentionAt, retention);
            retention = null;
            submission?.Acknowledge(null, device.OperationCount);
        }

        return true;
    }

    private static Submission? SubmissionOf(CompactionRequest request, SegmentJournal journal)
    {
        switch (request)
        {
            case CompactionRequest.RetainFrom retain:
                // The last batch stays.
                var last = Math.Min(retain.Position, journal.Head.Position) - 1;
                return Changes(model => model.DropTo(last));
            case CompactionRequest.ForgetKeysBefore forget:
                return Changes(model => model.ForgetKeysBefore(forget.Position));
            case CompactionRequest.DeleteStream delete:
                var highest = journal.HighestVersion(delete.Stream);
                return new Submission(async model =>
                {
                    await model.DeleteToAsync(delete.Stream, highest);
                    return null;
                });
            default:
                return null;
        }

        static Submission Changes(Action<InMemoryJournal> change) => new(model =>
        {
            change(model);
            return ValueTask.FromResult<AppendResult?>(null);
        });
    }

    /// <summary>A reader of the running store sees this head; from now on no crash may take it away.</summary>
    /// <param name="head">The head.</param>
    public void Saw(Head head)
    {
        lock (gate)
        {
            if (seen.Count == 0 || seen[^1] != head) seen.Add(head);
        }
    }

    /// <summary>An oracle that knows the same, to judge another crash of the same moment.</summary>
    /// <returns>The copy.</returns>
    public CrashOracle Copy()
    {
        lock (gate)
        {
            var copy = new CrashOracle(open) { SettledBy = SettledBy, losses = losses, settledTo = settledTo };
            copy.submissions.AddRange(submissions.Select(submission => submission with { }));
            foreach (var (key, request) in keys) copy.keys[key] = request;
            copy.seen.AddRange(seen);
            (copy.model, _) = copy.Replay(applied);
            copy.applied = applied;
            copy.retention = retention;
            return copy;
        }
    }

    private void Answered(Submission submission, AppendResult? answer, SimulatedDevice device)
    {
        lock (gate)
        {
            // "Not appended" promises that it never will be, whatever happened meanwhile.
            if (answer is AppendResult.NotAppended) Withdraw(submission);
            if (answer is AppendResult.Appended appended) submission.Acknowledge(appended.Receipt, device.OperationCount);
        }
    }

    private void Withdraw(Submission submission)
    {
        var index = submissions.IndexOf(submission);
        if (index < 0) return;
        submissions.RemoveAt(index);
        if (index < retentionAt) retentionAt--;
    }

    /// <summary>Something that was asked of the store, and not refused.</summary>
    private sealed record Submission(Func<InMemoryJournal, ValueTask<AppendResult?>> Apply)
    {
        public Receipt? Receipt { get; private set; }

        public bool IsAcknowledged { get; private set; }

        /// <summary>How many operations the device had done when it was acknowledged.</summary>
        public long AcknowledgedAt { get; private set; }

        /// <summary>Whether an opening found it, so that whatever the store does it has to stay.</summary>
        public bool IsFound { get; set; }

        public void Acknowledge(Receipt? receipt, long at) => (IsAcknowledged, Receipt, AcknowledgedAt) = (true, receipt, at);
    }
}

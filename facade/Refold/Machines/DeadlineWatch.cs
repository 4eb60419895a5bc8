// Where the machines of a category stand and when they are left by time, kept from the entries of their streams; and sending what is due.
// Used by DeadlineDriver, one call at a time.
using Refold.Interop;

namespace Refold;

internal abstract class DeadlineWatch
{
    /// <summary>The next deadline, or the next time that something is tried again; null for none.</summary>
    public abstract DateTimeOffset? Next { get; }

    /// <summary>All machines are to be found, anew.</summary>
    public abstract void BeginScan();

    /// <summary>Finds where every machine stands, on from where it stopped. Stops at a page that hangs, which is then looked at again by
    /// <see cref="FireAsync"/>.</summary>
    public abstract Task ScanAsync(CancellationToken cancellationToken);

    /// <summary>The same, where a fault that may pass is tried again by <see cref="FireAsync"/> too.</summary>
    public abstract Task TryScanAsync(CancellationToken cancellationToken);

    /// <summary>Takes an entry that was committed.</summary>
    public abstract Task TakeAsync(JournalEntry entry, CancellationToken cancellationToken);

    /// <summary>Sends what is due.</summary>
    /// <returns>How many commands were sent that had not been sent before.</returns>
    public abstract Task<int> FireAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Whether a fault may pass, and leaves the run and its journal as they are: whatever one machine's store, code or command
    /// throws. Others have deadlines too.</summary>
    public static bool MayPass(Exception error, CancellationToken cancellationToken) => error switch
    {
        RunEndedException or RunStoppedException or OutcomeUnknownException or ObjectDisposedException => false,
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => true,
    };
}

internal sealed partial class DeadlineWatch<TAt, TCommand, TEvent, TError>(
    RunCore run,
    AggregateStreams<TAt, TCommand, TEvent, TError> streams,
    Aggregate<TAt, TCommand, TEvent, TError> aggregate,
    MachineRules<TAt, TCommand, TEvent> rules,
    TimeProvider time,
    TimeSpan retryDelay)
    : DeadlineWatch
{
    // Given at once, so that they share a flush.
    private const int MostAtOnce = 256;

    // Machines without a deadline are kept only so that their next entry need not be loaded.
    private const int MostIdle = 1024;

    private readonly Dictionary<StreamId, Waiting> waiting = [];
    private readonly Dictionary<StreamId, MachineStay<TAt>> idle = [];
    private readonly PriorityQueue<Waiting, DateTimeOffset> queue = new();

    // Streams that could not be read by a fault that may pass, and when they are read again.
    private readonly HashSet<StreamId> unread = [];
    private DateTimeOffset readAgainAt = DateTimeOffset.MaxValue;
    private DateTimeOffset fired;

    // Commands that were given and are not answered, and when that is looked at again.
    private readonly List<(Waiting Due, Task<Sending> Task)> sending = [];
    private DateTimeOffset lookAgainAt = DateTimeOffset.MaxValue;

    private enum Sending
    {
        Sent,
        SentBefore,
        Failed,
    }

    // A machine with a deadline; a new one with each entry of its stream.
    private sealed class Waiting(StreamId stream, MachineStay<TAt> stay, MachineDeadline<TCommand> deadline)
    {
        public StreamId Stream { get; } = stream;

        public MachineStay<TAt> Stay { get; } = stay;

        public MachineDeadline<TCommand> Deadline { get; } = deadline;

        public bool IsSent { get; set; }

        public bool IsOutdated { get; set; }

        public bool IsSame(Waiting other) =>
            Deadline.At == other.Deadline.At && Stay.Entered!.Version == other.Stay.Entered!.Version;
    }

    public override DateTimeOffset? Next
    {
        get
        {
            while (queue.TryPeek(out var first, out _) && (first.IsOutdated || first.IsSent)) queue.Dequeue();
            var next = queue.TryPeek(out _, out var at) ? at : DateTimeOffset.MaxValue;
            if (unread.Count > 0 && readAgainAt < next) next = readAgainAt;
            if (lookAgainAt < next) next = lookAgainAt;
            if (!isScanned && scanAgainAt < next) next = scanAgainAt;
            return next == DateTimeOffset.MaxValue ? null : next;
        }
    }

    public override async Task TakeAsync(JournalEntry entry, CancellationToken cancellationToken)
    {
        if (!aggregate.Owns(entry.Stream)) return;
        var before = waiting.TryGetValue(entry.Stream, out var tracked) ? tracked.Stay
            : idle.TryGetValue(entry.Stream, out var known) ? known
            : entry.Version == 1 ? MachineTranslation.Beginning(aggregate.Fresh().Decider.Initial)
            : null;
        if (before is not null && entry.Version <= before.Version) return;
        // It is read again when its time has come, and by no entry before.
        if (before is null && unread.Contains(entry.Stream))
        {
            if (hanging.TryGetValue(entry.Stream, out var late)) late.IsOutdated = true;
            return;
        }

        if (Enter(before, entry) is { } stay)
            Keep(entry.Stream, stay);
        else
            await LoadAsync([entry.Stream], cancellationToken).ConfigureAwait(false);
    }

    // What the machine's own functions throw is found out again, and told, where its stream is loaded.
    private MachineStay<TAt>? Enter(MachineStay<TAt>? before, JournalEntry entry)
    {
        try
        {
            return before?.Enter(rules.StateOf, aggregate, entry, out _);
        }
#pragma warning disable CA1031 // Whatever they throw: other machines have deadlines too.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    public override async Task<int> FireAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (now < fired) SetBack(now);
        fired = now;
        if (!isScanned && scanAgainAt <= now) await TryScanAsync(cancellationToken).ConfigureAwait(false);
        var sent = await SettleAsync(now).ConfigureAwait(false);
        while (Next <= now)
        {
            if (unread.Count > 0 && readAgainAt <= now) await ReadAgainAsync(now, cancellationToken).ConfigureAwait(false);
            var due = new List<Waiting>();
            while (due.Count < MostAtOnce && Next <= now && queue.Count > 0) due.Add(queue.Dequeue());
            foreach (var one in due) sending.Add((one, SendAsync(one, now, cancellationToken)));
            await WaitAsync([.. sending.TakeLast(due.Count).Select(one => one.Task)], cancellationToken).ConfigureAwait(false);
            sent += await SettleAsync(now).ConfigureAwait(false);
        }

        return sent;
    }

    // What was sent and is answered by now. Here, not where it is found out: that is on several threads.
    private async Task<int> SettleAsync(DateTimeOffset now)
    {
        var sent = 0;
        foreach (var one in sending.Where(one => one.Task.IsCompleted).ToList())
        {
            sending.Remove(one);
            var result = await one.Task.ConfigureAwait(false);
            one.Due.IsSent = result != Sending.Failed;
            if (result == Sending.Failed) queue.Enqueue(one.Due, now + retryDelay);
            if (result == Sending.Sent) sent++;
        }

        lookAgainAt = sending.Count > 0 ? now + retryDelay : DateTimeOffset.MaxValue;
        return sent;
    }

    // Until all have ended, or for as long as others may wait for it: what hangs goes on beside.
    private async Task WaitAsync(IReadOnlyList<Task> work, CancellationToken cancellationToken)
    {
        var all = Task.WhenAll(work);
        if (!all.IsCompleted)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(all, Task.Delay(retryDelay, time, waiting.Token)).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    // The clock was set back: what is tried again does not wait for the lost time as well.
    private void SetBack(DateTimeOffset now)
    {
        var (items, again) = (queue.UnorderedItems.ToList(), now + retryDelay);
        queue.Clear();
        foreach (var (item, at) in items)
            queue.Enqueue(item, at > again && at > item.Deadline.At ? (again > item.Deadline.At ? again : item.Deadline.At) : at);
        if (readAgainAt > again) readAgainAt = again;
        if (lookAgainAt > again && sending.Count > 0) lookAgainAt = again;
        if (scanAgainAt > again && !isScanned) scanAgainAt = again;
    }

    private async Task<Sending> SendAsync(Waiting due, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var entered = due.Stay.Entered!;
        var options = new ExecuteOptions
        {
            Time = now,
            CausationId = entered.Id,
            IdempotencyKey = MachineTranslation.DeadlineKey(due.Stream, entered.Version, due.Deadline.At),
            OnlyAtVersion = due.Stay.Version,
        };
        try
        {
            var result = await streams.ExecuteAsync(due.Stream, due.Deadline.Command, options, cancellationToken).ConfigureAwait(false);
            return result.IsRepeated ? Sending.SentBefore : Sending.Sent;
        }
        catch (NotAppendedException error) when (error.Failure is AppendFailure.KeyReused)
        {
            // Another program sent another command for it.
            return Sending.SentBefore;
        }
        catch (ConcurrencyException)
        {
            // The machine moved on: its next entry says whether there is still a deadline.
            return Sending.Failed;
        }
        catch (Exception error) when (MayPass(error, cancellationToken))
        {
            run.Logger?.DeadlineNotSent(error, due.Stream, due.Deadline.At);
            return Sending.Failed;
        }
    }

    private void Keep(StreamId stream, MachineStay<TAt> stay)
    {
        waiting.TryGetValue(stream, out var before);
        Forget(stream);
        if (stay.Entered is { } entered && DeadlineOf(stream, stay, entered.Time) is { } deadline)
        {
            var next = new Waiting(stream, stay, deadline);
            next.IsSent = before is not null && before.IsSame(next) && before.IsSent;
            waiting[stream] = next;
            if (!next.IsSent) queue.Enqueue(next, deadline.At);
            return;
        }

        if (idle.Count >= MostIdle) idle.Clear();
        // Without a known beginning, a state that is left by time is loaded again with its next entry.
        if (stay.Entered is not null || !rules.IsTimed(stay.At)) idle[stream] = stay;
    }

    private void Forget(StreamId stream)
    {
        if (waiting.Remove(stream, out var before)) before.IsOutdated = true;
        idle.Remove(stream);
    }

    private MachineDeadline<TCommand>? DeadlineOf(StreamId stream, MachineStay<TAt> stay, DateTimeOffset? since)
    {
        try
        {
            return rules.DeadlineOf(stay.At, since);
        }
#pragma warning disable CA1031 // Whatever the machine's own function throws: other machines have deadlines too.
        catch (Exception error)
#pragma warning restore CA1031
        {
            run.Logger?.DeadlineUnknown(error, stream);
            return null;
        }
    }
}

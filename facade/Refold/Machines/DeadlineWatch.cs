// Where the machines of a category stand and when they are left by time, kept from the entries of their streams; and sending what is due.
// Used by DeadlineDriver, one call at a time.
using Refold.Interop;

namespace Refold;

internal abstract class DeadlineWatch
{
    /// <summary>The next deadline, or the next time that something is tried again; null for none.</summary>
    public abstract DateTimeOffset? Next { get; }

    /// <summary>Finds where every machine stands.</summary>
    public abstract Task ScanAsync(CancellationToken cancellationToken);

    /// <summary>Takes an entry that was committed.</summary>
    public abstract Task TakeAsync(JournalEntry entry, CancellationToken cancellationToken);

    /// <summary>Sends what is due.</summary>
    /// <returns>How many commands were sent that had not been sent before.</returns>
    public abstract Task<int> FireAsync(DateTimeOffset now, CancellationToken cancellationToken);
}

internal sealed class DeadlineWatch<TAt, TCommand, TEvent, TError>(
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
            while (queue.TryPeek(out var first, out var at))
            {
                if (!first.IsOutdated && !first.IsSent) return unread.Count > 0 && readAgainAt < at ? readAgainAt : at;
                queue.Dequeue();
            }

            return unread.Count > 0 ? readAgainAt : null;
        }
    }

    public override async Task ScanAsync(CancellationToken cancellationToken)
    {
        StreamId? after = null;
        while (true)
        {
            var page = await run.Journal.StreamsAsync(aggregate.Category, after, 1024, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0) return;
            foreach (var found in page)
            {
                if (aggregate.Owns(found.Stream)) await LoadAsync(found.Stream, cancellationToken).ConfigureAwait(false);
            }

            after = page[^1].Stream;
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
        if (before?.Enter(rules.StateOf, aggregate, entry, out _) is { } stay)
            Keep(entry.Stream, stay);
        else
            await LoadAsync(entry.Stream, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<int> FireAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var sent = 0;
        if (now < fired) SetBack(now);
        fired = now;
        while (Next <= now)
        {
            if (unread.Count > 0 && readAgainAt <= now) await ReadAgainAsync(now, cancellationToken).ConfigureAwait(false);
            var due = new List<Waiting>();
            while (due.Count < MostAtOnce && Next <= now && queue.Count > 0) due.Add(queue.Dequeue());
            var results = await Task.WhenAll(due.Select(one => SendAsync(one, now, cancellationToken))).ConfigureAwait(false);
            sent += results.Count(result => result == Sending.Sent);
            // Here, not where it is found out: that is on several threads.
            for (var index = 0; index < due.Count; index++)
            {
                due[index].IsSent = results[index] != Sending.Failed;
                if (results[index] == Sending.Failed) queue.Enqueue(due[index], now + retryDelay);
            }
        }

        return sent;
    }

    // The clock was set back: what is tried again does not wait for the lost time as well.
    private void SetBack(DateTimeOffset now)
    {
        var (items, again) = (queue.UnorderedItems.ToList(), now + retryDelay);
        queue.Clear();
        foreach (var (item, at) in items)
            queue.Enqueue(item, at > again && at > item.Deadline.At ? (again > item.Deadline.At ? again : item.Deadline.At) : at);
        if (readAgainAt > again) readAgainAt = again;
    }

    private async Task ReadAgainAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<StreamId> streams = [.. unread];
        unread.Clear();
        readAgainAt = now + retryDelay;
        foreach (var stream in streams) await LoadAsync(stream, cancellationToken).ConfigureAwait(false);
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
        catch (Exception error) when (IsOfOneMachine(error, cancellationToken))
        {
            run.Logger?.DeadlineNotSent(error, due.Stream, due.Deadline.At);
            return Sending.Failed;
        }
    }

    // Whatever one machine's store, code or command throws: others have deadlines too, and a fault may pass.
    private static bool IsOfOneMachine(Exception error, CancellationToken cancellationToken) => error switch
    {
        RunEndedException or RunStoppedException or OutcomeUnknownException or ObjectDisposedException => false,
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => true,
    };

    private async Task LoadAsync(StreamId stream, CancellationToken cancellationToken)
    {
        try
        {
            Keep(stream, await StayAsync(stream, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception error) when (IsOfOneMachine(error, cancellationToken))
        {
            Forget(stream);
            run.Logger?.DeadlineUnknown(error, stream);
            // Others read no better the next time.
            if (error is StateUnreadableException or HistoryDroppedException) return;
            if (unread.Count == 0) readAgainAt = time.GetUtcNow() + retryDelay;
            unread.Add(stream);
        }
    }

    // A snapshot says where a machine stands, but not since when: all entries are read where that counts.
    private async Task<MachineStay<TAt>> StayAsync(StreamId stream, CancellationToken cancellationToken)
    {
        if (run.Snapshots.Store is not null)
        {
            var found = await StreamState.LoadAsync(run, aggregate, stream, long.MaxValue, cancellationToken).ConfigureAwait(false);
            if (!rules.IsTimed(found.Folded.State)) return new MachineStay<TAt>(found.Folded.State, found.Folded.Version, null);
        }

        try
        {
            var beginning = MachineTranslation.Beginning(aggregate.Fresh().Decider.Initial);
            return await FollowAsync(stream, beginning, cancellationToken).ConfigureAwait(false);
        }
        catch (EntriesDroppedException dropped)
        {
            // The entry that moved it there may have been deleted. Then the snapshot's own counts, or the first behind it: late rather than
            // early.
            var found = await StreamState.LoadAsync(run, aggregate, stream, long.MaxValue, cancellationToken).ConfigureAwait(false);
            var range = new RehydrationRange(run.Snapshots.Loading, ToVersion: found.From!.Version, Pin: run.Pin);
            var kept = await Rehydration.RunAsync(run.Journal, aggregate, stream, range, cancellationToken).ConfigureAwait(false);
            var entered = kept.Version > dropped.UpTo
                ? await run.Journal.ReadStreamAsync(stream, kept.Version, kept.Version, cancellationToken: cancellationToken)
                    .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false)
                : null;
            var stay = await FollowAsync(stream, new MachineStay<TAt>(kept.State, kept.Version, entered), cancellationToken)
                .ConfigureAwait(false);
            // Nothing is left that says since when; it has a deadline again from its next entry on.
            if (stay.Entered is null && rules.IsTimed(stay.At)) run.Logger?.DeadlineUnknown(dropped, stream);
            return stay;
        }
    }

    private async Task<MachineStay<TAt>> FollowAsync(StreamId stream, MachineStay<TAt> stay, CancellationToken cancellationToken)
    {
        var entries = run.Journal.ReadStreamAsync(stream, stay.Version + 1, cancellationToken: cancellationToken);
        await foreach (var entry in entries.ConfigureAwait(false))
        {
            stay = stay.Enter(rules.StateOf, aggregate, entry, out var divergence)
                ?? throw new StateUnreadableException(stream, divergence!);
        }

        return stay;
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

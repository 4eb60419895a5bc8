// Finding out where machines stand: several at once under recovery permits, and none of them for longer than the others can wait.
// Called by the rest of DeadlineWatch.
using Refold.Interop;

namespace Refold;

internal sealed partial class DeadlineWatch<TAt, TCommand, TEvent, TError>
{
    // Loads that the others do not wait for any more. None is begun beside one: what takes long is not begun anew for ever.
    private readonly Dictionary<StreamId, LateLoad> hanging = [];

    private async Task ReadAgainAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<StreamId> streams = [.. unread];
        unread.Clear();
        readAgainAt = now + retryDelay;
        foreach (var some in streams.Chunk(MostAtOnce)) await LoadAsync(some, cancellationToken).ConfigureAwait(false);
    }

    private async Task LoadAsync(IReadOnlyList<StreamId> streams, CancellationToken cancellationToken)
    {
        var loads = streams.Select(stream => (Stream: stream, Load: Begin(stream, cancellationToken))).ToList();
        await WaitAsync([.. loads.Where(load => load.Load.IsNew).Select(load => load.Load.Task)], cancellationToken).ConfigureAwait(false);
        foreach (var (stream, load) in loads)
        {
            if (!load.Task.IsCompleted)
            {
                load.IsNew = false;
                hanging[stream] = load;
                Unread(stream, new TimeoutException("The stream was not read within the retry delay."));
                continue;
            }

            hanging.Remove(stream);
            load.Dispose();
            try
            {
                Keep(stream, await load.Task.ConfigureAwait(false));
            }
            catch (Exception error) when (MayPass(error, cancellationToken))
            {
                // Begun anew, one that was given up gets twice the time.
                if (!load.IsNew) hanging[stream] = load;
                Unread(stream, error);
            }
        }
    }

    // One that has ended meanwhile is gone on with; one that goes on is let go on, for a time.
    private LateLoad Begin(StreamId stream, CancellationToken cancellationToken)
    {
        if (hanging.TryGetValue(stream, out var late) && !late.Task.IsCompleted)
        {
            late.Look();
            return late;
        }

        if (late is { Task.IsCompletedSuccessfully: true, IsOutdated: false }) return late;
        late?.Dispose();
        var next = new LateLoad(late?.Patience ?? 1, cancellationToken);
        next.Task = late is { Task.IsCompletedSuccessfully: true }
            ? FollowAsync(stream, late.Task.Result, next.Token).AsTask()
            : StayAsync(stream, next.Token);
        return next;
    }

    // A load, and for how many retry delays it may go on beside others before it gives its permit back: twice as many each time.
    private sealed class LateLoad(int patience, CancellationToken cancellationToken) : IDisposable
    {
        private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        private int looks;

        public CancellationToken Token => stop.Token;

        public Task<MachineStay<TAt>> Task { get; set; } = null!;

        public bool IsNew { get; set; } = true;

        // An entry came while it was going on, which it may not have read.
        public bool IsOutdated { get; set; }

        public int Patience { get; private set; } = patience;

        public void Look()
        {
            if (++looks != Patience) return;
            Patience = Math.Min(2 * Patience, 1 << 20);
            stop.Cancel();
        }

        public void Dispose() => stop.Dispose();
    }

    private void Unread(StreamId stream, Exception error)
    {
        Forget(stream);
        run.Logger?.DeadlineUnknown(error, stream);
        // Others read no better the next time.
        if (error is StateUnreadableException or HistoryDroppedException) return;
        if (unread.Count == 0) readAgainAt = time.GetUtcNow() + retryDelay;
        unread.Add(stream);
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
            var kept = await StreamState.UnderPermitAsync(run, aggregate, stream, range, cancellationToken).ConfigureAwait(false);
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

    private ValueTask<MachineStay<TAt>> FollowAsync(StreamId stream, MachineStay<TAt> from, CancellationToken cancellationToken) =>
        run.Recoveries.UnderPermitAsync(
            async token =>
            {
                var stay = from;
                var entries = run.Journal.ReadStreamAsync(stream, stay.Version + 1, cancellationToken: token);
                await foreach (var entry in entries.ConfigureAwait(false))
                {
                    stay = stay.Enter(rules.StateOf, aggregate, entry, out var divergence)
                        ?? throw new StateUnreadableException(stream, divergence!);
                }

                return stay;
            },
            cancellationToken);
}

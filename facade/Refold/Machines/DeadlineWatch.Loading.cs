// Finding out where machines stand: several at once under recovery permits, and none of them for longer than the others can wait.
// Called by the rest of DeadlineWatch.
using Refold.Interop;

namespace Refold;

internal sealed partial class DeadlineWatch<TAt, TCommand, TEvent, TError>
{
    // Loads that were let go and have not ended, as their store does not heed their token: none is begun beside one.
    private readonly Dictionary<StreamId, Task> hanging = [];

    private async Task ReadAgainAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<StreamId> streams = [.. unread];
        unread.Clear();
        readAgainAt = now + retryDelay;
        foreach (var some in streams.Chunk(MostAtOnce)) await LoadAsync(some, cancellationToken).ConfigureAwait(false);
    }

    private async Task LoadAsync(IReadOnlyList<StreamId> streams, CancellationToken cancellationToken)
    {
        using var loading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var token = loading.Token;
        var loads = streams.Select(stream => (Stream: stream, Task: IsHanging(stream) ? null : StayAsync(stream, token))).ToList();
        await WaitAsync([.. loads.Select(load => load.Task).OfType<Task>()], cancellationToken).ConfigureAwait(false);
        // What has not ended by now gives its permit back.
        List<(StreamId Stream, Task<MachineStay<TAt>>? Task)> late = [.. loads.Where(load => load.Task?.IsCompleted != true)];
        if (late.Count > 0) await loading.CancelAsync().ConfigureAwait(false);
        foreach (var (stream, task) in late)
        {
            if (task is not null) hanging[stream] = task;
            Unread(stream, new TimeoutException("The stream was not read within the retry delay."));
        }

        foreach (var (stream, task) in loads.Except(late))
        {
            try
            {
                Keep(stream, await task!.ConfigureAwait(false));
            }
            catch (Exception error) when (MayPass(error, cancellationToken))
            {
                Unread(stream, error);
            }
        }
    }

    private bool IsHanging(StreamId stream)
    {
        if (!hanging.TryGetValue(stream, out var task)) return false;
        if (task.IsCompleted) hanging.Remove(stream);
        return !task.IsCompleted;
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

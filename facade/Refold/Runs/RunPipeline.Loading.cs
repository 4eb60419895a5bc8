// What a run reads beside its pipeline: many streams and keys at the same time, each begun as soon as it is asked for.
// Asked for under the lock of RunPipeline, begun and awaited outside it.
using Refold.Interop;

namespace Refold;

internal sealed partial class RunPipeline
{
    // Bounds what a run asks of the journal at the same time; a store bounds its own connections.
    private const int MostLoads = 1024;

    private readonly Queue<RunLoad> asked = new();
    private RunLoad? versionLoad;
    private int loading;

    // Under the lock; what is read is read on another thread.
    private void LoadElsewhere()
    {
        foreach (var load in NextLoads())
            Elsewhere.Do(static next => _ = next.Pipeline.LoadAsync(next.Load, isCallers: false), (Pipeline: this, Load: load));
    }

    // What was asked for and may begin now.
    private IReadOnlyList<RunLoad> NextLoads()
    {
        if (asked.Count == 0 || loading >= MostLoads)
            return [];
        var loads = new List<RunLoad>();
        while (loading < MostLoads && asked.TryDequeue(out var load))
        {
            if (load.IsAbandoned)
                continue;
            load.IsBegun = true;
            loading++;
            loads.Add(load);
        }

        return loads;
    }

    private async Task LoadAsync(RunLoad load, bool isCallers)
    {
        var scope = load.Work is { } work ? RunScope.Enter(this, work) : null;
        var reading = load.Begin();
        var isDoneAtOnce = reading.IsCompleted;
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        scope?.End();
        lock (gate)
        {
            if (!load.IsAbandoned)
            {
                (loading, load.IsBegun) = (loading - 1, false);
                load.End();
            }
        }

        // Its caller looks at what can be made now.
        if (!isCallers || !isDoneAtOnce)
            Kick();
    }

    private RunLoad Ask<T>(Func<CancellationToken, Task<T>> read, Action<T> arrived, Action<Exception> failed, RunWork? work = null)
    {
        var load = new RunLoad<T>(read, arrived, failed) { Work = work };
        asked.Enqueue(load);
        return load;
    }

    // What does not heed its token holds no place among those on their way.
    private void Abandon(RunLoad? load)
    {
        if (load is null)
            return;
        if (load.IsBegun) loading--;
        load.Abandon();
    }

    // Shared by all that wait for the stream: it ends with the last of them.
    private void AskState(RunLane lane, RunWork work) => lane.Load = Ask(
        work.LoadAsync,
        state =>
        {
            (lane.Load, lane.Loaded) = (null, state);
            Evaluate(lane);
        },
        error =>
        {
            lane.Load = null;
            if (work.Status == WorkStatus.Waiting)
                Refuse(work, error);
            else
                Evaluate(lane);
        },
        work);

    // A key that a command before uses is looked up when that one is settled.
    private void AskKey(RunWork work)
    {
        if (!work.HasToLookUp || work.Status != WorkStatus.Waiting || work.IsLookedUp || work.Load is not null)
            return;
        if (work.Key is { } key && !ReferenceEquals(keys[key].Peek(), work))
            return;
        work.Load = AskLookUp(work);
    }

    private RunLoad AskLookUp(RunWork work) =>
        Ask(
            async token =>
            {
                await work.LookUpAsync(token).ConfigureAwait(false);
                return true;
            },
            _ =>
            {
                (work.Load, work.IsLookedUp) = (null, true);
                Evaluate(lanes[work.Stream!]);
            },
            error => Refuse(work, error),
            work);

    private void AskAlone(RunWork work)
    {
        work.Load ??= Ask(
            work.LoadAsync,
            _ =>
            {
                work.Load = null;
                work.Status = WorkStatus.Ready;
                ready.Enqueue(work, work.Sequence);
            },
            error => Refuse(work, error),
            work);
    }

    // Where it cannot be read, the first that waits has failed, and the next asks again.
    private void AskVersion()
    {
        versionLoad ??= Ask(
            ReadVersionAsync,
            version =>
            {
                versionLoad = null;
                memory.Learn(version);
            },
            error =>
            {
                versionLoad = null;
                Refuse(unsettled.First(work => work is not BarrierWork && work.Status is WorkStatus.Waiting or WorkStatus.Ready), error);
            });
    }

    private async Task<long> ReadVersionAsync(CancellationToken cancellationToken)
    {
        var highest = await journal.HighestVersionAsync(run.Stream, cancellationToken).ConfigureAwait(false);
        var last = journal.ReadKeptAsync(run.Stream, highest, cancellationToken: cancellationToken);
        await foreach (var entry in last.ConfigureAwait(false))
        {
            if (RunTranslation.IsEnd(entry))
                throw new RunEndedException(run);
        }

        return highest;
    }

    // Nothing was appended, so no expected version was judged yet: a refusal or an exception may come from an outdated state.
    private void AskConflict(EmptyFlight flight)
    {
        var (stream, version) = (flight.Work.Stream!, flight.Work.BuiltOn!.Value);
        flight.Check ??= Ask(
            token => journal.HighestVersionAsync(stream, token).AsTask(),
            actual =>
            {
                flight.IsChecked = true;
                if (actual == version)
                    return;
                var expected = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version);
                flight.Conflict = new AppendFailure.Conflict(stream, expected, actual);
            },
            error => (flight.IsChecked, flight.CheckError) = (true, error));
    }
}

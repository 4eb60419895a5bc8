// The state of a live projection as a read model: folded in memory, kept in a cache from time to time.
// Made by LiveProjection, and driven by its runner.
using Microsoft.FSharp.Core;

namespace Refold;

/// <summary>The state of a projection. Written by one caller at a time, read by any.</summary>
/// <param name="journal">The journal.</param>
/// <param name="projection">The projection.</param>
/// <param name="cache">Where it is kept; null for nowhere.</param>
/// <param name="keepEvery">After how many positions.</param>
internal sealed class StateModel<TState>(
    ILocalJournal journal, Projection<TState> projection, ProjectionCache? cache, long keepEvery) : IReadModel
{
    private readonly Core.Selection selection = Core.SelectionModule.ofProjection(projection.Value);
    private ProjectionCache? cache = cache;
    private volatile LiveState<TState> current = new(false, default, default, Hash.Zero);
    private bool isLoaded;
    private volatile LiveState<TState>? kept;
    private Task keeping = Task.CompletedTask;
    private string? told;

    /// <summary>Told why the state is not kept, once for each reason in turn.</summary>
    public Action<string> NotKept { get; init; } = _ => { };

    /// <summary>The state now.</summary>
    public LiveState<TState> Current => current;

    private Core.Projection<TState> Fold => projection.Value;

    private Hash QueryHash => Core.SelectionModule.hash(selection);

    /// <summary>What is in memory, or what was kept; of what was kept for another fold or cannot be read, nothing.</summary>
    /// <exception cref="ForeignHistoryException">What was kept is of another history.</exception>
    public async ValueTask<Head?> LoadPlaceAsync(CancellationToken cancellationToken = default)
    {
        if (isLoaded || cache is null) return current.Place;
        var answer = await cache.GetAsync(KeyOf(), cancellationToken).ConfigureAwait(false);
        if (answer is not Core.CacheAnswer.Found { row: var row })
        {
            isLoaded = true;
            return null;
        }

        await ReadModelSteps.RequireOwnAsync(journal, projection.Id, row.Watermark, cancellationToken).ConfigureAwait(false);
        isLoaded = true;
        var plan = Core.ProjectionCache.plan(
            Fold, QueryHash, Core.ProjectionRunRequestedFreshness.Consistent, row.Watermark,
            FuncConvert.FromFunc<long, FSharpOption<Hash>?>(_ => FSharpOption<Hash>.Some(row.Watermark.Hash))!, answer);
        if (plan.Way is not Core.CacheWay<TState>.Serve { state: var state }) return null;
        kept = current = new LiveState<TState>(state is not null, state is null ? default : state.Value, row.Watermark, row.EntriesHash);
        return row.Watermark;
    }

    public ValueTask ApplyAsync(ReadModelBatch batch, CancellationToken cancellationToken = default)
    {
        var before = current;
        var state = before.EntriesHash == Hash.Zero
            ? Fold.Initial
            : before.HasState ? FSharpOption<TState>.Some(before.State!) : null;
        var fold = new Core.ProjectionFold<TState>(
            Fold, selection, state, before.EntriesHash, before.Place.Position, batch.Place.Position);
        foreach (var entry in batch.Entries)
        {
            if (!fold.Add(entry.Value)) throw ReadModelException.Folding(projection.Id, fold.Failure!);
        }

        var next = fold.State;
        current = new LiveState<TState>(next is not null, next is null ? default : next.Value, batch.Place, fold.EntriesHash);
        // Beside the fold, one at a time: a store that is slow or hangs holds up nobody.
        if (batch.Place.Position - (kept?.Place.Position ?? 0) >= keepEvery && keeping.IsCompleted)
            keeping = Task.Run(() => KeepAsync(CancellationToken.None), CancellationToken.None);
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps the state as it is now, for the last time: waits so long at most.</summary>
    public async Task KeepLastAsync(TimeSpan most)
    {
        try
        {
            await keeping.WaitAsync(most).ConfigureAwait(false);
            await Task.Run(() => KeepAsync(CancellationToken.None)).WaitAsync(most).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Tell("the store does not answer");
        }
    }

    /// <summary>Keeps the state, where there is a cache and something was folded; what is wrong with the cache costs a longer
    /// start.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        var now = current;
        if (cache is null || now.EntriesHash == Hash.Zero || kept?.Place == now.Place) return;
        var encoded = TryEncode(now);
        if (now.HasState && encoded is null)
        {
            Tell("its codec does not encode the state");
            return;
        }

        var row = new Core.ProjectionRow(
            now.Place, projection.SchemaVersion, QueryHash, encoded is null ? null : FSharpOption<Core.Encoded>.Some(encoded.Value),
            now.EntriesHash);
        var fault = await cache.PutAsync(KeyOf(), row, cancellationToken).ConfigureAwait(false);
        if (fault is null) (kept, told) = (now, null);
        else Tell(fault);
    }

    /// <summary>Keeps the state in a cache that is this one's from now on.</summary>
    public Task KeepInAsync(ProjectionCache? cache, CancellationToken cancellationToken)
    {
        (this.cache, isLoaded) = (cache, true);
        return KeepAsync(cancellationToken);
    }

    /// <summary>What differs from another one at the same place; null where nothing does.</summary>
    public string? DifferenceFrom(StateModel<TState> other)
    {
        if (current.EntriesHash != other.current.EntriesHash) return "other entries";
        if (!current.HasState && !other.current.HasState) return null;
        if (TryEncode(current) is not { } mine || TryEncode(other.current) is not { } others)
        {
            return current.HasState == other.current.HasState
                ? "a state without a form, which nobody can tell to be another"
                : "another state";
        }

        return mine.Value.Payload.Memory.Span.SequenceEqual(others.Value.Payload.Memory.Span) ? null : "another state";
    }

    private void Tell(string reason)
    {
        if (told == reason) return;
        told = reason;
        NotKept(reason);
    }

    private StreamId KeyOf() => ProjectionCache.KeyOf(projection.Id, projection.SchemaVersion, QueryHash);

    private FSharpOption<Core.Encoded>? TryEncode(LiveState<TState> now)
    {
        if (!now.HasState || Fold.State is not { } codec) return null;
        try
        {
            return codec.Value.Encode.Invoke(now.State!) is { IsOk: true } encoded
                ? FSharpOption<Core.Encoded>.Some(encoded.ResultValue)
                : null;
        }
#pragma warning disable CA1031 // Whatever a codec throws: a state without a form is not kept.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}

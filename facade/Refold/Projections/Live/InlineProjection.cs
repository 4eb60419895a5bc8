// A projection whose state is as of the answer of each append: what was appended can be read at once.
// Given to WithInlineAsync, which makes the journal that appends go through.
namespace Refold;

/// <summary>A projection that is brought up to date inside each append, whatever its state.</summary>
public abstract class InlineProjection
{
    private protected InlineProjection()
    {
    }

    /// <summary>The projection's id.</summary>
    public abstract string Id { get; }

    /// <summary>Why its state is brought up to date no more; null where it is. The journal goes on without it.</summary>
    public abstract Exception? Fault { get; }

    /// <summary>Belongs to a journal from now on.</summary>
    /// <exception cref="InvalidOperationException">It belongs to one already.</exception>
    internal abstract void Bind();

    /// <summary>Belongs to none again, and has no state: it was not brought up to date.</summary>
    internal abstract void Release();

    /// <summary>Folds up to a head, and never throws but where its token is cancelled: one caller at a time.</summary>
    internal abstract Task CatchUpAsync(ILocalJournal journal, Head head, CancellationToken cancellationToken);

    /// <summary>Keeps the state, where it is kept.</summary>
    internal abstract Task KeepAsync();
}

/// <summary>A projection that is brought up to date inside each append: once an append is answered, what it appended is in the
/// state.</summary>
/// <remarks>The state is in memory and made from the journal, so an append costs the fold of its entries besides. It is never the truth:
/// where the fold fails, the append stays, and is answered; <see cref="Current"/> throws from then on.</remarks>
/// <typeparam name="TState">The state: a value that does not change, as readers hold it while the next one is made.</typeparam>
/// <threadsafety>All members are safe for use by many threads. One projection belongs to one journal.</threadsafety>
/// <example><code>
/// var sold = new InlineProjection&lt;long&gt;(Stock.Sold);
/// await using var journal = await Journal.Open("segments:data").WithInlineAsync([sold]);
/// await journal.AppendAsync(request);
/// Console.WriteLine(sold.Current.State);   // with what was just appended
/// </code></example>
public sealed class InlineProjection<TState> : InlineProjection
{
    // A store that hangs costs the state that is kept, and closes no journal later.
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(10);

    private readonly Projection<TState> projection;
    private readonly ProjectionCache? cache;
    private readonly long keepEvery;
    private int isBound;
    private StateModel<TState>? model;
    private ReadModelSteps? steps;
    private Exception? fault;

    /// <summary>Makes one. It has no state until it is given to <see cref="InlineProjectionExtensions.WithInlineAsync"/>.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="cache">Where the state is kept, so that opening folds only what is behind it; null for nowhere.</param>
    /// <param name="keepEvery">After how many positions the state is kept, besides at closing: at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keepEvery"/> is below 1.</exception>
    public InlineProjection(Projection<TState> projection, ProjectionCache? cache = null, long keepEvery = 10_000)
    {
        ArgumentNullException.ThrowIfNull(projection);
        ArgumentOutOfRangeException.ThrowIfLessThan(keepEvery, 1);
        (this.projection, this.cache, this.keepEvery) = (projection, cache, keepEvery);
    }

    /// <inheritdoc/>
    public override string Id => projection.Id;

    /// <inheritdoc/>
    public override Exception? Fault => Volatile.Read(ref fault);

    /// <summary>The state, as of the last append that was answered or a later one.</summary>
    /// <exception cref="InvalidOperationException">It was given to no journal yet.</exception>
    /// <exception cref="ReadModelException">The fold failed, or entries that could match were deleted or dropped before they were
    /// read.</exception>
    public LiveState<TState> Current => Fault is { } failed
        ? throw ReadModelException.NotThere(Id, failed)
        : model?.Current ?? throw new InvalidOperationException($"The projection '{Id}' was given to no journal yet.");

    internal override void Bind()
    {
        if (Interlocked.Exchange(ref isBound, 1) == 1)
            throw new InvalidOperationException($"The projection '{Id}' was given to a journal already; make one for each.");
    }

    internal override void Release()
    {
        (model, steps) = (null, null);
        Volatile.Write(ref fault, null);
        Volatile.Write(ref isBound, 0);
    }

    internal override async Task CatchUpAsync(ILocalJournal journal, Head head, CancellationToken cancellationToken)
    {
        if (Fault is not null) return;
        try
        {
            if (steps is null) await LoadAsync(journal, cancellationToken).ConfigureAwait(false);
            while (steps!.Place.Position < head.Position)
                await steps.StepAsync(head, cancellationToken, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is: the append was made, and this state says itself that it is none.
        catch (Exception failed) when (failed is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Volatile.Write(ref fault, failed);
        }
    }

    internal override Task KeepAsync() =>
        Fault is null && model is not null ? model.KeepLastAsync(MostWait) : Task.CompletedTask;

    private async Task LoadAsync(ILocalJournal journal, CancellationToken cancellationToken)
    {
        model = new StateModel<TState>(journal, projection, cache, keepEvery);
        var made = new ReadModelSteps(
            journal, Id, model, new ReadModelRunnerOptions { Query = new Query(projection.Value.Query), SavePlaceEvery = 1 },
            Core.SelectionModule.ofProjection(projection.Value));
        await made.LoadAsync(cancellationToken).ConfigureAwait(false);
        steps = made;
    }
}

/// <summary>Inline projections of a journal.</summary>
public static class InlineProjectionExtensions
{
    /// <summary>A journal whose appends are answered once inline projections hold what was appended. Runs, outboxes and plain appends go
    /// through it; what is appended past it is folded with the next append through it.</summary>
    /// <param name="journal">The journal. It is closed with the one that is answered.</param>
    /// <param name="projections">The projections: each brought up to date now.</param>
    /// <param name="cancellationToken">Cancels bringing them up to date.</param>
    /// <returns>The journal to append to.</returns>
    /// <exception cref="InvalidOperationException">A projection was given to a journal before.</exception>
    /// <remarks>A projection that cannot be brought up to date has a <see cref="InlineProjection.Fault"/>; the journal is usable all the
    /// same.</remarks>
    public static async Task<ILocalJournal> WithInlineAsync(
        this ILocalJournal journal, IReadOnlyList<InlineProjection> projections, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(projections);
        InlineProjection[] all = [.. projections];
        var bound = new List<InlineProjection>();
        try
        {
            foreach (var projection in all)
            {
                ArgumentNullException.ThrowIfNull(projection, nameof(projections));
                projection.Bind();
                bound.Add(projection);
            }

            var inline = new InlineJournal(journal, all);
            await inline.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return inline;
        }
        catch
        {
            foreach (var projection in bound) projection.Release();
            throw;
        }
    }
}

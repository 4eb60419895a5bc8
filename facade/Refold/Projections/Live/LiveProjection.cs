// A projection whose state is kept up to date in memory while entries come, and kept from time to time, so that a restart goes on from it.
// Made by applications, and run by them or by a host.
namespace Refold;

/// <summary>How a projection is kept live.</summary>
public sealed record LiveProjectionOptions
{
    /// <summary>Where its state is kept: a restart goes on from there. The same as of <see cref="ProjectionOptions.Cache"/>, so that runs
    /// with evidence find the state too.</summary>
    /// <value>Default: null, a restart folds every entry.</value>
    public ProjectionCache? Cache { get; init; }

    /// <summary>After so many positions the state is kept; also when the runner stops.</summary>
    /// <value>Default: 10,000. At least 1.</value>
    public long KeepEvery { get; init; } = 10_000;

    /// <summary>How it follows the journal. Its query is the projection's, its places are kept with the state, and it skips nothing: <see
    /// cref="ReadModelRunnerOptions.Query"/> and <see cref="ReadModelRunnerOptions.SkipsMissing"/> stay as they are by default.</summary>
    public ReadModelRunnerOptions Runner { get; init; } = new();

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(LiveProjectionOptions), PrintMembers);
}

/// <summary>A state of a live projection. Never changed: the next one is another.</summary>
/// <param name="HasState">Whether anything matched: without it there is no state.</param>
/// <param name="State">The state; the default where there is none.</param>
/// <param name="Place">The place that it is as of.</param>
/// <param name="EntriesHash">The hash of the entries that were folded, as in <see cref="ProjectionReport.EntriesHash"/>.</param>
/// <typeparam name="TState">The state.</typeparam>
public sealed record LiveState<TState>(bool HasState, TState? State, Head Place, Hash EntriesHash)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(LiveState<TState>), PrintMembers);
}

/// <summary>A projection that follows its journal: the state is in memory, and as of a place that moves with each commit. It equals what
/// <see cref="ProjectionExtensions.RunWithEvidence"/> gives as of that place.</summary>
/// <typeparam name="TState">The state: a value that does not change, as readers hold it while the next one is made.</typeparam>
/// <threadsafety>All members are safe for use by many threads; <see cref="RunAsync"/> runs once at a time.</threadsafety>
/// <example><code>
/// await using var states = DirectorySnapshotStore.Open("states");
/// var live = new LiveProjection&lt;long&gt;(journal, sold, new() { Cache = new ProjectionCache(states) });
/// var running = live.RunAsync(stopping);
/// var now = await live.WaitForAsync(receipt.Head.Position);
/// </code></example>
public sealed class LiveProjection<TState>
{
    private readonly ILocalJournal journal;
    private readonly Projection<TState> projection;
    private readonly LiveProjectionOptions options;
    private readonly ReadModelRunner runner;
    private volatile StateModel<TState> model;

    /// <summary>Makes a live projection. It does nothing until <see cref="RunAsync"/> is called.</summary>
    /// <param name="journal">The journal. It stays the caller's.</param>
    /// <param name="projection">The projection.</param>
    /// <param name="options">How it is kept live.</param>
    /// <exception cref="ArgumentException">An option is outside its range, or the runner's options name a query, or skip what is
    /// missing: the state would be another one than that of the projection, and be kept as if it were its.</exception>
    public LiveProjection(ILocalJournal journal, Projection<TState> projection, LiveProjectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(projection);
        (this.journal, this.projection) = (journal, projection);
        this.options = options ?? new LiveProjectionOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(this.options.KeepEvery, 1, nameof(options));
        ArgumentNullException.ThrowIfNull(this.options.Runner, nameof(options));
        if (this.options.Runner.SkipsMissing || this.options.Runner.Query != Query.All)
        {
            throw new ArgumentException(
                $"The live projection '{projection.Id}' reads what the projection does, and skips nothing: leave Query and SkipsMissing of "
                + "Runner as they are, or keep a read model of your own.", nameof(options));
        }

        model = ModelIn(this.options.Cache);
        // The place moves with every step: the state is as of it, whether something matched or not.
        runner = new ReadModelRunner(
            journal, projection.Id, model,
            this.options.Runner with { Query = new Query(projection.Value.Query), SavePlaceEvery = 1 },
            Core.SelectionModule.ofProjection(projection.Value))
        {
            Ended = () => model.KeepLastAsync(this.options.Runner.StopTimeout),
        };
    }

    /// <summary>The projection's id.</summary>
    public string Id => projection.Id;

    /// <summary>The state now.</summary>
    public LiveState<TState> Current => model.Current;

    /// <summary>How far it has come.</summary>
    public ReadModelStatus Status => runner.Status;

    /// <summary>Keeps the state up to date until it is to stop, or the journal is closed, and keeps it then. Faults are mended as
    /// <see cref="ReadModelRunnerOptions"/> says; one of the fold is none that passes.</summary>
    /// <param name="stopping">Ends it.</param>
    /// <returns>Done when it has stopped.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    /// <exception cref="ForeignHistoryException">The state that was kept is of another history than the journal: let go what is kept, or
    /// open the journal that belongs to it.</exception>
    /// <exception cref="ReadModelException">The fold failed, or entries that could match were deleted or dropped before they were
    /// read.</exception>
    public Task RunAsync(CancellationToken stopping) => runner.RunAsync(stopping);

    /// <summary>The state as of a position or a later one: what was appended up to there is in it.</summary>
    /// <param name="position">The position, such as that of a receipt's head.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The state.</returns>
    /// <exception cref="ReadModelException">It has stopped, or failed, before it came so far.</exception>
    public async Task<LiveState<TState>> WaitForAsync(long position, CancellationToken cancellationToken = default)
    {
        await runner.WaitForAsync(position, cancellationToken).ConfigureAwait(false);
        return Current;
    }

    /// <summary>Makes the state anew from the journal's first entry, beside the live one, and puts it in its place where it is equal: the
    /// same entries, and the same bytes of the state.</summary>
    /// <param name="cancellationToken">Ends it; the live one goes on.</param>
    /// <returns>The state that was made anew, kept where states are kept.</returns>
    /// <exception cref="InvalidOperationException">It does not run, or is made anew already.</exception>
    /// <exception cref="ReadModelException">The two differ, or it cannot be made anew; the live one stays.</exception>
    public async Task<LiveState<TState>> RebuildAsync(CancellationToken cancellationToken = default)
    {
        var beside = ModelIn(null);
        await runner.RebuildAsync(
            beside,
            async (place, token) =>
            {
                if (beside.DifferenceFrom(model) is { } difference) throw ReadModelException.Differs(Id, place, difference);
                await beside.KeepInAsync(options.Cache, token).ConfigureAwait(false);
                model = beside;
            },
            cancellationToken).ConfigureAwait(false);
        return beside.Current;
    }

    private StateModel<TState> ModelIn(ProjectionCache? cache) =>
        new(journal, projection, cache, options.KeepEvery) { NotKept = reason => runner.TellNotKept(reason) };
}

// Projections by id, as programs and the tool run them by name.
// Made by applications; the tool has one with the built-in projections.

namespace Refold;

/// <summary>Projections by id.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class ProjectionRegistry
{
    private Core.ProjectionRegistry registered = Core.ProjectionRegistryModule.empty;

    /// <summary>Adds a projection, in place of one of the same id.</summary>
    /// <param name="projection">The projection.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>This registry.</returns>
    public ProjectionRegistry Register<TState>(Projection<TState> projection)
    {
        ArgumentNullException.ThrowIfNull(projection);
        return Register(Core.ProjectionRegistryModule.ofProjection(projection.Value));
    }

    /// <summary>What is registered, without the types of states.</summary>
    internal IReadOnlyList<Core.IRegisteredProjection> Registered =>
        [.. Core.ProjectionRegistryModule.all(Volatile.Read(ref registered))];

    internal ProjectionRegistry Register(Core.IRegisteredProjection projection)
    {
        Core.ProjectionRegistry before, after;
        do
        {
            before = Volatile.Read(ref registered);
            after = Core.ProjectionRegistryModule.add(projection, before);
        }
        while (Interlocked.CompareExchange(ref registered, after, before) != before);
        return this;
    }

    /// <summary>Whether there is one of this id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>True if there is.</returns>
    public bool Contains(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Core.ProjectionRegistryModule.contains(id, Volatile.Read(ref registered));
    }

    /// <summary>The ids, in the order of their UTF-8 bytes.</summary>
    public IReadOnlyList<string> Ids => [.. Core.ProjectionRegistryModule.ids(Volatile.Read(ref registered))];

    /// <summary>Runs the projection of an id, as <see cref="ProjectionExtensions.RunWithEvidence"/> does.</summary>
    /// <param name="id">The id.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="asOf">The position the state is to be as of; null for the head.</param>
    /// <returns>What it gave; null for an id that nobody registered.</returns>
    /// <exception cref="ProjectionFailedException">The run failed.</exception>
    public RegisteredResult? TryRun(string id, ILocalJournal journal, long? asOf = null)
    {
        return TryFind(id) is { } found ? ProjectionExtensions.Run(found, journal, asOf) : null;
    }

    /// <summary>Runs the projection of an id, as <see cref="ProjectionExtensions.RunWithEvidenceAsync"/> does.</summary>
    /// <param name="id">The id.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="options">As of which position or time the state has to be, how fresh, and where states are kept; null for the head,
    /// without a cache.</param>
    /// <param name="cancellationToken">Cancels waiting for the cache and for the journal.</param>
    /// <returns>What it gave; null for an id that nobody registered.</returns>
    /// <exception cref="ProjectionFailedException">The run failed.</exception>
    public async ValueTask<RegisteredResult?> TryRunAsync(
        string id, ILocalJournal journal, ProjectionOptions? options = null, CancellationToken cancellationToken = default) =>
        TryFind(id) is { } found
            ? await ProjectionExtensions.RunAsync(found, journal, options ?? new(), cancellationToken).ConfigureAwait(false)
            : null;

    private Core.IRegisteredProjection? TryFind(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Core.ProjectionRegistryModule.tryFind(id, Volatile.Read(ref registered)) is { Value: var found } ? found : null;
    }
}

/// <summary>What the run of a registered projection gave.</summary>
/// <param name="State">The state; null where nothing matched.</param>
/// <param name="Encoded">The state as its codec writes it; null where there is none.</param>
/// <param name="Report">The report.</param>
public sealed record RegisteredResult(object? State, ReadOnlyMemory<byte>? Encoded, ProjectionReport Report);

// Projections by id, as programs and the tool run them by name.
// Made by applications; the tool has one with the built-in projections.

namespace Refold;

/// <summary>Projections by id.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class ProjectionRegistry
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Func<ILocalJournal, long?, RegisteredResult>> registered = new(StringComparer.Ordinal);

    /// <summary>Adds a projection, in place of one of the same id.</summary>
    /// <param name="projection">The projection.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>This registry.</returns>
    public ProjectionRegistry Register<TState>(Projection<TState> projection)
    {
        ArgumentNullException.ThrowIfNull(projection);
        lock (gate)
        {
            registered[projection.Id] = (journal, asOf) =>
            {
                var result = journal.RunWithEvidence(projection, asOf);
                var encoded = result.HasState ? TryEncode(projection, result.State!) : null;
                return new RegisteredResult(result.HasState ? result.State : null, encoded, result.Report);
            };
        }

        return this;
    }

    // A state without a form has no hash in its report either.
    private static ReadOnlyMemory<byte>? TryEncode<TState>(Projection<TState> projection, TState state)
    {
        try
        {
            return projection.Value.State is { } codec && codec.Value.Encode.Invoke(state) is { IsOk: true } bytes
                ? bytes.ResultValue.Payload.Memory
                : null;
        }
#pragma warning disable CA1031 // Whatever a codec throws: the run succeeded.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    /// <summary>Whether there is one of this id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>True if there is.</returns>
    public bool Contains(string id)
    {
        lock (gate) return registered.ContainsKey(id);
    }

    /// <summary>The ids, in the order of their UTF-8 bytes.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (gate) return [.. registered.Keys.Order(Comparer<string>.Create(Core.Text.compareUtf8))];
        }
    }

    /// <summary>Runs the projection of an id, as <see cref="ProjectionExtensions.RunWithEvidence"/> does.</summary>
    /// <param name="id">The id.</param>
    /// <param name="journal">The journal.</param>
    /// <param name="asOf">The position the state is to be as of; null for the head.</param>
    /// <returns>What it gave; null for an id that nobody registered.</returns>
    /// <exception cref="ProjectionFailedException">The run failed.</exception>
    public RegisteredResult? TryRun(string id, ILocalJournal journal, long? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(id);
        Func<ILocalJournal, long?, RegisteredResult>? run;
        lock (gate) registered.TryGetValue(id, out run);
        return run?.Invoke(journal, asOf);
    }
}

/// <summary>What the run of a registered projection gave.</summary>
/// <param name="State">The state; null where nothing matched.</param>
/// <param name="Encoded">The state as its codec writes it; null where there is none.</param>
/// <param name="Report">The report.</param>
public sealed record RegisteredResult(object? State, ReadOnlyMemory<byte>? Encoded, ProjectionReport Report);

// Projections: named, pure folds over what a query finds, of any number of streams.
// Made by applications; run by ProjectionExtensions and ProjectionRegistry.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold;

/// <summary>A named fold over entries. The same entries give the same state, wherever it is made.</summary>
/// <typeparam name="TState">The state.</typeparam>
public sealed class Projection<TState>
{
    internal Projection(Core.Projection<TState> value) => Value = value;

    internal Core.Projection<TState> Value { get; }

    /// <summary>The id: stable, whatever the classes are called.</summary>
    public string Id => Core.Projection.id(Value);

    /// <summary>The schema version: raised whenever the fold or the state changes.</summary>
    public int SchemaVersion => Core.Projection.schemaVersion(Value);
}

/// <summary>Makes projections.</summary>
/// <example><code>
/// var sold = Projection.Create("sold-by-sku", 1, [new ProjectionSource.Type("Sold")], 0L,
///     (count, entry) => count + 1, Codec.Json(MyJson.Default.Int64, "Count"));
/// var run = journal.RunWithEvidence(sold);
/// Console.WriteLine($"{run.State} {run.Report.BodyHash}");
/// </code></example>
public static class Projection
{
    /// <summary>A projection over whole entries.</summary>
    /// <param name="id">The id: 1 to 256 UTF-8 bytes without control characters, and no type name.</param>
    /// <param name="schemaVersion">From 1; to be raised whenever the fold or the state changes, so that no cached state of before is
    /// used.</param>
    /// <param name="sources">What it reads; none for every entry. The role does not matter: commands and refusals match too.</param>
    /// <param name="initial">The state before the first entry.</param>
    /// <param name="apply">The state with one entry more: pure. What it throws makes the run fail.</param>
    /// <param name="state">The state's form, for its hash and for caches.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <returns>The projection.</returns>
    /// <exception cref="ArgumentException">The id, the version or a source breaks a rule.</exception>
    public static Projection<TState> Create<TState>(
        string id,
        int schemaVersion,
        IReadOnlyList<ProjectionSource> sources,
        TState initial,
        Func<TState, JournalEntry, TState> apply,
        Codec<TState> state)
    {
        ArgumentNullException.ThrowIfNull(apply);
        return Of(
            Core.Projection.ofEntries(
                id, schemaVersion, ToCore(sources),
                FuncConvert.FromFunc<FSharpOption<TState>?, Core.Entry, FSharpOption<TState>?>(
                    (before, entry) => FSharpOption<TState>.Some(apply(before!.Value, new JournalEntry(entry))))!),
            initial, state);
    }

    /// <summary>A projection over what a codec reads. An entry that matches and cannot be decoded makes the run fail.</summary>
    /// <param name="id">As in <see cref="Create"/>.</param>
    /// <param name="schemaVersion">As in <see cref="Create"/>.</param>
    /// <param name="sources">What it reads.</param>
    /// <param name="events">Reads the entries that match.</param>
    /// <param name="initial">The state before the first event.</param>
    /// <param name="apply">The state with one event more: pure.</param>
    /// <param name="state">The state's form.</param>
    /// <typeparam name="TState">The state.</typeparam>
    /// <typeparam name="TEvent">The events.</typeparam>
    /// <returns>The projection.</returns>
    /// <exception cref="ArgumentException">The id, the version or a source breaks a rule.</exception>
    public static Projection<TState> OfEvents<TState, TEvent>(
        string id,
        int schemaVersion,
        IReadOnlyList<ProjectionSource> sources,
        Codec<TEvent> events,
        TState initial,
        Func<TState, TEvent, TState> apply,
        Codec<TState> state)
    {
        ArgumentNullException.ThrowIfNull(apply);
        ArgumentNullException.ThrowIfNull(events);
        return Of(
            Core.Projection.ofEvents(
                id, schemaVersion, ToCore(sources), events.Value,
                FuncConvert.FromFunc<FSharpOption<TState>?, TEvent, FSharpOption<TState>?>(
                    (before, happened) => FSharpOption<TState>.Some(apply(before!.Value, happened)))!),
            initial, state);
    }

    private static Projection<TState> Of<TState>(Core.Projection<TState> made, TState initial, Codec<TState> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(Core.Projection.withState(state.Value, Core.Projection.startingWith(initial, made)));
    }

    private static Microsoft.FSharp.Collections.FSharpList<Core.ProjectionSourceRef> ToCore(IReadOnlyList<ProjectionSource> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        return sources.Select(source => source.ToCore()).ToFSharpList();
    }
}

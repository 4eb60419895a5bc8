// Queries over tags and types, and append conditions. The core's Query, mirrored.
// Given to IJournal.Query and to appends.
using Refold.Interop;

namespace Refold;

/// <summary>One way to match: all of the tags, and any of the types (none named: every type).</summary>
/// <param name="Types">The entry has one of these types; empty: any type.</param>
/// <param name="Tags">The entry has all of these tags; <c>kind:external</c> and <c>kind:derived</c> ask for provenance.</param>
public sealed record QueryItem(IReadOnlyList<string> Types, IReadOnlyList<string> Tags)
{
    /// <summary>Whether both name the same types and tags, in the same order.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(QueryItem? other) =>
        other is not null && Types.SequenceEqual(other.Types, StringComparer.Ordinal)
            && Tags.SequenceEqual(other.Tags, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Types.Count, Tags.Count);
}

/// <summary>An entry matches a query when it matches any of its items. A query without items matches every entry.</summary>
/// <remarks>Equal when the items are, in the same order.</remarks>
public sealed record Query
{
    private IReadOnlyList<QueryItem>? items;

    internal Query(Core.Query value, IReadOnlyList<QueryItem>? items = null) => (Value, this.items) = (value, items);

    internal Core.Query Value { get; }

    /// <summary>The alternatives.</summary>
    public IReadOnlyList<QueryItem> Items => items ??= [.. Value.Items.Select(ToFacade)];

    /// <summary>Every entry.</summary>
    public static Query All { get; } = new(Core.QueryModule.all);

    /// <summary>Entries that have all of these tags.</summary>
    /// <param name="tags">Tags; <c>kind:external</c> and <c>kind:derived</c> ask for provenance.</param>
    /// <returns>The query.</returns>
    /// <exception cref="ArgumentException">A tag breaks a rule.</exception>
    public static Query WithTags(params string[] tags) => Of([new QueryItem([], tags)], nameof(tags));

    /// <summary>Entries of any of these types.</summary>
    /// <param name="types">Entry types.</param>
    /// <returns>The query.</returns>
    public static Query OfTypes(params string[] types) => Of([new QueryItem(types, [])], nameof(types));

    /// <summary>Whether both have the same items in the same order.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(Query? other) => other is not null && Items.SequenceEqual(other.Items);

    /// <inheritdoc/>
    public override int GetHashCode() => Items.Count;

    /// <summary>Entries that match any of the items.</summary>
    /// <param name="items">The alternatives; none: every entry.</param>
    /// <returns>The query.</returns>
    /// <exception cref="ArgumentException">A tag breaks a rule.</exception>
    public static Query Any(params QueryItem[] items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return Of([.. items], nameof(items));
    }

    // What breaks a rule is told by the name of what the caller gave.
    private static Query Of(QueryItem[] items, string name) =>
        new(new Core.Query(items.Select(item => ToCore(item, name)).ToFSharpList()), items);

    private static QueryItem ToFacade(Core.QueryItem item) => new(
        [.. item.Types],
        [.. item.Tags.Select(tag => tag.Value), .. item.Kind is { } kind ? [Core.EntryKindModule.tag(kind.Value)] : (string[])[]]);

    private static Core.QueryItem ToCore(QueryItem item, string name)
    {
        ArgumentNullException.ThrowIfNull(item, name);
        ArgumentNullException.ThrowIfNull(item.Types, name);
        ArgumentNullException.ThrowIfNull(item.Tags, name);
        var (tags, kind) = Core.Tags.ofOutward(item.Tags).ValueOrThrow(name);
        return new Core.QueryItem(item.Types.ToFSharpList(), tags, kind);
    }
}

/// <summary>Fails an append if anything committed after <paramref name="AsOf"/> matches the query.</summary>
/// <param name="Query">Matches fail the append.</param>
/// <param name="AsOf">The head position at which the query was evaluated: <see cref="QueryResult.AsOf"/>; 0 for an empty journal.</param>
public sealed record AppendCondition(Query Query, long AsOf);

/// <summary>The result of a query. Equal by content.</summary>
/// <param name="AsOf">The head position at which it was evaluated, also when nothing was found.</param>
/// <param name="Entries">The matches in position order.</param>
public sealed record QueryResult(long AsOf, IReadOnlyList<JournalEntry> Entries)
{
    /// <summary>Whether both found the same at the same position.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are equal.</returns>
    public bool Equals(QueryResult? other) => other is not null && AsOf == other.AsOf && Entries.SequenceEqual(other.Entries);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(AsOf, Entries.Count);
}

// The schemes of URIs that stores are opened by.
// Used by Journal and by Snapshots.
using System.Collections;
using System.Collections.Concurrent;

namespace Refold;

/// <summary>Opens stores of one kind by their URIs.</summary>
/// <typeparam name="TOptions">How a store is opened.</typeparam>
/// <typeparam name="TStore">The store.</typeparam>
/// <param name="kind">What messages call it.</param>
/// <param name="reserved">Schemes that cannot be replaced.</param>
internal sealed class StoreRegistry<TOptions, TStore>(string kind, IReadOnlyList<string> reserved) : IEnumerable
{
    private readonly ConcurrentDictionary<string, Func<string, TOptions, TStore>> stores = new(StringComparer.Ordinal);

    public Func<string, TOptions, TStore> this[string scheme]
    {
        set => stores[scheme] = value;
    }

    /// <summary>The store that a URI names, and what is handed to it.</summary>
    /// <exception cref="ArgumentException">The URI has no scheme, or an unknown one.</exception>
    public (Func<string, TOptions, TStore> Open, string Path) Find(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            throw new ArgumentException($"The {kind} '{uri}' has no scheme; write it as segments:DIR or memory:.", nameof(uri));
        var scheme = uri[..colon];
        if (!stores.TryGetValue(scheme, out var open))
            throw new ArgumentException($"The {kind} '{uri}' has the unknown scheme '{scheme}'; known are {string.Join(", ", stores.Keys.Order(StringComparer.Ordinal))}.", nameof(uri));
        return (open, uri[(colon + 1)..]);
    }

    /// <summary>Makes a scheme known.</summary>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is reserved.</exception>
    public void Register(string scheme, Func<string, TOptions, TStore> open)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(open);
        if (scheme.Length == 0 || !char.IsAsciiLetterLower(scheme[0]) || !scheme.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character)))
            throw new ArgumentException($"'{scheme}' is no scheme: it has lower-case ASCII letters and digits, a letter first.", nameof(scheme));
        if (reserved.Contains(scheme, StringComparer.Ordinal))
            throw new ArgumentException($"The scheme '{scheme}' is Refold's own.", nameof(scheme));
        stores[scheme] = open;
    }

    IEnumerator IEnumerable.GetEnumerator() => stores.Keys.GetEnumerator();
}

/// <summary>What the stores of all kinds have in common.</summary>
internal static class StoreRegistry
{
    public static JournalOpenException NotInThisBuild(string scheme, string package) =>
        new($"This build has no store for {scheme}:; add the package {package}, or use segments:DIR.");
}

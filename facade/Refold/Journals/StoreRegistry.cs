// The schemes of URIs that stores are opened by.
// Used by Journal and by Snapshots.
using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

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
        var path = uri[(colon + 1)..];
        if (MissingPackage(scheme) is { } package)
            return ((_, _) => throw new JournalOpenException($"This build has no store for {scheme}:; add the package {package}, or use segments:DIR."), path);
        if (!stores.TryGetValue(scheme, out var open))
            throw new ArgumentException($"The {kind} '{uri}' has the unknown scheme '{scheme}'; known are {string.Join(", ", stores.Keys.Union(StorePackages.Schemes).Order(StringComparer.Ordinal))}.", nameof(uri));
        return (open, path);
    }

    /// <summary>The package that would bring a scheme's store; null where the store is there, or no package is known to bring it.</summary>
    public string? MissingPackage(string scheme) =>
        !stores.ContainsKey(scheme) && StorePackages.Load(scheme) is { } package && !stores.ContainsKey(scheme) ? package : null;

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

/// <summary>Packages that bring stores. Each has one assembly, named like it, which registers its stores when it is loaded.</summary>
internal static class StorePackages
{
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["litedb"] = "Refold.LiteDb",
        ["postgres"] = "Refold.Postgres",
    };

    public static IEnumerable<string> Schemes => Packages.Keys;

    /// <summary>Loads the assembly that knows a scheme, if it is there.</summary>
    /// <returns>The package; null where none is known.</returns>
    public static string? Load(string scheme)
    {
        if (!Packages.TryGetValue(scheme, out var package)) return null;
        try
        {
            RuntimeHelpers.RunModuleConstructor(Assembly.Load(package).ManifestModule.ModuleHandle);
        }
        catch (FileNotFoundException)
        {
            // It was not installed.
        }

        return package;
    }
}

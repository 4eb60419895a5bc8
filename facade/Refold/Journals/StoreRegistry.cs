// The schemes of URIs that stores are opened by.
// Used by Journal and by Snapshots.
using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>How the stores of one scheme are opened.</summary>
/// <typeparam name="TOptions">How a store is opened.</typeparam>
/// <typeparam name="TStore">The store.</typeparam>
/// <typeparam name="TLocal">A store that answers at once.</typeparam>
/// <param name="Local">Opens a store that answers at once; null where the scheme's stores do not.</param>
/// <param name="Any">Opens a store.</param>
internal sealed record StoreOpener<TOptions, TStore, TLocal>(
    Func<string, TOptions, TLocal>? Local,
    Func<string, TOptions, CancellationToken, ValueTask<TStore>> Any)
    where TLocal : class, TStore
{
    /// <summary>The opener of stores that answer at once. They are opened on the calling thread.</summary>
    public static StoreOpener<TOptions, TStore, TLocal> Of(Func<string, TOptions, TLocal> open) =>
        new(open, (path, options, cancellationToken) => LocalReads.Answer<TStore>(cancellationToken, () => open(path, options)));
}

/// <summary>Opens stores of one kind by their URIs.</summary>
/// <typeparam name="TOptions">How a store is opened.</typeparam>
/// <typeparam name="TStore">The store.</typeparam>
/// <typeparam name="TLocal">A store that answers at once.</typeparam>
/// <param name="kind">What messages call it.</param>
/// <param name="opening">The class that opens it, as messages name it.</param>
/// <param name="reserved">Schemes that cannot be replaced.</param>
internal sealed class StoreRegistry<TOptions, TStore, TLocal>(string kind, string opening, IReadOnlyList<string> reserved) : IEnumerable
    where TLocal : class, TStore
{
    private readonly ConcurrentDictionary<string, StoreOpener<TOptions, TStore, TLocal>> stores = new(StringComparer.Ordinal);

    public Func<string, TOptions, TLocal> this[string scheme]
    {
        set => stores[scheme] = StoreOpener<TOptions, TStore, TLocal>.Of(value);
    }

    /// <summary>The store that a URI names, and what is handed to it.</summary>
    /// <exception cref="ArgumentException">The URI has no scheme, or an unknown one.</exception>
    public (StoreOpener<TOptions, TStore, TLocal> Opener, string Path) Find(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            throw new ArgumentException(
                $"The {kind} '{uri}' has no scheme; write it as segments:DIR, litedb:FILE or memory:.", nameof(uri));
        }

        var scheme = uri[..colon];
        var path = uri[(colon + 1)..];
        if (MissingPackage(scheme) is { } package)
        {
            var message = $"This build has no store for {scheme}:; add the package {package}, or use segments:DIR.";
            return (StoreOpener<TOptions, TStore, TLocal>.Of((_, _) => throw new JournalOpenException(message)), path);
        }

        if (stores.TryGetValue(scheme, out var opener)) return (opener, path);
        var known = string.Join(", ", stores.Keys.Union(StorePackages.Schemes).Order(StringComparer.Ordinal));
        throw new ArgumentException($"The {kind} '{uri}' has the unknown scheme '{scheme}'; known are {known}.", nameof(uri));
    }

    /// <summary>Opens a store that answers at once.</summary>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, or one whose stores do not answer at once.</exception>
    public TLocal Open(string uri, TOptions options)
    {
        var (opener, path) = Find(uri);
        return opener.Local is { } open
            ? open(path, options)
            : throw new ArgumentException($"The {kind} '{uri}' does not answer at once; open it with {opening}.OpenAsync.", nameof(uri));
    }

    /// <summary>Opens any store.</summary>
    /// <exception cref="ArgumentException">The URI has no scheme, or an unknown one.</exception>
    public async ValueTask<TStore> OpenAsync(string uri, TOptions options, CancellationToken cancellationToken)
    {
        var (opener, path) = Find(uri);
        cancellationToken.ThrowIfCancellationRequested();
        return await opener.Any(path, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The package that would bring a scheme's store; null where the store is there, or no package is known to bring it.</summary>
    public string? MissingPackage(string scheme) =>
        !stores.ContainsKey(scheme) && StorePackages.Load(scheme) is { } package && !stores.ContainsKey(scheme) ? package : null;

    /// <summary>Makes a scheme of stores that answer at once known.</summary>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is reserved.</exception>
    public void Register(string scheme, Func<string, TOptions, TLocal> open)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(open);
        Register(scheme, StoreOpener<TOptions, TStore, TLocal>.Of(open));
    }

    /// <summary>Makes a scheme of other stores known.</summary>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is reserved.</exception>
    public void Register(string scheme, Func<string, TOptions, CancellationToken, ValueTask<TStore>> open)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(open);
        Register(scheme, new StoreOpener<TOptions, TStore, TLocal>(null, open));
    }

    IEnumerator IEnumerable.GetEnumerator() => stores.Keys.GetEnumerator();

    private void Register(string scheme, StoreOpener<TOptions, TStore, TLocal> opener)
    {
        if (
            scheme.Length == 0 || !char.IsAsciiLetterLower(scheme[0])
                || !scheme.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character)))
            throw new ArgumentException(
                $"'{scheme}' is no scheme: it has lower-case ASCII letters and digits, a letter first.", nameof(scheme));
        if (reserved.Contains(scheme, StringComparer.Ordinal))
            throw new ArgumentException($"The scheme '{scheme}' is Refold's own.", nameof(scheme));
        stores[scheme] = opener;
    }
}

/// <summary>Packages that bring stores. Each has one assembly, named like it, which registers its stores when it is loaded.</summary>
internal static class StorePackages
{
    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["litedb"] = "Refold.LiteDb",
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

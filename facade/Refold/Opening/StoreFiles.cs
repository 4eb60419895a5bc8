// The stores of other packages whose files the tool can work on, by scheme.
// Filled when such a package is loaded; asked by the tool.
using System.Collections.Concurrent;

namespace Refold.Transfers;

/// <summary>The stores of other packages whose files the tool can work on.</summary>
public static class StoreFiles
{
    private static readonly ConcurrentDictionary<string, IStoreFiles> Known = new(StringComparer.Ordinal);

    /// <summary>Makes a scheme's store known to the tool.</summary>
    /// <param name="scheme">The scheme, as in the URI before the colon.</param>
    /// <param name="files">What is done to its files.</param>
    public static void Register(string scheme, IStoreFiles files) => Known[scheme] = files;

    /// <summary>The store of a URI, and the path in it; null where it has none, or is Refold's own.</summary>
    internal static (IStoreFiles Files, string Path)? Of(string uri)
    {
        // Loads the package that knows the scheme.
        _ = Journal.MissingPackage(uri);
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Known.TryGetValue(uri[..colon], out var files) ? (files, uri[(colon + 1)..]) : null;
    }
}

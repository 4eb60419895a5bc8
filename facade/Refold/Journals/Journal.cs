// Opening a journal by its URI.
// Called by applications, the tool and scripts.
using System.Collections.Concurrent;

namespace Refold;

/// <summary>Opens journals.</summary>
public static class Journal
{
    private static readonly ConcurrentDictionary<string, Func<string, JournalOptions, IJournal>> Stores =
        new(StringComparer.Ordinal)
        {
            ["memory"] = OpenMemory,
            ["segments"] = OpenSegments,
            ["litedb"] = (_, _) => throw NotInThisBuild("litedb", "Refold.LiteDb"),
            ["postgres"] = (_, _) => throw NotInThisBuild("postgres", "Refold.Postgres"),
        };

    /// <summary>Opens the journal that a URI names; a store that keeps its entries creates what is not there, unless it is opened for reading.</summary>
    /// <param name="uri"><c>memory:</c> (each call a new, empty one), <c>segments:DIR</c>, or a scheme given to <see cref="Register"/>. What follows the colon is handed to the store as it is: no query string, no escapes.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, or no path where the store needs one (or one where it has none).</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">Its bytes are not what was written.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static IJournal Open(string uri, JournalOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        var (open, path) = Find(uri);
        return open(path, options ?? new JournalOptions());
    }

    /// <summary>The store that a URI names, and what is handed to it.</summary>
    internal static (Func<string, JournalOptions, IJournal> Open, string Path) Find(string uri)
    {
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            throw new ArgumentException($"The journal '{uri}' has no scheme; write it as segments:DIR or memory:.", nameof(uri));
        var scheme = uri[..colon];
        if (!Stores.TryGetValue(scheme, out var open))
            throw new ArgumentException($"The journal '{uri}' has the unknown scheme '{scheme}'; known are {string.Join(", ", Stores.Keys.Order(StringComparer.Ordinal))}.", nameof(uri));
        return (open, uri[(colon + 1)..]);
    }

    /// <summary>Makes a scheme known to <see cref="Open"/>, for the whole process; as done by packages that bring a store.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c> and <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a journal, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, JournalOptions, IJournal> open)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(open);
        if (scheme.Length == 0 || !char.IsAsciiLetterLower(scheme[0]) || !scheme.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character)))
            throw new ArgumentException($"'{scheme}' is no scheme: it has lower-case ASCII letters and digits, a letter first.", nameof(scheme));
        if (scheme is "memory" or "segments")
            throw new ArgumentException($"The scheme '{scheme}' is Refold's own.", nameof(scheme));
        Stores[scheme] = open;
    }

    private static InMemoryJournal OpenMemory(string path, JournalOptions options)
    {
        if (path.Length > 0)
            throw new ArgumentException($"A journal in memory has no path; write memory: instead of memory:{path}.", nameof(path));
        if (options.ReadOnly)
            throw new JournalOpenException("A journal in memory is empty when it is opened; there is nothing to open for reading.");
        return new InMemoryJournal(options);
    }

    private static SegmentJournal OpenSegments(string path, JournalOptions options) =>
        path.Length == 0
            ? throw new ArgumentException("A journal in segment files needs a directory; write segments:DIR.", nameof(path))
            : SegmentJournal.Open(path, options);

    private static JournalOpenException NotInThisBuild(string scheme, string package) =>
        new($"This build has no store for {scheme}:; add the package {package}, or use segments:DIR.");
}

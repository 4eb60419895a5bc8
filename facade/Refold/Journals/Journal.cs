// Opening a journal by its URI.
// Called by applications, the tool and scripts.
namespace Refold;

/// <summary>Opens journals.</summary>
public static class Journal
{
    private static readonly StoreRegistry<JournalOptions, IJournal> Stores = new("journal", ["memory", "segments"])
    {
        ["memory"] = OpenMemory,
        ["segments"] = OpenSegments,
    };

    /// <summary>Opens the journal that a URI names; a store that keeps its entries creates what is not there, unless it is opened for reading.</summary>
    /// <param name="uri"><c>memory:</c> (each call a new, empty one), <c>segments:DIR</c>, <c>litedb:FILE</c> with the package Refold.LiteDb, or a scheme given to <see cref="Register"/>. What follows the colon is handed to the store as it is: no query string, no escapes.</param>
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
    internal static (Func<string, JournalOptions, IJournal> Open, string Path) Find(string uri) => Stores.Find(uri);

    /// <summary>The package that would bring the store of a URI; null where it is there, or no package is known to.</summary>
    internal static string? MissingPackage(string uri) => Stores.MissingPackage(uri[..Math.Max(0, uri.IndexOf(':', StringComparison.Ordinal))]);

    /// <summary>Makes a scheme known to <see cref="Open"/>, for the whole process; as done by packages that bring a store.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c> and <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a journal, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, JournalOptions, IJournal> open) => Stores.Register(scheme, open);

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
}

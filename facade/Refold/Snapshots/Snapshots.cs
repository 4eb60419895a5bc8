// Opening a snapshot store by its URI.
// Called by applications, by AddRefold, the tool and scripts.
namespace Refold;

/// <summary>Opens snapshot stores.</summary>
public static class Snapshots
{
    private static readonly StoreRegistry<SnapshotOptions, ISnapshotStore> Stores = new("snapshot store", ["memory", "none", "segments"])
    {
        ["memory"] = OpenMemory,
        ["none"] = OpenNone,
        ["segments"] = OpenSegments,
    };

    /// <summary>Opens the snapshot store that a URI names; a store that keeps what it is given creates what is not there, unless it is opened for reading.</summary>
    /// <param name="uri"><c>memory:</c> (each call a new, empty one), <c>segments:DIR</c> (files in <c>DIR/snapshots</c>: the journal's own URI), <c>litedb:FILE</c>
    /// with the package Refold.LiteDb (a file beside that of the journal: the journal's own URI), <c>none:</c> (keeps nothing), or a scheme given to <see cref="Register"/>. What follows the colon is handed to the store as it is: no query string, no escapes.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, or no path where the store needs one (or one where it has none).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The retention is below 1.</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    public static ISnapshotStore Open(string uri, SnapshotOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        var (open, path) = Find(uri);
        return open(path, (options ?? new SnapshotOptions()).Validated());
    }

    /// <summary>Makes a scheme known to <see cref="Open"/>, for the whole process; as done by packages that bring a store.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c>, <c>none</c> and <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a store, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, SnapshotOptions, ISnapshotStore> open) => Stores.Register(scheme, open);

    /// <summary>The store that a URI names, and what is handed to it.</summary>
    internal static (Func<string, SnapshotOptions, ISnapshotStore> Open, string Path) Find(string uri) => Stores.Find(uri);

    private static InMemorySnapshotStore OpenMemory(string path, SnapshotOptions options)
    {
        CheckNoPath("memory", path);
        if (options.ReadOnly)
            throw new JournalOpenException("A snapshot store in memory is empty when it is opened; there is nothing to open for reading.");
        return new InMemorySnapshotStore(options);
    }

    private static NoSnapshotStore OpenNone(string path, SnapshotOptions options)
    {
        CheckNoPath("none", path);
        return new NoSnapshotStore();
    }

    private static DirectorySnapshotStore OpenSegments(string path, SnapshotOptions options) =>
        path.Length == 0
            ? throw new ArgumentException("A snapshot store in files needs a directory; write segments:DIR.", nameof(path))
            : DirectorySnapshotStore.Open(path, options);

    private static void CheckNoPath(string scheme, string path)
    {
        if (path.Length > 0)
            throw new ArgumentException($"The snapshot store {scheme}: has no path; write {scheme}: instead of {scheme}:{path}.", nameof(path));
    }
}

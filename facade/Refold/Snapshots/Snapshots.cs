// Opening a snapshot store by its URI.
// Called by applications, by AddRefold, the tool and scripts.
namespace Refold;

/// <summary>Opens snapshot stores.</summary>
public static class Snapshots
{
    private static readonly StoreRegistry<SnapshotOptions, ISnapshotStore, ILocalSnapshotStore> Stores = new(
        "snapshot store", "Snapshots", ["memory", "none", "segments"])
    {
        ["memory"] = OpenMemory,
        ["none"] = OpenNone,
        ["segments"] = OpenSegments,
    };

    /// <summary>Opens the snapshot store that a URI names, whatever it is; a store that keeps what it is given creates what is not there,
    /// unless it is opened for reading. A local store is opened on the calling thread.</summary>
    /// <param name="uri"><c>memory:</c> (each call a new, empty one), <c>segments:DIR</c> (files in <c>DIR/snapshots</c>: the
    /// journal's own URI), <c>litedb:FILE</c> with the package Refold.LiteDb (a file beside that of the journal: the journal's own
    /// URI), <c>none:</c> (keeps nothing), or a scheme given to <c>Register</c>. What follows the colon is handed to the store as it
    /// is: no query string, no escapes.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, or no path where the store needs one
    /// (or one where it has none).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The retention is below 1.</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    public static ValueTask<ISnapshotStore> OpenAsync(
        string uri, SnapshotOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return Stores.OpenAsync(uri, (options ?? new SnapshotOptions()).Validated(), cancellationToken);
    }

    /// <summary>Opens the local snapshot store that a URI names: its reads also answer at once. Otherwise
    /// as <see cref="OpenAsync"/>.</summary>
    /// <param name="uri"><c>memory:</c>, <c>segments:DIR</c>, <c>litedb:FILE</c>, <c>none:</c>, or a scheme that was
    /// registered with such stores.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, one that only <see cref="OpenAsync"/> opens, or no path
    /// where the store needs one (or one where it has none).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The retention is below 1.</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    public static ILocalSnapshotStore Open(string uri, SnapshotOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return Stores.Open(uri, (options ?? new SnapshotOptions()).Validated());
    }

    /// <summary>Makes a scheme of local stores known, for the whole process; as done by
    /// packages that bring such a store.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c>, <c>none</c> and
    /// <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a store, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, SnapshotOptions, ILocalSnapshotStore> open) => Stores.Register(scheme, open);

    /// <summary>Makes a scheme of stores elsewhere known, in a database or behind a service, for the whole process. Only
    /// <see cref="OpenAsync"/> opens them.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c>, <c>none</c> and
    /// <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a store, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, SnapshotOptions, CancellationToken, ValueTask<ISnapshotStore>> open) =>
        Stores.Register(scheme, open);

    /// <summary>Checks that a URI names a store.</summary>
    /// <returns>Whether its stores answer at once.</returns>
    /// <exception cref="ArgumentException">It has no scheme, or an unknown one.</exception>
    internal static bool Check(string uri) => Stores.Find(uri).Opener.Local is not null;

    private static InMemorySnapshotStore OpenMemory(string path, SnapshotOptions options)
    {
        CheckNoPath("memory", path);
        if (options.ReadOnly)
            throw new JournalOpenException(
                "A snapshot store in memory is empty when it is opened; there is nothing to open for reading. Open it for writing, or name "
                + "segments:DIR.");
        return new InMemorySnapshotStore(options);
    }

    private static NoSnapshotStore OpenNone(string path, SnapshotOptions options)
    {
        CheckNoPath("none", path);
        return new NoSnapshotStore();
    }

    private static DirectorySnapshotStore OpenSegments(string path, SnapshotOptions options) =>
        path.Length == 0
            ? throw new ArgumentException("A snapshot store in files needs a directory; write segments:DIR.", "uri")
            : DirectorySnapshotStore.Open(path, options);

    private static void CheckNoPath(string scheme, string path)
    {
        if (path.Length > 0)
            throw new ArgumentException(
                $"The snapshot store {scheme}: has no path; write {scheme}: instead of {scheme}:{path}.", "uri");
    }
}

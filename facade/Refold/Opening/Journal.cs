// Opening a journal by its URI.
// Called by applications, the tool and scripts.
using Refold.Segments;

namespace Refold;

/// <summary>Opens journals.</summary>
public static class Journal
{
    private static readonly StoreRegistry<JournalOptions, IJournal, ILocalJournal> Stores = new(
        "journal", "Journal", ["memory", "segments"])
    {
        ["memory"] = OpenMemory,
        ["segments"] = OpenSegments,
    };

    /// <summary>Opens the journal that a URI names, whatever its store; a store that keeps its entries creates what is not there, unless it
    /// is opened for reading. A local journal is opened on the calling thread.</summary>
    /// <param name="uri"><c>memory:</c> (each call a new, empty one), <c>segments:DIR</c>, <c>litedb:FILE</c> with the
    /// package Refold.LiteDb, or a scheme given to <c>Register</c>. What follows the colon is handed to the store as it is:
    /// no query string, no escapes.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, or no path where the store needs one
    /// (or one where it has none).</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">Its bytes are not what was written.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static ValueTask<IJournal> OpenAsync(string uri, JournalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new JournalOptions();
        var opening = Stores.OpenAsync(uri, options, cancellationToken);
        return AsksAll(options, null) ? opening : AskingAsync(uri, options, opening);
    }

    /// <summary>Opens the local journal that a URI names: its reads also answer at once. Otherwise
    /// as <see cref="OpenAsync"/>.</summary>
    /// <param name="uri"><c>memory:</c>, <c>segments:DIR</c>, <c>litedb:FILE</c>, or a scheme that was
    /// registered with such journals.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The journal; to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">The URI has no scheme, an unknown one, one that only <see cref="OpenAsync"/> opens, or no path
    /// where the store needs one (or one where it has none).</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    /// <exception cref="JournalCorruptedException">Its bytes are not what was written.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    public static ILocalJournal Open(string uri, JournalOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new JournalOptions();
        var journal = Stores.Open(uri, options);
        if (AsksAll(options, journal)) return journal;
        var closing = journal.DisposeAsync();
        if (!closing.IsCompleted) closing.AsTask().GetAwaiter().GetResult();
        throw AsksNone(uri, options);
    }

    /// <summary>Makes a scheme of local journals known, for the whole process; as done by
    /// packages that bring such a store.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c> and
    /// <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a journal, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, JournalOptions, ILocalJournal> open) => Stores.Register(scheme, open);

    /// <summary>Makes a scheme of journals elsewhere known, in a database or behind a service, for the whole process. Only
    /// <see cref="OpenAsync"/> opens them.</summary>
    /// <param name="scheme">Lower-case ASCII letters and digits, a letter first. <c>memory</c> and
    /// <c>segments</c> cannot be replaced.</param>
    /// <param name="open">Opens a journal, given what follows the colon and the options.</param>
    /// <exception cref="ArgumentException">The scheme breaks the rule, or is one of Refold's own.</exception>
    public static void Register(string scheme, Func<string, JournalOptions, CancellationToken, ValueTask<IJournal>> open) =>
        Stores.Register(scheme, open);

    /// <summary>Checks that a URI names a store.</summary>
    /// <returns>Whether its journals answer at once.</returns>
    /// <exception cref="ArgumentException">It has no scheme, or an unknown one.</exception>
    internal static bool Check(string uri) => Stores.Find(uri).Opener.Local is not null;

    /// <summary>The package that would bring the store of a URI; null where it is there, or no package is known to.</summary>
    internal static string? MissingPackage(string uri) =>
        Stores.MissingPackage(uri[..Math.Max(0, uri.IndexOf(':', StringComparison.Ordinal))]);

    // Gates that nobody asks would let everything through.
    private static bool AsksAll(JournalOptions options, IJournal? journal) =>
        options is { RequiredGates: null } or { ReadOnly: true } || ReferenceEquals(journal?.RequiredGates, options.RequiredGates);

    private static async ValueTask<IJournal> AskingAsync(string uri, JournalOptions options, ValueTask<IJournal> opening)
    {
        var journal = await opening.ConfigureAwait(false);
        if (AsksAll(options, journal)) return journal;
        await journal.DisposeAsync().ConfigureAwait(false);
        throw AsksNone(uri, options);
    }

    private static JournalOpenException AsksNone(string uri, JournalOptions options) => new(
        $"The store of '{uri}' does not ask the gates '{options.RequiredGates!.Pipeline}' that the options demand of every append; "
        + "open it without them, or have the store use RequiredGates.");

    private static InMemoryJournal OpenMemory(string path, JournalOptions options)
    {
        if (path.Length > 0)
            throw new ArgumentException($"A journal in memory has no path; write memory: instead of memory:{path}.", "uri");
        if (options.ReadOnly)
            throw new JournalOpenException(
                "A journal in memory is empty when it is opened; there is nothing to open for reading. Open it for writing, or name "
                + "segments:DIR.");
        return new InMemoryJournal(options);
    }

    private static SegmentJournal OpenSegments(string path, JournalOptions options) =>
        path.Length == 0
            ? throw new ArgumentException("A journal in segment files needs a directory; write segments:DIR.", "uri")
            : SegmentJournal.Open(path, options);
}

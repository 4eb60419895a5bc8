// Which journal an application gets from its service container, and how it is opened.
// Given to AddRefold; checked by RefoldOptionsValidator when the host starts.
namespace Refold;

/// <summary>The journal of an application. Exactly one of <see cref="UseSegmentFiles"/>, <see cref="UseInMemory"/> and
/// <see cref="UseJournal"/> is called.</summary>
public sealed class RefoldOptions
{
    private readonly List<string> chosen = [];
    private readonly List<string> snapshots = [];

    /// <summary>How the journal is opened. Where it names no <see cref="JournalOptions.LoggerFactory"/> or
    /// <see cref="JournalOptions.TimeProvider"/>, those of the service container are taken, if it has them.</summary>
    /// <value>Default: for writing, everything else as in <see cref="JournalOptions"/>.</value>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>Whether the journal is opened when the host starts, so that a host whose journal cannot be opened does not start.</summary>
    /// <value>Default: true. If false, the first use opens it, a health check included; without a host the first use always does. A journal
    /// that only <see cref="Refold.Journal.OpenAsync"/> opens needs the start of a host.</value>
    public bool OpenAtStart { get; set; } = true;

    /// <summary>How many streams the runs in the journal load and fold at the same time. A container that has
    /// <see cref="RecoveryPermits"/> as a service shares them among all its journals instead; so does what
    /// <see cref="JournalOptions.RecoveryPermits"/> names.</summary>
    /// <value>Default: 50. At least 1.</value>
    public int RecoveryCapacity { get; set; } = RecoveryPermits.DefaultCapacity;

    /// <summary>How the snapshot store of <see cref="UseSnapshots"/> is opened.</summary>
    /// <value>Default: as in <see cref="SnapshotOptions"/>.</value>
    public SnapshotOptions Snapshots { get; set; } = new();

    /// <summary>The URIs that were chosen; valid with exactly one.</summary>
    internal IReadOnlyList<string> Chosen => chosen;

    /// <summary>The URIs of snapshot stores that were chosen; valid with at most one.</summary>
    internal IReadOnlyList<string> ChosenSnapshots => snapshots;

    /// <summary>A journal in the segment files of a local directory.</summary>
    /// <param name="path">The directory; made if need be. A relative one is below the current directory.</param>
    /// <returns>These options.</returns>
    public RefoldOptions UseSegmentFiles(string path) => UseJournal("segments:" + path);

    /// <summary>A journal in memory, empty at first and gone with the service container; for tests and trials.</summary>
    /// <returns>These options.</returns>
    public RefoldOptions UseInMemory() => UseJournal("memory:");

    /// <summary>Snapshots in the store that a URI names, for every run in the journal; the container has it as
    /// <see cref="ISnapshotStore"/>. <see cref="JournalOptions.SnapshotInterval"/> says how often they are taken.</summary>
    /// <param name="uri">As in <see cref="Refold.Snapshots.OpenAsync"/>; <c>segments:DIR</c> with the journal's
    /// directory puts them beside it.</param>
    /// <returns>These options.</returns>
    public RefoldOptions UseSnapshots(string uri)
    {
        snapshots.Add(uri);
        return this;
    }

    /// <summary>The journal that a URI names.</summary>
    /// <param name="uri">As in <see cref="Refold.Journal.OpenAsync"/>.</param>
    /// <returns>These options.</returns>
    public RefoldOptions UseJournal(string uri)
    {
        chosen.Add(uri);
        return this;
    }
}

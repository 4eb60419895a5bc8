// The contract of local journals, which answer reads at once: memory, segment files, LiteDB.
// Returned by Journal.Open; used by scripts, by the tool, and where a read must not wait.
namespace Refold;

/// <summary>A local journal: every read of <see cref="IJournal"/> also as a synchronous call.</summary>
/// <remarks>
/// A synchronous read answers from memory or from local files, on the caller's thread. Both forms of a read give the same. Synchronous
/// reads are as of the moment of the call. After the journal is closed, <see cref="Head"/> gives the last head, and the other members throw
/// <see cref="ObjectDisposedException"/>.
/// </remarks>
public interface ILocalJournal : IJournal
{
    /// <summary>The last position and the head hash of what is committed.</summary>
    /// <value>The head; the last one after the journal is closed.</value>
    Head Head { get; }

    /// <summary>Whether this process is the only writer: the journal keeps other writers out while it is open.</summary>
    /// <value>Default: false.</value>
    bool IsOnlyWriter => false;

    /// <summary>The head after the batch that holds a position.</summary>
    /// <param name="position">0 (an empty journal's head) up to the last position.</param>
    /// <returns>The head; null beyond the last position, or below what this journal still covers.</returns>
    Head? HeadAt(long position);

    /// <summary>The receipt of the append that used an idempotency key. Deleting the batch's entries does not forget the key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The first receipt; null where the key was not used.</returns>
    Receipt? FindByKey(string key);

    /// <summary>Where the entries with an id are. An id names one entry where it was derived; one that was given may come again.</summary>
    /// <param name="id">The id, as <see cref="JournalEntry.Id"/> has it: given, or derived from run, stream and version.</param>
    /// <returns>Their positions, ascending; none where no entry has the id. Deleted entries are left out.</returns>
    /// <remarks>Segment files answer by their index (<see cref="Segments.SegmentOptions.IndexIds"/>), and read all entries of a journal
    /// that was begun without; of the segment that is written the ids are read once and kept. The journal in memory keeps them from the
    /// first call on. LiteDB answers by its index. Other stores
    /// read all entries.</remarks>
    IReadOnlyList<long> FindById(Guid id) => LocalReads.PositionsOf(ReadAll(), entry => entry.Id == id);

    /// <summary>Where the entries are that something brought about: those whose causation id it is.</summary>
    /// <param name="id">The id of the cause: of an entry, as <see cref="JournalEntry.Id"/> has it, or of something outside.</param>
    /// <returns>Their positions, ascending; none where there is none. Deleted entries are left out.</returns>
    /// <remarks>The cost is that of <see cref="FindById"/>. LiteDB answers by its index.</remarks>
    IReadOnlyList<long> CausedBy(Guid id) => LocalReads.PositionsOf(ReadAll(), entry => entry.CausationId == id);

    /// <summary>The highest version a stream ever had, deleted versions included.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>The version; 0 for an unknown stream.</returns>
    long HighestVersion(StreamId stream);

    /// <summary>One page of the streams, in the order of their names' UTF-8 bytes.</summary>
    /// <param name="prefix">How the names begin, in whole characters; the empty text for every stream.</param>
    /// <param name="after">The last stream of the page before; null for the first page. The stream need not exist.</param>
    /// <param name="maxCount">At most this many streams; nothing below 1.</param>
    /// <returns>Name, floor and highest version of each. Streams of which every entry was deleted are among them.</returns>
    /// <exception cref="ArgumentException">The prefix has half a surrogate pair.</exception>
    IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue);

    /// <summary>Reads one stream in version order, as of the moment of the call.</summary>
    /// <param name="stream">The stream; an unknown one is empty.</param>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The entries.</returns>
    /// <exception cref="EntriesDroppedException"><paramref name="fromVersion"/> is at or below what was deleted:
    /// thrown by the call itself.</exception>
    IEnumerable<JournalEntry> ReadStream(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue);

    /// <summary>Reads everything in position order, as of the moment of the call. Deleted entries are left out.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The entries.</returns>
    IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue);

    /// <summary>Finds entries by tags and types, in position order.</summary>
    /// <param name="query">The query.</param>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The matches, and the head position at which they were found.</returns>
    QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue);

    /// <summary>Hands every entry to a visitor in position order, in place, as of the moment of the call: what <see cref="ReadAll"/> reads,
    /// without an object an entry. Deleted entries are left out.</summary>
    /// <param name="visitor">Takes each entry, on the caller's thread, and answers whether to go on; what it throws is thrown.</param>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>How many entries the visitor was given.</returns>
    long ScanAll(EntryVisitor visitor, long fromPosition = 1, long maxCount = long.MaxValue) =>
        ObjectScan.Over(ReadAll(fromPosition, maxCount), visitor);

    /// <summary>Hands every entry of one stream to a visitor in version order, in place, as of the moment of the call: what
    /// <see cref="ReadStream"/> reads, without an object an entry.</summary>
    /// <param name="stream">The stream; an unknown one is empty.</param>
    /// <param name="visitor">Takes each entry, on the caller's thread, and answers whether to go on; what it throws is thrown.</param>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>How many entries the visitor was given.</returns>
    /// <exception cref="EntriesDroppedException"><paramref name="fromVersion"/> is at or below what was deleted.</exception>
    long ScanStream(
        StreamId stream, EntryVisitor visitor, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
        ObjectScan.Over(ReadStream(stream, fromVersion, toVersion, maxCount), visitor);

    /// <summary>As <see cref="IJournal.BatchAtAsync"/>.</summary>
    BatchPlace? BatchAt(long position) => throw NoBatchTree();

    /// <summary>As <see cref="IJournal.HeadAsOfAsync"/>.</summary>
    Head HeadAsOf(DateTimeOffset time) => throw NoBatchTree();

    /// <summary>As <see cref="IJournal.TreeSizeAsync"/>.</summary>
    long? TreeSize(long position) => throw NoBatchTree();

    /// <summary>As <see cref="IJournal.RootAtAsync"/>.</summary>
    TreeHead RootAt(long? size = null) => throw NoBatchTree();

    /// <summary>As <see cref="IJournal.InclusionProofAsync"/>.</summary>
    InclusionProof InclusionProof(long position, long? size = null) => throw NoBatchTree();

    /// <summary>As <see cref="IJournal.ConsistencyProofAsync"/>.</summary>
    ConsistencyProof ConsistencyProof(long from, long? to = null) => throw NoBatchTree();

    private NotSupportedException NoBatchTree() => new($"{GetType().Name} has no batch tree, so it proves nothing.");
}

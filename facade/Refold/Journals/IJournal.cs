// The contract of every journal: what a database, a service or a file can keep.
// Implemented by stores; used by applications, runs, verification and the conformance suite.
namespace Refold;

/// <summary>A journal of entries. Safe for use by many threads.</summary>
/// <remarks>
/// Every implementation behaves like the core's pure <c>Journal</c>. A first version or position below 1 is read as 1. A range without
/// entries is empty. Null arguments are refused by the call itself. All other errors come with the await, or with the first
/// <c>MoveNextAsync</c> of an enumeration. A cancelled token gives <see cref="OperationCanceledException"/>. Disposing closes the journal:
/// subscriptions end, appends are answered with <see cref="AppendFailure.Unavailable"/>, other members throw
/// <see cref="ObjectDisposedException"/>, and <see cref="HeadAsync"/> gives the last head.
/// </remarks>
public interface IJournal : IAsyncDisposable
{
    /// <summary>The gates that every append through this journal must get through (<see cref="JournalOptions.RequiredGates"/>).</summary>
    /// <value>Null: none are demanded. A store that asks them (<see cref="Refold.RequiredGates"/>) says so here.</value>
    GateSet? RequiredGates => null;

    /// <summary>The last position and the head hash of what is committed.</summary>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The head.</returns>
    ValueTask<Head> HeadAsync(CancellationToken cancellationToken = default);

    /// <summary>The head after the batch that holds a position.</summary>
    /// <param name="position">0 (an empty journal's head) up to the last position.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The head; null beyond the last position, or below what this journal still covers.</returns>
    ValueTask<Head?> HeadAtAsync(long position, CancellationToken cancellationToken = default);

    /// <summary>Appends an atomic batch.</summary>
    /// <param name="batch">The batch with what it expects: <see cref="AppendRequest.Encode"/>. A store decides with
    /// <see cref="AppendRule"/>, and writes the canonical bytes as they are.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>A receipt once the batch is durable; or why it never will be; or that the outcome is unknown.
    /// None of these is an exception.</returns>
    ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Appends one batch with the positions, versions and batch id it had in another journal;
    /// as used by import and copy.</summary>
    /// <param name="batch">The entries of one batch, in position order.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>As <see cref="TryAppendAsync"/>; <see cref="AppendFailure.Invalid"/> where the places do not fit behind the head.</returns>
    /// <remarks>A known idempotency key now belongs to this batch: the other journal had forgotten the
    /// key before it was used again.</remarks>
    ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default);

    /// <summary>The receipt of the append that used an idempotency key. Deleting the batch's entries does not forget the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The first receipt; null where the key was not used.</returns>
    ValueTask<Receipt?> FindByKeyAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Deletes a stream's entries up to and including a version. The deletion is durable before the task ends, hides at
    /// once, and leaves the head.</summary>
    /// <remarks>After a power cut a journal in segment files that is opened for reading shows the entries again, and counts the deletion in
    /// <see cref="Segments.SegmentJournal.Unconfirmed"/>, until it is opened for writing: nothing says there that it was flushed.</remarks>
    /// <param name="stream">The stream.</param>
    /// <param name="version">Clamped at the stream's highest version, and in an outbox before it: its last message stays
    /// (<see cref="AppendRule.DeletedTo"/>).</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>A task that ends when the deletion is durable.</returns>
    /// <exception cref="JournalException">The deletion could not be made durable.</exception>
    ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default);

    /// <summary>The highest version a stream ever had, deleted versions included.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The version; 0 for an unknown stream.</returns>
    ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default);

    /// <summary>One page of the streams, in the order of their names' UTF-8 bytes.</summary>
    /// <param name="prefix">How the names begin, in whole characters; the empty text for every stream.</param>
    /// <param name="after">The last stream of the page before; null for the first page. The stream need not exist.</param>
    /// <param name="maxCount">At most this many streams; nothing below 1.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Name, floor and highest version of each. Streams of which every entry was deleted are among them.</returns>
    /// <exception cref="ArgumentException">The prefix has half a surrogate pair.</exception>
    ValueTask<IReadOnlyList<StreamInfo>> StreamsAsync(
        string prefix = "",
        StreamId? after = null,
        int maxCount = int.MaxValue,
        CancellationToken cancellationToken = default);

    /// <summary>Reads one stream in version order, as of the moment of the first <c>MoveNextAsync</c>.</summary>
    /// <param name="stream">The stream; an unknown one is empty.</param>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The entries. The first <c>MoveNextAsync</c> throws <see cref="EntriesDroppedException"/> where
    /// <paramref name="fromVersion"/> is at or below what was deleted.</returns>
    IAsyncEnumerable<JournalEntry> ReadStreamAsync(
        StreamId stream,
        long fromVersion = 1,
        long toVersion = long.MaxValue,
        long maxCount = long.MaxValue,
        CancellationToken cancellationToken = default);

    /// <summary>Reads everything in position order, as of the moment of the first <c>MoveNextAsync</c>.
    /// Deleted entries are left out.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The entries.</returns>
    IAsyncEnumerable<JournalEntry> ReadAllAsync(
        long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>Finds entries by tags and types, in position order.</summary>
    /// <param name="query">The query.</param>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The matches, and the head position at which they were found.</returns>
    ValueTask<QueryResult> QueryAsync(
        Query query, long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>Reads everything from a position on and stays: new entries follow as they are committed,
    /// without polling in process.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="cancellationToken">Ends the subscription with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Entries in position order, each once. The enumeration ends when the journal is closed.</returns>
    IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default);

    /// <summary>Subscribes behind a place that was kept, after checking that the place belongs to this history.</summary>
    /// <param name="after">The position of the last entry that was handled, and the head hash there (<see cref="HeadAtAsync"/>).</param>
    /// <param name="cancellationToken">Ends the subscription with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Entries from the next position on. The first <c>MoveNextAsync</c> throws <see cref="ForeignHistoryException"/> where the
    /// journal has another head at that position.</returns>
    IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default);

    /// <summary>Where the batch stands that holds a position: how many come before it, the head behind it, the latest
    /// time so far.</summary>
    /// <param name="position">The position.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The batch; null in a gap, behind the last position, and for a beginning that was dropped.</returns>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<BatchPlace?> BatchAtAsync(long position, CancellationToken cancellationToken = default) => throw NoBatchTree();

    /// <summary>The head as of a time: behind the last batch whose <see cref="BatchPlace.Latest"/> is at most the time. That is the latest
    /// recorded time up to a batch, which never goes back: entries without a time, and entries recorded out of order, count as of the
    /// time of what stands before them. A batch with a later entry does not count at all. It is found by halving.</summary>
    /// <param name="time">The time; any offset. An entry of exactly this time counts.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The head; where no batch is that old, position 0, or the end of a beginning that was dropped. Behind the last time, the
    /// journal's head.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is before the latest of a beginning that was dropped.</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<Head> HeadAsOfAsync(DateTimeOffset time, CancellationToken cancellationToken = default) => throw NoBatchTree();

    /// <summary>How many batches there are up to and with the one that holds a position: the size at which the position can be
    /// proved.</summary>
    /// <param name="position">The position, from 0.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The size; 0 for position 0; null in a gap and behind the last position.</returns>
    /// <exception cref="ProofException">The position is in a beginning that was dropped.</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<long?> TreeSizeAsync(long position, CancellationToken cancellationToken = default) => throw NoBatchTree();

    /// <summary>The root of the batch tree at a size (RFC 9162, 2.1.1; a leaf is SHA-256 over a zero byte and the record of a
    /// batch).</summary>
    /// <param name="size">The number of batches; null for all there are.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The size and its root.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The journal is not that large.</exception>
    /// <exception cref="ProofException">The size is below that of a beginning that was dropped.</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<TreeHead> RootAtAsync(long? size = null, CancellationToken cancellationToken = default) => throw NoBatchTree();

    /// <summary>Proves that an entry is in the journal, at a cost that grows with the logarithm of the number of batches.</summary>
    /// <param name="position">The entry's position, from 1.</param>
    /// <param name="size">The number of batches to prove it at; null for all there are.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The proof, which was checked before it was answered.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position at that size, or no such size.</exception>
    /// <exception cref="ProofException">The entry, or one it is hashed with, was deleted or dropped.</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<InclusionProof> InclusionProofAsync(long position, long? size = null, CancellationToken cancellationToken = default) =>
        throw NoBatchTree();

    /// <summary>Proves that the journal at one size goes on to the same journal at a larger one.</summary>
    /// <param name="from">The smaller number of batches, from 0.</param>
    /// <param name="to">The larger one; null for all there are.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The proof.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The journal is not that large, or the sizes are in the wrong order.</exception>
    /// <exception cref="ProofException">A size is below that of a beginning that was dropped, and was not named when it was.</exception>
    /// <exception cref="NotSupportedException">The store has no batch tree.</exception>
    ValueTask<ConsistencyProof> ConsistencyProofAsync(long from, long? to = null, CancellationToken cancellationToken = default) =>
        throw NoBatchTree();

    private NotSupportedException NoBatchTree() => new($"{GetType().Name} has no batch tree, so it proves nothing.");
}

/// <summary>A stream and how far it goes.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="Floor">Entries up to this version were deleted; 0 for none.</param>
/// <param name="HighestVersion">The highest version it ever had.</param>
public sealed record StreamInfo(StreamId Stream, long Floor, long HighestVersion);

// The contract of every journal: memory, segment files, and whatever store comes.
// Implemented by stores; used by applications, runs, the tool and scripts.
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>A journal of entries. Safe for use by many threads.</summary>
/// <remarks>
/// The model of every implementation is the core's pure <c>Journal</c>. A first version or position below 1 is read as 1, and a range
/// without entries is empty. Disposing closes: subscriptions end, appends are answered with <see cref="AppendFailure.Unavailable"/>,
/// other members throw <see cref="ObjectDisposedException"/>, and <see cref="Head"/> stays what it was.
/// </remarks>
public interface IJournal : IAsyncDisposable
{
    /// <summary>The last position and head hash of what is committed.</summary>
    Head Head { get; }

    /// <summary>The head after the batch that holds a position.</summary>
    /// <param name="position">0 (an empty journal's head) up to the last position.</param>
    /// <returns>The head, or null beyond the last position or below what this journal still covers.</returns>
    Head? HeadAt(long position);

    /// <summary>Appends an atomic batch.</summary>
    /// <param name="request">The batch with what it expects.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>A receipt once the batch is durable; or why it never will be; or that the outcome is unknown. It does not throw for any of these.</returns>
    ValueTask<AppendResult> TryAppendAsync(AppendRequest request, CancellationToken cancellationToken = default);

    /// <summary>Appends one batch with the positions, versions and batch id it had in another journal; as used by import and copy.</summary>
    /// <param name="batch">The entries of one batch, in position order.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>As <see cref="TryAppendAsync"/>; <see cref="AppendFailure.Invalid"/> where the places do not fit behind the head.</returns>
    /// <remarks>An idempotency key that the journal has goes over to this batch: where it comes from, the key had been forgotten before it was used again.</remarks>
    ValueTask<AppendResult> TryRestoreAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default);

    /// <summary>The receipt of the append that used an idempotency key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The first receipt; null where the key was not used.</returns>
    /// <remarks>A store that keeps its keys answers from them; this default reads everything, and misses keys of which all entries were deleted.</remarks>
    Receipt? FindByKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var batch = new List<JournalEntry>();
        foreach (var entry in ReadAll().Where(entry => entry.IdempotencyKey == key))
        {
            // Of two batches with one key the later one counts.
            if (batch.Count > 0 && batch[0].Batch != entry.Batch) batch.Clear();
            batch.Add(entry);
        }

        if (batch.Count == 0 || HeadAt(batch[0].Batch) is not { } head)
            return null;
        var versions = batch.GroupBy(entry => entry.Stream).Select(entries => new StreamVersions(entries.Key, entries.First().Version, entries.Last().Version));
        return new Receipt(batch[0].Batch, checked((int)(head.Position - batch[0].Batch + 1)), [.. versions], head);
    }

    /// <summary>Deletes a stream's entries up to and including a version. Durable before it returns; hides at once; the head stays.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="version">Clamped at the stream's highest version.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <exception cref="JournalException">The deletion could not be made durable.</exception>
    ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default);

    /// <summary>The highest version a stream ever had, whatever was deleted; 0 for none.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>The version.</returns>
    long HighestVersion(StreamId stream);

    /// <summary>Every stream in the order of its UTF-8 bytes.</summary>
    /// <returns>Name, floor and highest version of each.</returns>
    IReadOnlyList<StreamInfo> Streams();

    /// <summary>Reads one stream in version order, as of the moment of the call.</summary>
    /// <param name="stream">The stream; an unknown one is empty.</param>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The entries.</returns>
    /// <exception cref="EntriesDroppedException"><paramref name="fromVersion"/> is at or below what was deleted: thrown by the call itself.</exception>
    IEnumerable<JournalEntry> ReadStream(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue);

    /// <summary>Reads everything in position order, as of the moment of the call. Deleted entries are left out.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The entries.</returns>
    IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue);

    /// <summary>Finds entries by tags and types, in position order.</summary>
    /// <param name="query">What to find.</param>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <returns>The matches, and the head position at which they were found.</returns>
    QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue);

    /// <summary>Reads everything from a position on and stays: new entries follow as they are committed, without polling in process.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="cancellationToken">Ends the subscription with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Entries in position order, each once; it ends when the journal is closed.</returns>
    IAsyncEnumerable<JournalEntry> SubscribeAsync(long fromPosition = 1, CancellationToken cancellationToken = default);

    /// <summary>Subscribes behind a place that was kept, after checking that it is a place of this history.</summary>
    /// <param name="after">The last entry's position that was handled and the journal's head hash there (<see cref="HeadAt"/>).</param>
    /// <param name="cancellationToken">Ends the subscription with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Entries from the next position on.</returns>
    /// <exception cref="ForeignHistoryException">The head at that position is another one: thrown by the call itself.</exception>
    IAsyncEnumerable<JournalEntry> SubscribeAsync(Head after, CancellationToken cancellationToken = default)
    {
        if (HeadAt(after.Position) is not { } head || head.Hash != after.Hash)
            throw new ForeignHistoryException(after);
        return SubscribeAsync(after.Position + 1, cancellationToken);
    }

    /// <summary>The asynchronous twin of <see cref="ReadStream"/>.</summary>
    /// <param name="stream">The stream; an unknown one is empty.</param>
    /// <param name="fromVersion">The first version, from 1.</param>
    /// <param name="toVersion">The last version.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The entries.</returns>
    /// <exception cref="EntriesDroppedException"><paramref name="fromVersion"/> is at or below what was deleted.</exception>
    IAsyncEnumerable<JournalEntry> ReadStreamAsync(StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        Enumerate(ReadStream(stream, fromVersion, toVersion, maxCount), cancellationToken);

    /// <summary>The asynchronous twin of <see cref="ReadAll"/>.</summary>
    /// <param name="fromPosition">The first position, from 1.</param>
    /// <param name="maxCount">At most this many entries.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The entries.</returns>
    IAsyncEnumerable<JournalEntry> ReadAllAsync(long fromPosition = 1, long maxCount = long.MaxValue, CancellationToken cancellationToken = default) =>
        Enumerate(ReadAll(fromPosition, maxCount), cancellationToken);

    private static async IAsyncEnumerable<JournalEntry> Enumerate(IEnumerable<JournalEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }
}

/// <summary>A stream and how far it goes.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="Floor">Entries up to this version were deleted; 0 for none.</param>
/// <param name="HighestVersion">The highest version it ever had.</param>
public sealed record StreamInfo(StreamId Stream, long Floor, long HighestVersion);

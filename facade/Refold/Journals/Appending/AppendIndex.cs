// What deciding an append asks of a journal.
// Implemented by stores; asked by AppendRule.
namespace Refold;

/// <summary>What an idempotency key stands for.</summary>
/// <param name="Content">The content that a retry must repeat: <see cref="PlacedBatch.Content"/> of the batch.</param>
/// <param name="Receipt">The receipt of the first append.</param>
public sealed record KnownKey(Hash Content, Receipt Receipt);

/// <summary>The index that <see cref="AppendRule"/> needs to decide an append: everything committed, and everything accepted before in
/// the same group (<see cref="GroupIndex"/>). Used by one thread at a time.</summary>
public interface IAppendIndex
{
    /// <summary>The last position and head hash.</summary>
    Head Head { get; }

    /// <summary>The highest version a stream ever had, deleted or not.</summary>
    /// <param name="stream">The stream.</param>
    /// <returns>The version; 0 for a stream that never had an entry.</returns>
    long HighestVersion(StreamId stream);

    /// <summary>Whether a condition's <c>AsOf</c> can be judged: it is not below a beginning that was dropped.</summary>
    /// <param name="position">The <c>AsOf</c>, at most the head's position.</param>
    /// <returns>True if it can.</returns>
    bool Covers(long position);

    /// <summary>What an idempotency key stands for.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Its content and receipt; null where the key is unknown.</returns>
    KnownKey? FindKey(string key);

    /// <summary>The first entry behind a position that matches a query. A position whose entry is gone counts as a match.</summary>
    /// <param name="query">The query.</param>
    /// <param name="after">The position; only later ones count.</param>
    /// <returns>The position of the match; 0 for none.</returns>
    long FirstMatchAfter(Query query, long after);
}

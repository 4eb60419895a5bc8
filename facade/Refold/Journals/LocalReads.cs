// The asynchronous members of stores that answer at once: the answer is there when the call returns, or with the first MoveNextAsync.
// Used by LocalJournal and by local snapshot stores.
using System.Runtime.CompilerServices;

namespace Refold;

internal static class LocalReads
{
    /// <summary>An answer that is there at once. An error comes with the await.</summary>
    public static ValueTask<T> Answer<T>(CancellationToken cancellationToken, Func<T> read)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<T>(cancellationToken);
        try
        {
            return ValueTask.FromResult(read());
        }
#pragma warning disable CA1031 // Whatever it is, the caller awaits it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return ValueTask.FromException<T>(exception);
        }
    }

    /// <summary>Entries, read as of the moment of the first <c>MoveNextAsync</c>.</summary>
#pragma warning disable CS1998 // Local entries are there without waiting.
    public static async IAsyncEnumerable<JournalEntry> Enumerate(
        Func<IEnumerable<JournalEntry>> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
#pragma warning restore CS1998
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var entry in read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    /// <summary>A subscription that the journal refuses, with the first <c>MoveNextAsync</c>, once it was closed.</summary>
#pragma warning disable CS1998 // Nothing to wait for.
    public static async IAsyncEnumerable<JournalEntry> Refused(object closed)
#pragma warning restore CS1998
    {
        ObjectDisposedException.ThrowIf(true, closed);
        yield break;
    }

    /// <summary>A subscription behind a place that was kept, which is checked with the first <c>MoveNextAsync</c>.</summary>
    public static async IAsyncEnumerable<JournalEntry> SubscribeAfter(
        ILocalJournal journal,
        Head after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (journal.HeadAt(after.Position) is not { } head || head.Hash != after.Hash) throw new ForeignHistoryException(after);
        await foreach (var entry in journal.SubscribeAsync(after.Position + 1, cancellationToken).ConfigureAwait(false)) yield return entry;
    }

    /// <summary>Where the entries that are meant are.</summary>
    public static IReadOnlyList<long> PositionsOf(IEnumerable<JournalEntry> entries, Func<JournalEntry, bool> isMeant) =>
        [.. entries.Where(isMeant).Select(entry => entry.Position)];

    /// <summary>One page of streams that are in the order of their names' UTF-8 bytes and begin with the first that may be on it: no more
    /// of them are asked for than it needs.</summary>
    public static IReadOnlyList<StreamInfo> Page(IEnumerable<StreamInfo> streams, string prefix, StreamId? after, int maxCount) =>
        [
            .. streams.SkipWhile(info => info.Stream == after)
                .TakeWhile(info => info.Stream.Value.StartsWith(prefix, StringComparison.Ordinal)).Take(maxCount)];
}

// A stream as far as it is still there: what was deleted is left out, where whoever reads can do without it.
// Used by the end of a run, by verifying, and where a run is resumed.
using System.Runtime.CompilerServices;

namespace Refold;

internal static class KeptEntries
{
    /// <summary>A stream's entries from a version on; those that were deleted, also meanwhile, are missing.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The first version.</param>
    /// <param name="dropped">Told up to which version entries are missing.</param>
    /// <param name="cancellationToken">Stops at the next entry.</param>
    public static async IAsyncEnumerable<JournalEntry> ReadKeptAsync(
        this IJournal journal,
        StreamId stream,
        long from = 1,
        Action<long>? dropped = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var entries = journal.ReadStreamAsync(stream, from, cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using var ending = entries.ConfigureAwait(false);
            while (true)
            {
                try
                {
                    if (!await entries.MoveNextAsync().ConfigureAwait(false)) yield break;
                }
                catch (EntriesDroppedException exception) when (exception.UpTo >= from)
                {
                    from = exception.UpTo + 1;
                    dropped?.Invoke(exception.UpTo);
                    break;
                }

                from = entries.Current.Version + 1;
                yield return entries.Current;
            }
        }
    }
}

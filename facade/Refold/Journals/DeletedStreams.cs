// Whether the beginning of any stream was deleted: then what is missing may be missing by right.
// Asked when a run is verified, and when its operations are replayed.
using Refold.Interop;

namespace Refold;

internal static class DeletedStreams
{
    private const int PageSize = 1000;

    /// <summary>Whether one of the streams with a prefix was deleted, wholly or from its beginning. Outboxes and their logs, which are
    /// deleted as a matter of course and hold no run's input, are not looked at.</summary>
    public static async ValueTask<bool> AnyAsync(IJournal journal, string prefix, CancellationToken cancellationToken)
    {
        StreamId? after = null;
        while (true)
        {
            var page = await journal.StreamsAsync(prefix, after, PageSize, cancellationToken).ConfigureAwait(false);
            if (page.Any(stream => stream.Floor > 0 && !DeliveryTranslation.IsOfOutbox(stream.Stream))) return true;
            if (page.Count < PageSize) return false;
            after = page[^1].Stream;
        }
    }
}

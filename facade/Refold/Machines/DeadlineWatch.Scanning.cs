// Finding the machines of a category: page by page, on from where it stopped, and none for longer than those that are known can wait.
// Called by DeadlineDriver and by the rest of DeadlineWatch.
namespace Refold;

internal sealed partial class DeadlineWatch<TAt, TCommand, TEvent, TError>
{
    private const int PageSize = 1024;

    private bool isScanned;

    // The last stream that was found.
    private StreamId? scannedTo;

    // The page that is asked for, and the stream that it begins behind. None is asked for beside one that hangs.
    private (StreamId? After, Task<IReadOnlyList<StreamInfo>> Page)? asked;
    private DateTimeOffset scanAgainAt = DateTimeOffset.MaxValue;

    public override void BeginScan() => (isScanned, scannedTo) = (false, null);

    public override async Task ScanAsync(CancellationToken cancellationToken)
    {
        while (!isScanned)
        {
            var isNew = asked is null;
            var (after, page) = asked ??= (scannedTo, Page(scannedTo, cancellationToken));
            if (isNew) await WaitAsync([page], cancellationToken).ConfigureAwait(false);
            if (!page.IsCompleted)
            {
                ScanLater(new TimeoutException("The streams were not listed within the retry delay."));
                return;
            }

            asked = null;
            var found = await page.ConfigureAwait(false);
            // Of a scan that was begun anew meanwhile.
            if (after != scannedTo) continue;
            foreach (var some in found.Select(info => info.Stream).Where(aggregate.Owns).Chunk(MostAtOnce))
                await LoadAsync(some, cancellationToken).ConfigureAwait(false);
            if (found.Count == 0) (isScanned, scanAgainAt) = (true, DateTimeOffset.MaxValue);
            else scannedTo = found[^1].Stream;
        }
    }

    public override async Task TryScanAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ScanAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (MayPass(error, cancellationToken))
        {
            ScanLater(error);
        }
    }

    // Also one that throws at once is a page that was asked for.
    private async Task<IReadOnlyList<StreamInfo>> Page(StreamId? after, CancellationToken cancellationToken) =>
        await run.Journal.StreamsAsync(aggregate.Category, after, PageSize, cancellationToken).ConfigureAwait(false);

    private void ScanLater(Exception error)
    {
        scanAgainAt = time.GetUtcNow() + retryDelay;
        run.Logger?.DeadlinesInterrupted(error, aggregate.Category, retryDelay);
    }
}

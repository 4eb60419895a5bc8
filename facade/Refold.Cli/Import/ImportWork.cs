// Appending the batches of a checked file to a journal, many under way at once, until all are in or it is interrupted.
// Called by ImportVerb.
using Refold.Cli.Shell;

namespace Refold.Cli.Import;

/// <param name="journal">Where to.</param>
/// <param name="file">The file.</param>
/// <param name="all">How many entries it has.</param>
internal sealed class ImportWork(ILocalJournal journal, ImportFile file, long all)
{
    /// <param name="there">How many of the file's entries are in the journal already.</param>
    /// <param name="restores">Whether given places are kept.</param>
    /// <param name="acknowledges">Whether each position is printed once it is durable.</param>
    /// <param name="cancellationToken">Ends at the next batch; what was begun is waited for.</param>
    /// <returns>How many entries were there already, by the idempotency key of their batch.</returns>
    public async Task<int> AppendAsync(int there, bool restores, bool acknowledges, CancellationToken cancellationToken)
    {
        var (last, repeated, done) = (journal.Head.Position, 0, (long)there);
        var places = new PlaceRule("");
        var acknowledgements = new Acknowledgements();
        using var progress = Progress.Start("importing", "entries", all);
        var window = new Window<AppendResult>(result =>
        {
            var receipt = result.ReceiptOrThrow();
            if (receipt.LastPosition <= last)
                repeated += receipt.Count;
            if (acknowledges)
                acknowledgements.Print(receipt.FirstPosition, receipt.LastPosition);
            progress.Tell(done += receipt.Count);
        });
        int skip = there;
        try
        {
            foreach (var batch in file.Batches(cancellationToken))
            {
                int skipped = Math.Min(skip, batch.Count);
                skip -= skipped;
                // Places are followed from the first line on, also over what is there already.
                List<JournalEntry> placed = restores ? [.. batch.Select((line, index) => places.Place(line, index == 0))] : [];
                if (skipped == batch.Count)
                    continue;
                if (restores && skipped > 0 && batch[skipped].Batch is not null)
                    throw CutInside(batch, skipped);
                var append = restores
                    ? journal.TryRestoreAsync(placed[skipped..], CancellationToken.None)
                    : journal.TryAppendAsync(
                        new AppendRequest([.. batch.Skip(skipped).Select(line => line.Data)])
                        {
                            IdempotencyKey = batch[0].Key,
                            AllowsOwnStreams = true,
                        },
                        CancellationToken.None);
                await window.AddAsync(append.AsTask());
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await window.CompleteAsync();
            throw Interruption.At(
                FormattableString.Invariant($"{done} of {all} entries are durable, up to position {journal.Head.Position}"),
                CommandText.Again(with: "--resume", without: "--again"));
        }

        await window.CompleteAsync();
        return repeated;
    }

    // A batch is atomic: what is there of it is a batch of its own in the journal, which the rest cannot be added to.
    private ToolException CutInside(List<ImportLine> batch, int there)
    {
        var fault = Lines.Fault(
            file.Name,
            batch[there].Number,
            FormattableString.Invariant(
                $"the journal ends in the middle of the batch of lines {batch[0].Number} to {batch[^1].Number}: the file was cut there ")
            + "when it was imported");
        return new ToolException(
            ExitCode.Conflict,
            fault.Message + " Import the file into an empty journal; or, with --renumber, the rest of the batch as a "
            + "batch of its own.");
    }
}

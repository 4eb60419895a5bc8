// The records of a journal's batches, a line each: what a stranger computes heads and roots from.
// Called by export --records. The form is explained in facade/docs/verify.md.
using System.Text.Json.Nodes;
using Refold.Transfers;

namespace Refold.Cli.Shell;

internal static class BatchRecords
{
    /// <summary>Writes a line for the base, where there is one, and a line for each batch.</summary>
    /// <param name="uri">The journal.</param>
    /// <param name="cancellationToken">Ends it behind a line.</param>
    public static int Write(string uri, CancellationToken cancellationToken)
    {
        var (ordinal, last) = (0L, 0L);
        try
        {
            foreach (var item in Interruption.Until(TransferSource.Read(uri, "--journal"), cancellationToken))
            {
                switch (item)
                {
                    case TransferItem.Beginning { Content: var begin }:
                        ordinal = begin.Summary.Batches;
                        Output.Json(ToJson(begin));
                        break;
                    case TransferItem.Batch { Stored.Batch: var batch }:
                        Output.Json(new JsonObject
                        {
                            ["ordinal"] = ordinal++,
                            ["firstPosition"] = batch.FirstPosition,
                            ["record"] = Convert.ToBase64String(AppendRule.Record(batch.FirstPosition, batch.Leaves)),
                        });
                        last = batch.Receipt.Head.Position;
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw Interruption.At(
                FormattableString.Invariant($"every batch up to position {last} was written, and the journal is as it was"),
                CommandText.Again());
        }

        return ExitCode.Done;
    }

    private static JsonObject ToJson(JournalBeginning begin) => new()
    {
        ["position"] = begin.Head.Position,
        ["head"] = begin.Head.Hash.ToString(),
        ["size"] = begin.Summary.Batches,
        ["peaks"] = new JsonArray([.. begin.Summary.Peaks.Select(peak => (JsonNode)peak.ToString())]),
        ["provable"] = new JsonArray(
        [
            .. begin.Provable.Select(size => new JsonObject
            {
                ["size"] = size.Size,
                ["proof"] = Proofs.ToJson(size.Proof),
            }),
        ]),
    };
}

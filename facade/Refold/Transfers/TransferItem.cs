// What a journal is made of when it moves from one store to another: nothing is decided again, so the copy has the same head.
// Read from segment files by SegmentTransfer, and by the packages of other stores; written by the same.
namespace Refold.Transfers;

/// <summary>A piece of a journal, in commit order.</summary>
public abstract record TransferItem
{
    private TransferItem()
    {
    }

    /// <summary>The journal begins behind what was dropped. Only the first piece is one.</summary>
    /// <param name="Content">What is known of the dropped beginning.</param>
    public sealed record Beginning(JournalBeginning Content) : TransferItem;

    /// <summary>A batch.</summary>
    /// <param name="Stored">The batch.</param>
    public sealed record Batch(StoredBatch Stored) : TransferItem;

    /// <summary>Idempotency keys are forgotten.</summary>
    /// <param name="Before">Those of batches that begin before this position.</param>
    public sealed record Forgetting(long Before) : TransferItem;

    /// <summary>A deletion.</summary>
    /// <param name="Stream">The stream.</param>
    /// <param name="Version">Up to and including this version.</param>
    public sealed record Deletion(StreamId Stream, long Version) : TransferItem;
}

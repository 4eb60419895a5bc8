// The pieces of a journal that moves from one store to another: batches and what is known of a dropped beginning.
// Carried by TransferItem; read and written by stores.
using System.Globalization;

namespace Refold.Transfers;

/// <summary>A batch as it lies in a store.</summary>
/// <param name="Batch">Its entries that are there, with all its leaves.</param>
/// <param name="Dropped">Each leaf that a compaction dropped, in order.</param>
public sealed record StoredBatch(PlacedBatch Batch, IReadOnlyList<DroppedLeaf> Dropped);

/// <summary>A leaf of a batch that a compaction dropped.</summary>
/// <param name="Versions">The versions its entries had.</param>
/// <param name="Latest">The latest time of its entries; null where none had one.</param>
public sealed record DroppedLeaf(StreamVersions Versions, DateTimeOffset? Latest)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"DroppedLeaf {{ Versions = {Versions}, Latest = {Latest} }}");
}

/// <summary>What the batches of a dropped beginning come to.</summary>
/// <param name="Batches">How many there were.</param>
/// <param name="Peaks">The roots of the largest complete subtrees of the batch tree over them, left to right.</param>
/// <param name="Latest">The latest time of their entries; null where none had one.</param>
public sealed record BatchSummary(long Batches, IReadOnlyList<Hash> Peaks, DateTimeOffset? Latest)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"BatchSummary {{ Batches = {Batches}, Peaks = {Peaks.Count}, Latest = {Latest} }}");
}

/// <summary>A smaller number of batches that stays provable behind a dropped beginning.</summary>
/// <param name="Size">How many batches.</param>
/// <param name="Proof">The consistency proof from that size to the size of the beginning.</param>
public sealed record ProvableSize(long Size, IReadOnlyList<Hash> Proof)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"ProvableSize {{ Size = {Size}, Proof = {Proof.Count} }}");
}

/// <summary>A stream of a dropped beginning.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Highest">The highest version it ever had there.</param>
/// <param name="Floor">The last version that was dropped; 0 for none.</param>
public sealed record DroppedStream(StreamId Stream, long Highest, long Floor);

/// <summary>An idempotency key of a dropped beginning.</summary>
/// <param name="Key">The key.</param>
/// <param name="Known">The content it stands for, and what the append was answered.</param>
public sealed record KeptKey(string Key, KnownKey Known);

/// <summary>What a journal remembers of a beginning that was dropped.</summary>
/// <param name="Streams">The streams of the dropped beginning.</param>
/// <param name="Keys">The keys that were kept.</param>
/// <param name="KeysBefore">Keys of batches that begin before this position are forgotten; 0 for none.</param>
/// <param name="Summary">What its batches come to.</param>
/// <param name="Provable">Smaller numbers of batches that stay provable, ascending.</param>
/// <param name="Head">The head behind the beginning.</param>
/// <param name="FirstFrame">The number of its frame in segment files.</param>
public sealed record JournalBeginning(
    IReadOnlyList<DroppedStream> Streams,
    IReadOnlyList<KeptKey> Keys,
    long KeysBefore,
    BatchSummary Summary,
    IReadOnlyList<ProvableSize> Provable,
    Head Head,
    long FirstFrame);

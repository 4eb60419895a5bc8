// The pieces of a journal that moves from one store to another: batches and what is known of a dropped beginning.
// Carried by TransferItem; read and written by stores.
namespace Refold.Transfers;

/// <summary>A batch as it lies in a store.</summary>
/// <param name="Batch">Its entries that are there, with all its leaves.</param>
/// <param name="Dropped">The versions of each leaf that a compaction dropped, in order.</param>
public sealed record StoredBatch(PlacedBatch Batch, IReadOnlyList<StreamVersions> Dropped);

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
/// <param name="Head">The head behind the beginning.</param>
/// <param name="FirstFrame">The number of its frame in segment files.</param>
public sealed record JournalBeginning(
    IReadOnlyList<DroppedStream> Streams,
    IReadOnlyList<KeptKey> Keys,
    long KeysBefore,
    Head Head,
    long FirstFrame);

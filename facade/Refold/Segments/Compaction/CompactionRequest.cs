// What a compaction of segment files is asked for, how far it has come, and what it did.
// Given to and answered by SegmentJournal.CompactAsync.
namespace Refold.Segments;

/// <summary>What a compaction does. Positions, versions, heads and receipts stay what they were in each of them.</summary>
public abstract record CompactionRequest
{
    private CompactionRequest()
    {
    }

    /// <summary>Names of outboxes that may lose messages which are not settled, their last message, or their log. Those of another one are
    /// refused to <see cref="RetainFrom"/> and <see cref="DeleteStream"/> with <see cref="OutboxLossException"/>.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyCollection<string> MayLose { get; init; } = [];

    /// <summary>Joins sealed segments that follow one another; nothing goes.</summary>
    public sealed record Merge : CompactionRequest
    {
        /// <summary>How many bytes of frames a joined segment has at most, from 1 to 2^30.</summary>
        /// <value>Default: null, the size of the journal's segments.</value>
        public long? MaxBytes { get; init; }
    }

    /// <summary>Drops the journal's beginning: batches that end before a position. The last batch of the journal stays in any case. Floors
    /// of streams rise; keys stay known. Refused where an outbox needs what would go (<see cref="MayLose"/>).</summary>
    /// <remarks>Proofs go on from the new beginning. Growth from an earlier size is proved no more, unless it is named:
    /// <see cref="ProvableSizes"/>.</remarks>
    /// <param name="Position">From 1 to one more than the head position.</param>
    public sealed record RetainFrom(long Position) : CompactionRequest
    {
        /// <summary>Sizes (numbers of batches) from which growth stays provable though their batches go: those of checkpoints that
        /// somebody keeps. Those that were kept before stay so. Sizes from the new beginning on are provable anyway, and are to be
        /// named when a later compaction drops them.</summary>
        /// <value>Default: none. Each is at least the size of a beginning that was dropped before, and at most that of the
        /// journal.</value>
        public IReadOnlyCollection<long> ProvableSizes { get; init; } = [];
    }

    /// <summary>Deletes a stream as far as it goes, and drops its bytes. Its highest version stays known, so that it goes on where it was.
    /// Entries in one leaf with an entry appended meanwhile stay until the next compaction. Refused where it is an outbox with messages
    /// that are not settled, or the log of an outbox (<see cref="MayLose"/>).</summary>
    /// <param name="Stream">The stream.</param>
    public sealed record DeleteStream(StreamId Stream) : CompactionRequest;

    /// <summary>Forgets the idempotency keys of batches that begin before a position: from the answer on they are unknown, after any
    /// restart and in backups too, and a retry with one of them is appended again. Batches that are whole keep the bytes of their
    /// keys, as the head binds them.</summary>
    /// <param name="Position">From 1 to one more than the head position.</param>
    public sealed record ForgetKeysBefore(long Position) : CompactionRequest;

    /// <summary>Drops the bytes of whatever <see cref="IJournal.DeleteToAsync"/> deleted, as far as whole leaves are.</summary>
    public sealed record DropDeleted : CompactionRequest;
}

/// <summary>What a compaction is doing.</summary>
public enum CompactionPhase
{
    /// <summary>It reads and checks the sealed segments.</summary>
    Planning,

    /// <summary>It replaces segments.</summary>
    Replacing,
}

/// <summary>How far a compaction has come.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Done">How many segments were read, or how many new segments were made.</param>
/// <param name="Total">How many there are to be.</param>
public readonly record struct CompactionProgress(CompactionPhase Phase, int Done, int Total);

/// <summary>What a compaction did. Nothing replaced means that there was nothing to do.</summary>
/// <param name="Replaced">How many segments were replaced.</param>
/// <param name="Made">By how many.</param>
/// <param name="BytesBefore">Bytes of the files that were replaced.</param>
/// <param name="BytesAfter">Bytes of the files that replace them.</param>
/// <param name="SetGeneration">How many times segments were replaced in the life of this journal; never
/// the same again for another set.</param>
public sealed record CompactionReport(int Replaced, int Made, long BytesBefore, long BytesAfter, long SetGeneration);

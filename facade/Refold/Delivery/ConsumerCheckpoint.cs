// How far a consumer of a journal has come, and where that is kept.
// Kept by JournalConsumer; stores are JournalCheckpointStore and DirectoryCheckpointStore, or a user's own, beside what the consumer makes.
namespace Refold;

/// <summary>How far a consumer has come. Equal by content.</summary>
/// <param name="Consumer">The consumer's name.</param>
/// <param name="Region">What it consumes: a hash over the name of the journal and the query, 64 hexadecimal digits. A checkpoint of one
/// region is none of another.</param>
/// <param name="Head">The position of the last entry that was handled, and the head hash there.</param>
/// <param name="IsStarted">Whether anything was handled since the consumer was created.</param>
public sealed record ConsumerCheckpoint(string Consumer, string Region, Head Head, bool IsStarted)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(ConsumerCheckpoint), PrintMembers);
}

/// <summary>Where checkpoints are kept. A store that keeps them in one transaction with what the consumer makes turns "at least once" into
/// "once". Safe for use by many threads.</summary>
public interface IConsumerCheckpointStore
{
    /// <summary>The checkpoint of a consumer.</summary>
    /// <param name="consumer">The consumer's name.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>The checkpoint; null where there is none.</returns>
    ValueTask<ConsumerCheckpoint?> FindAsync(string consumer, CancellationToken cancellationToken = default);

    /// <summary>Keeps a checkpoint in the place of another one; durable when it returns true.</summary>
    /// <param name="checkpoint">The new one.</param>
    /// <param name="before">The one that must be there; null: none.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already begun.</param>
    /// <returns>False where another one is there: another process consumes under this name.</returns>
    ValueTask<bool> TrySaveAsync(
        ConsumerCheckpoint checkpoint, ConsumerCheckpoint? before, CancellationToken cancellationToken = default);
}

/// <summary>A consumer has no checkpoint that it could go on from. It is never begun anew by itself, as that would handle everything
/// again.</summary>
public sealed class ConsumerCheckpointException : JournalException
{
    private ConsumerCheckpointException(string code, string message)
        : base(code, message)
    {
    }

    internal static ConsumerCheckpointException Missing(string consumer) => new(
        "checkpoint-missing",
        $"The consumer '{consumer}' has no checkpoint: create it with CreateAsync where it is new, or restore the one that was lost.");

    internal static ConsumerCheckpointException OtherRegion(string consumer) => new(
        "checkpoint-region",
        $"The checkpoint of the consumer '{consumer}' is of another region, that is another journal name or query: give the consumer "
        + "another name, and decide where it begins.");

    internal static ConsumerCheckpointException Exists(string consumer) => new(
        "checkpoint-exists", $"The consumer '{consumer}' has a checkpoint already: read on from it.");

    internal static ConsumerCheckpointException Moved(string consumer) => new(
        "checkpoint-moved",
        $"The checkpoint of the consumer '{consumer}' is not the one that was read: another process consumes under this name. Read again.");
}

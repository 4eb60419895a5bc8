// The rule that decides appends, for stores: the core's own, so that every store decides alike.
// Called in commit order by every store, with an index of what is committed.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold;

/// <summary>How an append was decided: exactly one of <see cref="Fresh"/>, <see cref="Repeated"/>, <see cref="Refused"/>.</summary>
public abstract record AppendDecision
{
    private AppendDecision()
    {
    }

    /// <summary>The batch got its place and is to be written.</summary>
    /// <param name="Batch">The batch with its place.</param>
    public sealed record Fresh(PlacedBatch Batch) : AppendDecision;

    /// <summary>The key was seen with the same content: the answer is the first receipt, and nothing is written.</summary>
    /// <param name="Receipt">The first receipt.</param>
    public sealed record Repeated(Receipt Receipt) : AppendDecision;

    /// <summary>The append is not committed, and never will be.</summary>
    /// <param name="Failure">Why.</param>
    public sealed record Refused(AppendFailure Failure) : AppendDecision;
}

/// <summary>Decides, in commit order, whether a batch is committed and which place it gets. A store asks it, writes
/// <see cref="PlacedBatch"/> durably, and answers with the receipt.</summary>
public static class AppendRule
{
    /// <summary>Decides an append: by key, then condition, then expected versions, then limits.</summary>
    /// <param name="index">What is committed or accepted before.</param>
    /// <param name="batch">The batch.</param>
    /// <returns>The decision.</returns>
    public static AppendDecision Decide(IAppendIndex index, EncodedBatch batch)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(batch);
        var decided = Core.Append.accept(new CoreIndex(index), batch);
        if (decided.IsError) return new AppendDecision.Refused(decided.ErrorValue.ToFailure());
        var accepted = decided.ResultValue;
        return accepted.IsFresh
            ? new AppendDecision.Fresh(new PlacedBatch(accepted.batch))
            : new AppendDecision.Repeated(new Receipt(accepted.receipt!));
    }

    /// <summary>Places one exported batch where it was: with its batch id, positions and versions. Positions of the batch without an entry
    /// become holes that the head binds. A known key now belongs to this batch.</summary>
    /// <param name="index">What is committed or accepted before.</param>
    /// <param name="batch">All entries of the batch that are left, in position order.</param>
    /// <returns><see cref="AppendDecision.Fresh"/> or <see cref="AppendDecision.Refused"/>.</returns>
    public static AppendDecision Restore(IAppendIndex index, IReadOnlyList<JournalEntry> batch)
    {
        ArgumentNullException.ThrowIfNull(index);
        var placed = Core.Append.restore(new CoreIndex(index), batch.ToCore());
        return placed.IsOk
            ? new AppendDecision.Fresh(new PlacedBatch(placed.ResultValue))
            : new AppendDecision.Refused(placed.ErrorValue.ToFailure());
    }

    /// <summary>How far a deletion goes: to the version asked for, at most to the stream's highest; of an outbox (<c>$outbox/NAME</c>) the
    /// last entry stays, so that the numbers of its messages are never given again, also behind an export.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="version">The version that was asked for.</param>
    /// <param name="highest">The stream's highest version; 0 where it is unknown.</param>
    /// <returns>The version up to which entries go; at the stream's floor or below, there is nothing to delete.</returns>
    public static long DeletedTo(StreamId stream, long version, long highest)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Core.Append.deletedTo(stream, version, highest);
    }

    /// <summary>The head behind a batch.</summary>
    /// <param name="before">The head hash before it.</param>
    /// <param name="firstPosition">The batch's first position.</param>
    /// <param name="leaves">All its leaves, holes included.</param>
    /// <returns>The head.</returns>
    public static Head HeadAfter(Hash before, long firstPosition, IEnumerable<Leaf> leaves) =>
        Core.HeadModule.next(before, firstPosition, leaves.ToFSharpList());

    /// <summary>The leaf of a batch in the journal's batch tree, from which proofs are made; a store keeps it with the batch.</summary>
    /// <param name="firstPosition">The batch's first position.</param>
    /// <param name="leaves">All its leaves, holes included.</param>
    /// <returns>The hash.</returns>
    public static Hash TreeLeaf(long firstPosition, IEnumerable<Leaf> leaves) =>
        Core.TreePlaceModule.leafOf(firstPosition, leaves.ToFSharpList());

    /// <summary>The record of a batch, of which its head and its leaf in the batch tree are made: first position, count, and per leaf
    /// count, first version and hash; integers little-endian, positions and versions in 8 bytes, counts in 4.</summary>
    /// <param name="firstPosition">The batch's first position.</param>
    /// <param name="leaves">All its leaves, holes included.</param>
    /// <returns>The bytes.</returns>
    public static byte[] Record(long firstPosition, IEnumerable<Leaf> leaves) =>
        Core.HeadModule.record(firstPosition, leaves.ToFSharpList());

    /// <summary>The hash of a leaf.</summary>
    /// <param name="canonicalBytes">The canonical bytes of its entries, in order.</param>
    /// <returns>The hash.</returns>
    public static Hash LeafHash(IEnumerable<ReadOnlyMemory<byte>> canonicalBytes) => Core.LeafModule.hash(canonicalBytes);

    // The index as the core asks it.
    private sealed class CoreIndex(IAppendIndex index) : Core.IAppendIndex
    {
        public Head Head => index.Head;

        public long HighestVersion(StreamId stream) => index.HighestVersion(stream);

        public bool Covers(long position) => index.Covers(position);

        public FSharpOption<Core.KnownKey>? TryFindKey(string key) =>
            index.FindKey(key) is { } known ? FSharpOption<Core.KnownKey>.Some(new(key, known.Content, known.Receipt.Value)) : null;

        public long FirstMatchAfter(Core.Query query, long after) => index.FirstMatchAfter(new Query(query), after);
    }
}

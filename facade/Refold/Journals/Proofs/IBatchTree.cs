// What a store tells of its batch tree at one moment: from that all roots and proofs are made.
// Implemented by stores for LocalJournal.AskTree; asked by TreeProofs.
using Refold.Interop;
using Refold.Transfers;

namespace Refold;

/// <summary>Where a batch stands in its journal.</summary>
/// <param name="Ordinal">How many batches come before it, those of a dropped beginning counted.</param>
/// <param name="FirstPosition">Its first position.</param>
/// <param name="Head">The head behind it.</param>
/// <param name="Latest">The latest time of its entries and of all before it, in UTC; null where none has one.</param>
public sealed record BatchPlace(long Ordinal, long FirstPosition, Head Head, DateTimeOffset? Latest)
{
    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => InvariantText.Of(nameof(BatchPlace), PrintMembers);
}

/// <summary>The batch tree of a journal as of one moment. Ordinals count batches from 0, those of a dropped beginning included.</summary>
public interface IBatchTree
{
    /// <summary>How many batches the journal has.</summary>
    long Size { get; }

    /// <summary>The head behind the last of them.</summary>
    Head Head { get; }

    /// <summary>The head behind a beginning that was dropped; an empty journal's where none was.</summary>
    Head Begin { get; }

    /// <summary>What the batches of that beginning come to.</summary>
    BatchSummary Beginning { get; }

    /// <summary>Smaller sizes that stay provable behind it, ascending.</summary>
    IReadOnlyList<ProvableSize> Provable { get; }

    /// <summary>The batch that holds a position.</summary>
    /// <param name="position">From 1 to the head position.</param>
    /// <returns>Its place; null in a gap, and for a beginning that was dropped.</returns>
    BatchPlace? BatchAt(long position);

    /// <summary>The first batch that ends at a position or behind it.</summary>
    /// <param name="position">From 1.</param>
    /// <returns>Its place; null behind the last one. Where nothing is said, it is asked for by <see cref="BatchAt"/>, and behind a gap by
    /// the next entry that can be read: a store whose gaps may be followed by batches of which all entries were deleted says
    /// more.</returns>
    BatchPlace? NextBatch(long position)
    {
        if (BatchAt(position) is { } place) return place;
        return Entries(position, Head.Position).FirstOrDefault() is { } entry ? BatchAt(entry.Position) : null;
    }

    /// <summary>The leaves of a batch, those of deleted entries and holes included.</summary>
    /// <param name="place">The batch, as <see cref="BatchAt"/> answered it.</param>
    /// <returns>The leaves, in order.</returns>
    IReadOnlyList<Leaf> LeavesOf(BatchPlace place);

    /// <summary>The leaves in the tree of some batches.</summary>
    /// <param name="first">The ordinal of the first one, behind a dropped beginning.</param>
    /// <param name="count">At most 15; all of them are in the journal.</param>
    /// <returns>Their hashes, in order.</returns>
    IReadOnlyList<Hash> TreeLeaves(long first, int count);

    /// <summary>A complete subtree of 16 batches or more, the last of which is behind a dropped beginning.</summary>
    /// <param name="node">The subtree; all its batches are in the journal.</param>
    /// <returns>Its hash.</returns>
    Hash Node(BatchTreeNode node);

    /// <summary>Entries that can be read, in position order.</summary>
    /// <param name="first">The first position.</param>
    /// <param name="last">The last position.</param>
    /// <returns>The entries; those that were deleted are left out.</returns>
    IEnumerable<JournalEntry> Entries(long first, long last);
}

// Shows that an entry is in a journal: its canonical bytes, the record of its batch, and the path from there to a root.
// Made by every journal (IJournal.InclusionProofAsync); checked by whoever trusts a root, by the tool, and by forty lines of Python.
using System.Buffers.Binary;
using System.Globalization;

namespace Refold;

/// <summary>Shows that an entry is in a journal. Whoever trusts the root can check it without the journal:
/// <see cref="FindFault"/>.</summary>
/// <remarks>The entries that are hashed together with it are disclosed: those of one stream that one append made together, at most 16 KiB,
/// or one longer entry.</remarks>
/// <param name="Position">The entry's position.</param>
/// <param name="Ordinal">The number of its batch, from 0.</param>
/// <param name="Tree">The size the proof is for, and the root there as the journal says. A checker compares it with a root of his
/// own.</param>
/// <param name="Record">The record of the batch (<see cref="AppendRule.Record"/>).</param>
/// <param name="Leaf">The number of the entry's leaf in the record, from 0.</param>
/// <param name="Place">The entry's place in the leaf, from 0.</param>
/// <param name="Canonical">The canonical bytes of all entries of the leaf, in order.</param>
/// <param name="Path">The hashes from the batch to the root (RFC 9162, 2.1.3.1).</param>
public sealed partial record InclusionProof(
    long Position,
    long Ordinal,
    TreeHead Tree,
    ReadOnlyMemory<byte> Record,
    int Leaf,
    int Place,
    IReadOnlyList<ReadOnlyMemory<byte>> Canonical,
    IReadOnlyList<Hash> Path)
{
    private const int RecordHeader = 12;
    private const int LeafBytes = 44;
    private const long HighestPlace = 1L << 62;

    /// <summary>The version of the entry in its stream, as the record says; 0 where the record has no such leaf.</summary>
    public long Version => Leaves is { } leaves && Leaf >= 0 && Leaf < leaves.Length ? leaves[Leaf].FirstVersion + Place : 0;

    /// <summary>The entry, from its canonical bytes.</summary>
    /// <returns>The entry; null where the bytes are none.</returns>
    public JournalEntry? TryReadEntry() =>
        Place >= 0 && Place < Canonical.Count && Version > 0 && FirstPosition is var first and > 0
            ? JournalEntry.TryRead(Position, Version, first, Canonical[Place])
            : null;

    /// <summary>Checks the proof against a tree that the caller trusts.</summary>
    /// <remarks>The size and the root have to come from elsewhere than the proof and whoever made it: against <see cref="Tree"/>, or a root
    /// that the same journal tells, a proof of anything can be made that holds. Both count: a root alone does not say at which size it
    /// is.</remarks>
    /// <param name="tree">The size and root, from where they are trusted: a signed checkpoint, or what was kept before.</param>
    /// <returns>What is wrong, in words; null where the entry is in that tree.</returns>
    public string? FindFault(TreeHead tree)
    {
        if (Tree.Size != tree.Size) return Said("the size", Tree.Size, tree.Size);
        if (Tree.Root != tree.Root) return $"the root is {Tree.Root}, not {tree.Root}";
        if (Leaves is not { } leaves) return "the record is no record of a batch";
        if (Leaf < 0 || Leaf >= leaves.Length) return Said("the leaf", Leaf, $"below {NumberText.Of(leaves.Length)}");
        var leaf = leaves[Leaf];
        if (leaf.FirstVersion == 0) return "the leaf has no entries";
        if (leaf.Count != Canonical.Count) return Said("the number of entries of the leaf", Canonical.Count, leaf.Count);
        if (Place < 0 || Place >= leaf.Count) return Said("the place", Place, $"below {NumberText.Of(leaf.Count)}");
        var position = FirstPosition + leaves.Take(Leaf).Sum(before => (long)before.Count) + Place;
        if (position != Position) return Said("the position", Position, position);
        if (AppendRule.LeafHash(Canonical) != leaf.Hash) return "the canonical bytes are not those of the leaf";
        // Each of them: cut elsewhere, the bytes of a leaf have the same hash, and what a payload says would be an entry.
        if (Canonical.Any(bytes => JournalEntry.TryRead(1, 1, 1, bytes) is null)) return "the canonical bytes are not those of entries";
        if (TryReadEntry() is null) return "the canonical bytes are no entry";
        return BatchTree.Includes(BatchTree.LeafOf(Record.Span), Ordinal, tree, Path)
            ? null
            : $"the path does not lead from batch {NumberText.Of(Ordinal)} to the root";
    }

    private long FirstPosition => Record.Length >= RecordHeader ? BinaryPrimitives.ReadInt64LittleEndian(Record.Span) : 0;

    private Refold.Leaf[]? Leaves
    {
        get
        {
            var bytes = Record.Span;
            var count = (Record.Length - RecordHeader) / LeafBytes;
            if (Record.Length <= RecordHeader || bytes.Length != RecordHeader + count * LeafBytes) return null;
            if (FirstPosition is < 1 or > HighestPlace) return null;
            var leaves = new Refold.Leaf[count];
            var positions = 0L;
            for (var number = 0; number < count; number++)
            {
                var leaf = bytes.Slice(RecordHeader + number * LeafBytes, LeafBytes);
                leaves[number] = new Refold.Leaf(
                    BinaryPrimitives.ReadInt32LittleEndian(leaf), BinaryPrimitives.ReadInt64LittleEndian(leaf[4..]),
                    Hash.OfSpan(leaf[12..]));
                if (leaves[number].Count < 1 || leaves[number].FirstVersion is < 0 or > HighestPlace) return null;
                positions += leaves[number].Count;
            }

            return positions == BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) ? leaves : null;
        }
    }

    private static string Said(string what, long found, long expected) => Said(what, found, NumberText.Of(expected));

    private static string Said(string what, long found, string expected) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} is {found}, not {expected}");
}

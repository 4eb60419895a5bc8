// The Merkle tree of RFC 9162 as its text defines it, over leaves in an array: the plain form, which needs no journal.
// Used by tests of signing, which make histories of their own, and by the process that signs.
using System.Security.Cryptography;

namespace Refold.Suites;

internal static class TreeOfLeaves
{
    /// <summary>A leaf of its own for each number and history.</summary>
    public static Hash[] Leaves(int count, string history) =>
        [.. Enumerable.Range(0, count).Select(number => BatchTree.LeafOf(System.Text.Encoding.ASCII.GetBytes($"{history} {number}")))];

    public static TreeHead Head(ReadOnlySpan<Hash> leaves) => new(leaves.Length, Root(leaves));

    public static Hash Root(ReadOnlySpan<Hash> leaves)
    {
        if (leaves.Length == 0) return TreeHead.Empty.Root;
        if (leaves.Length == 1) return leaves[0];
        var middle = Middle(leaves.Length);
        return Hash.OfSpan(SHA256.HashData([1, .. Root(leaves[..middle]).ToArray(), .. Root(leaves[middle..]).ToArray()]));
    }

    public static Hash[] Inclusion(ReadOnlySpan<Hash> leaves, int ordinal)
    {
        if (leaves.Length == 1) return [];
        var middle = Middle(leaves.Length);
        return ordinal < middle
            ? [.. Inclusion(leaves[..middle], ordinal), Root(leaves[middle..])]
            : [.. Inclusion(leaves[middle..], ordinal - middle), Root(leaves[..middle])];
    }

    public static ConsistencyProof Consistency(ReadOnlySpan<Hash> leaves, int from) =>
        new(from, Head(leaves), from == 0 || from == leaves.Length ? [] : Path(leaves, from, isWhole: true));

    private static Hash[] Path(ReadOnlySpan<Hash> leaves, int from, bool isWhole)
    {
        if (from == leaves.Length) return isWhole ? [] : [Root(leaves)];
        var middle = Middle(leaves.Length);
        return from <= middle
            ? [.. Path(leaves[..middle], from, isWhole), Root(leaves[middle..])]
            : [.. Path(leaves[middle..], from - middle, isWhole: false), Root(leaves[..middle])];
    }

    // The largest power of two below the size.
    private static int Middle(int size) => 1 << (31 - System.Numerics.BitOperations.LeadingZeroCount((uint)size - 1));
}

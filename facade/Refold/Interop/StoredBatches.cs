// Batches as a store of another package keeps them, made again without F# options.
// Called by stores that read their batches whole, to copy or to compact them.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class StoredBatches
{
    /// <summary>A batch of which every entry is there.</summary>
    public static Core.AcceptedBatch Whole(long first, IReadOnlyList<(Core.Entry Entry, ReadOnlyMemory<byte> Canonical)> entries, IEnumerable<Core.Leaf> leaves, Core.Head head) =>
        Core.Append.ofStored(
            first,
            [.. entries.Select(item => item.Entry.Data)],
            [.. entries.Select(item => item.Canonical)],
            [.. entries.Select(item => item.Entry.Position)],
            [.. entries.Select(item => item.Entry.Version)],
            leaves.ToFSharpList(),
            head);

    /// <summary>A batch that a compaction took entries from, which cannot tell its key's content and versions any more.</summary>
    /// <param name="batch">The batch, with what is left of it.</param>
    /// <param name="key">The key that was kept, with content and versions; null for none.</param>
    public static Core.AcceptedBatch WithKept(this Core.AcceptedBatch batch, (string Key, Core.Hash Content, IEnumerable<Core.StreamVersions> Versions)? key) => new(
        batch.FirstPosition,
        batch.Entries,
        batch.Canonical,
        batch.Positions,
        batch.Versions,
        batch.Leaves,
        key is var (text, content, _) ? FSharpOption<Tuple<string, Core.Hash>>.Some(new(text, content)) : null,
        key is var (_, _, versions) ? new Core.Receipt(batch.Receipt.FirstPosition, batch.Receipt.Count, versions.ToFSharpList(), batch.Receipt.Head) : batch.Receipt);
}

// The batch tree of the journal in memory: made when it is first asked for, and before anything that it is made of goes.
// Called by ArrayJournal.fs.
namespace Refold.Core

open System.Collections.Generic
open Refold

/// A batch of the journal in memory.
[<Struct; NoComparison; NoEquality>]
type internal ArrayBatch =
    {
        /// Its first position.
        First: int64
        /// The head behind it.
        Head: Head
        /// The latest time of its entries and of all before it; -1 where none has one.
        Latest: int64
    }

/// Complete subtrees by height and number.
[<Sealed>]
type internal ArrayTree() =
    let levels = ResizeArray<Column<Hash>>()
    // Leaves of batches that have holes or have lost entries, by first position: they do not follow from what is there.
    let kept = Dictionary<int64, Leaf list>()
    let mutable peaks = TreePeaks.Empty

    /// The leaves of a batch, from its entries.
    static member LeavesOf(entries: Entry seq) : Leaf list =
        let entries = Array.ofSeq entries
        let canonical = entries |> Array.map (fun entry -> (CanonicalBytes.ofData entry.Data).Memory)

        let follows index =
            let before, entry = entries[index - 1], entries[index]
            entry.Data.Stream = before.Data.Stream && entry.Position = before.Position + 1L

        [
            for struct (start, count) in Leaf.cut (canonical |> Array.map _.Length) follows do
                let hash = Leaf.hash (System.ArraySegment(canonical, start, count))
                { Count = count; FirstVersion = entries[start].Version; Hash = hash }
        ]

    /// How many batches are in it.
    member _.Size: int64 = peaks.Size

    /// A complete subtree of those.
    member _.Node(node: TreeNode) : Hash = levels[node.Height][int node.Index]

    /// The next batch.
    member _.Add(leaf: Hash) : unit =
        let struct (after, made) = peaks.Add leaf
        peaks <- after

        for node, hash in made do
            if levels.Count = node.Height then
                levels.Add(Column<Hash>())

            levels[node.Height].Add hash

    /// Keeps the leaves of a batch.
    member _.Keep(first: int64, leaves: Leaf list) : unit = kept.TryAdd(first, leaves) |> ignore<bool>

    /// The leaves of a batch that were kept.
    member _.TryKept(first: int64) : Leaf list option =
        match kept.TryGetValue first with
        | true, leaves -> Some leaves
        | false, _ -> None

// Proofs that a size grows into all larger ones, kept while batches come: a number of hashes that grows with the logarithm.
// Called by compaction for sizes that stay provable behind a dropped beginning.
namespace Refold.Core

open System.Collections.Generic
open Refold

/// What proves that the tree at a size goes on: the subtrees that any later proof from there may have.
[<Sealed>]
type internal TreeGrowth private (from: int64, nodes: Dictionary<TreeNode, Hash>, cover: (TreeNode * Hash) list, size: int64) =

    /// The size.
    member _.From: int64 = from

    /// From a size on, by the largest complete subtrees there.
    static member At(peaks: TreePeaks) : TreeGrowth =
        let nodes = Dictionary<TreeNode, Hash>()

        for node, hash in List.zip (BatchTree.cover 0L peaks.Size) peaks.Peaks do
            nodes[node] <- hash

        TreeGrowth(peaks.Size, nodes, [], peaks.Size)

    /// From a size on, by a proof that was kept and the largest complete subtrees where it ends; none where they do not fit.
    static member OfKept(from: int64, proof: Hash list, peaks: TreePeaks) : TreeGrowth option =
        let ranges = if from < 1L || from > peaks.Size then [] else BatchTree.consistencyRanges from peaks.Size

        if ranges.IsEmpty || ranges.Length <> proof.Length then
            None
        else
            let nodes = Dictionary<TreeNode, Hash>()

            for node, hash in List.zip (BatchTree.cover 0L peaks.Size) peaks.Peaks do
                nodes[node] <- hash

            for struct (first, until), hash in List.zip ranges proof do
                match BatchTree.cover first until with
                | [ node ] -> nodes[node] <- hash
                | _ -> ()

            let cover = BatchTree.cover from peaks.Size

            if cover |> List.forall nodes.ContainsKey then
                Some(TreeGrowth(from, nodes, cover |> List.map (fun node -> node, nodes[node]) |> List.rev, peaks.Size))
            else
                None

    /// With one batch more.
    member _.Add(leaf: Hash) : TreeGrowth =
        let rec close (node: TreeNode) hash cover =
            nodes[node] <- hash

            match cover with
            | (left: TreeNode, before) :: rest when left.Height = node.Height && node.Index &&& 1L = 1L ->
                nodes.Remove left |> ignore<bool>
                nodes.Remove node |> ignore<bool>
                close { Height = node.Height + 1; Index = node.Index >>> 1 } (BatchTree.join before hash) rest
            | _ -> (node, hash) :: cover

        TreeGrowth(from, nodes, close { Height = 0; Index = size } leaf cover, size + 1L)

    /// The consistency proof from the size to all batches so far.
    member _.Proof: Hash list =
        BatchTree.consistencyRanges from size
        |> List.map (fun (struct (first, until)) -> BatchTree.cover first until |> List.map (fun node -> nodes[node]) |> BatchTree.fold)

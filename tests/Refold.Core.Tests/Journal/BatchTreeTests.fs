// The tree over batches against vectors that another program made, against RFC 9162 written down naively, and against forged proofs.
// Run by `dotnet test`.
module Refold.Core.Tests.BatchTreeTests

open System
open System.Text.Json
open Expecto
open Refold
open Refold.Core
open Refold.Support

let private hashOf (element: JsonElement) = Hash.Parse(nonNull (element.GetString()))

let private hashes (element: JsonElement) = [ for item in element.EnumerateArray() -> hashOf item ]

let private number (name: string) (element: JsonElement) = element.GetProperty(name).GetInt64()

let private vectors = lazy (JsonDocument.Parse(Resources.text "vectors/batch-tree.json").RootElement)

let private batches =
    lazy [ for batch in vectors.Value.GetProperty("batches").EnumerateArray() -> batch ]

let private all (name: string) = [ for item in vectors.Value.GetProperty(name).EnumerateArray() -> item ]

/// MTH of RFC 9162, 2.1.1, word for word.
let rec private mth (leaves: Hash list) =
    match leaves with
    | [] -> Hash.Compute ReadOnlySpan.Empty
    | [ leaf ] -> leaf
    | _ ->
        let mutable half = 1

        while half * 2 < leaves.Length do
            half <- half * 2

        let left, right = List.splitAt half leaves
        BatchTree.join (mth left) (mth right)

/// A reader over all leaves, which refuses what is no complete subtree of them.
let private reader (leaves: Hash list) (node: TreeNode) =
    let first, count = int (node.Index <<< node.Height), 1 <<< node.Height
    isTrue (first + count <= leaves.Length)
    mth (leaves |> List.skip first |> List.take count)

let private leaves = lazy [ for batch in batches.Value -> hashOf (batch.GetProperty "recordHash") ]

let private rootAt size =
    if size = 0 then
        hashOf (vectors.Value.GetProperty "emptyRoot")
    else
        hashOf (batches.Value[size - 1].GetProperty "root")

let private made = [
    for index in 0..99 -> Hash.Compute(ReadOnlySpan(BitConverter.GetBytes(index: int)))
]

let private flipped (hash: Hash) =
    let bytes = hash.ToArray()
    bytes[31] <- bytes[31] ^^^ 1uy
    Hash.OfSpan(ReadOnlySpan bytes)

[<Tests>]
let tests =
    testList "Journal / the tree over batches" [
        testCase "growth from any size is proved behind any beginning, also one that was dropped before another" (fun () ->
            let made = [ for number in 0..40 -> Hash.Compute(ReadOnlySpan [| byte number |]) ]
            let read = reader made

            let add (peaks: TreePeaks) leaf =
                let struct (after, _) = peaks.Add leaf
                after

            let peaksAt size = List.take size made |> List.fold add TreePeaks.Empty

            for from in 1..40 do
                let mutable growth = TreeGrowth.At(peaksAt from)
                equal [] growth.Proof

                for size in from + 1 .. 41 do
                    growth <- growth.Add made[size - 1]
                    equal (BatchTree.consistency read (int64 from) (int64 size)) growth.Proof

                for first in from + 1 .. 5 .. 40 do
                    let kept = BatchTree.consistency read (int64 from) (int64 first)
                    let mutable again = TreeGrowth.OfKept(int64 from, kept, peaksAt first) |> Option.get
                    equal kept again.Proof
                    equal None (TreeGrowth.OfKept(int64 from, made[0] :: kept, peaksAt first) |> Option.map _.From)

                    for size in first + 1 .. 41 do
                        again <- again.Add made[size - 1]
                        equal (BatchTree.consistency read (int64 from) (int64 size)) again.Proof)

        testCase "records, heads and leaves are those of the vectors" (fun () ->
            let mutable head = Head.empty

            for batch in batches.Value do
                let leaves = [
                    for leaf in batch.GetProperty("leaves").EnumerateArray() ->
                        {
                            Count = leaf.GetProperty("count").GetInt32()
                            FirstVersion = number "firstVersion" leaf
                            Hash = hashOf (leaf.GetProperty "hash")
                        }
                        : Leaf
                ]

                let writer = ByteWriter 64
                Head.writeRecord writer (number "firstPosition" batch) leaves
                equal (batch.GetProperty("record").GetString()) (Convert.ToHexStringLower writer.Written)
                equal (hashOf (batch.GetProperty "recordHash")) (BatchTree.leafOf writer.Written)
                head <- Head.next head.Hash (number "firstPosition" batch) leaves
                equal (hashOf (batch.GetProperty "head")) head.Hash

            equal 70 batches.Value.Length)

        testCase "roots and peaks are those of the vectors, from nodes and batch by batch" (fun () ->
            equal (rootAt 0) BatchTree.emptyRoot
            let mutable peaks = TreePeaks.Empty
            let nodes = System.Collections.Generic.Dictionary<TreeNode, Hash>()

            for size, batch in List.indexed batches.Value |> List.map (fun (index, batch) -> index + 1, batch) do
                let struct (next, closed) = peaks.Add(hashOf (batch.GetProperty "recordHash"))
                closed |> List.iter nodes.Add
                peaks <- next
                equal (hashes (batch.GetProperty "peaks")) peaks.Peaks
                equal (rootAt size) peaks.Root
                equal (rootAt size) (BatchTree.root (fun node -> nodes[node]) (int64 size))
                equal (Some peaks.Root) (TreePeaks.OfKept(int64 size, peaks.Peaks) |> Option.map _.Root)
                equal None (TreePeaks.OfKept(int64 size, BatchTree.emptyRoot :: peaks.Peaks)))

        testCase "inclusion, consistency and covers are those of the vectors, and hold" (fun () ->
            let read = reader leaves.Value

            for item in all "inclusion" do
                let ordinal, size, proof = number "ordinal" item, number "size" item, hashes (item.GetProperty "proof")
                equal proof (BatchTree.inclusion read ordinal size)
                isTrue (BatchTree.includes leaves.Value[int ordinal] ordinal size proof (rootAt (int size)))

            for item in all "consistency" do
                let from, size, proof = number "from" item, number "to" item, hashes (item.GetProperty "proof")
                equal proof (BatchTree.consistency read from size)
                isTrue (BatchTree.extends from (rootAt (int from)) size (rootAt (int size)) proof)

            for item in all "covers" do
                equal (hashes (item.GetProperty "hashes")) (BatchTree.cover (number "first" item) (number "end" item) |> List.map read)

            equal (84, 36, 6) ((all "inclusion").Length, (all "consistency").Length, (all "covers").Length))

        testCase "every size up to 40: roots are RFC 9162's, every proof holds, and none for anything else" (fun () ->
            let read = reader made

            for size in 0L .. 40L do
                let root = BatchTree.root read size
                equal (mth (List.take (int size) made)) root

                for ordinal in 0L .. size - 1L do
                    let proof = BatchTree.inclusion read ordinal size
                    isTrue (BatchTree.includes made[int ordinal] ordinal size proof root)
                    isFalse (BatchTree.includes (flipped made[int ordinal]) ordinal size proof root)
                    isFalse (BatchTree.includes made[int ordinal] ordinal size (proof @ [ root ]) root)
                    isFalse (BatchTree.includes made[int ordinal] ordinal size proof (flipped root))

                    for index in 0 .. proof.Length - 1 do
                        isFalse (BatchTree.includes made[int ordinal] ordinal size (List.updateAt index (flipped proof[index]) proof) root)
                        isFalse (BatchTree.includes made[int ordinal] ordinal size (List.removeAt index proof) root)

                    for other in 0L .. size - 1L do
                        equal (other = ordinal) (BatchTree.includes made[int ordinal] other size proof root)

                for from in 0L .. size do
                    let earlier = BatchTree.root read from
                    let proof = BatchTree.consistency read from size
                    isTrue (BatchTree.extends from earlier size root proof)
                    isFalse (BatchTree.extends from (flipped earlier) size root proof)
                    // An empty tree goes on to whatever there is.
                    equal (from = 0L && size > 0L) (BatchTree.extends from earlier size (flipped root) proof)
                    isFalse (BatchTree.extends from earlier size root (proof @ [ root ]))

                    for index in 0 .. proof.Length - 1 do
                        isFalse (BatchTree.extends from earlier size root (List.updateAt index (flipped proof[index]) proof))
                        isFalse (BatchTree.extends from earlier size root (List.removeAt index proof)))

        testCase "places outside a size are refused, and no proof of them holds" (fun () ->
            let read = reader made

            for ordinal, size in [ -1L, 5L; 5L, 5L; 0L, 0L ] do
                throws<ArgumentException>(fun () -> BatchTree.inclusion read ordinal size |> ignore) |> ignore
                isFalse (BatchTree.includes made[0] ordinal size [] made[0])

            for from, size in [ -1L, 5L; 6L, 5L ] do
                throws<ArgumentException>(fun () -> BatchTree.consistency read from size |> ignore) |> ignore
                isFalse (BatchTree.extends from BatchTree.emptyRoot size BatchTree.emptyRoot [])

            throws<ArgumentException>(fun () -> BatchTree.cover 5L 4L |> ignore) |> ignore)

        testCase "a proof reads a number of nodes that grows with the logarithm" (fun () ->
            let size = (1L <<< 40) + 12345L
            let mutable read = 0

            let count (node: TreeNode) =
                read <- read + 1
                Hash.Compute(ReadOnlySpan(Array.append (BitConverter.GetBytes node.Index) [| byte node.Height |]))

            let within most work =
                read <- 0
                work () |> ignore
                isTrue (read > 0 && read <= most)

            within 80 (fun () -> BatchTree.inclusion count 987654321L size)
            within 80 (fun () -> BatchTree.inclusion count (size - 1L) size)
            within 120 (fun () -> BatchTree.consistency count 987654321L size)
            within 62 (fun () -> [ BatchTree.root count size ]))
    ]

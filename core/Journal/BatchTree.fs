// The Merkle tree over batches, as in RFC 9162 (Certificate Transparency): roots, and proofs whose size grows with the logarithm.
// Over hashes alone: whoever keeps nodes hands in a reader of them. Called by stores and for proofs.
namespace Refold.Core

open System
open System.Numerics
open Refold

/// A complete subtree of 2^height batches: those from `Index * 2^Height` on.
[<Struct>]
type internal TreeNode =
    {
        /// 0 for the leaf of a batch.
        Height: int
        /// Its number among those of its height, from 0.
        Index: int64
    }

/// Roots, covers and proofs of the tree. Sizes and ordinals are numbers of batches; a reader answers the hash of a complete subtree.
[<RequireQualifiedAccess>]
module internal BatchTree =

    /// The root of no batch: SHA-256 of nothing.
    let emptyRoot: Hash = Hash.Compute ReadOnlySpan.Empty

    /// The node above two: SHA-256(1 | left | right).
    let join (left: Hash) (right: Hash) : Hash =
        let bytes = Span<byte>(Array.zeroCreate<byte> 65)
        bytes[0] <- 1uy
        left.CopyTo(bytes.Slice 1)
        right.CopyTo(bytes.Slice 33)
        Hash.Compute(Span.op_Implicit bytes)

    /// The leaf of a batch: SHA-256(0 | record).
    let leafOf (record: ReadOnlySpan<byte>) : Hash = Leaf.hashOf record

    // The height of the largest subtree that begins at `first` and does not pass `until`.
    let private fitting (first: int64) (until: int64) =
        let room = BitOperations.Log2(uint64 (until - first))
        if first = 0L then room else min room (BitOperations.TrailingZeroCount first)

    /// The largest complete subtrees in [first, until), left to right.
    let cover (first: int64) (until: int64) : TreeNode list =
        if first < 0L || until < first then
            invalidArg (nameof until) "The range of batches ends before it begins."

        first
        |> List.unfold (fun at ->
            if at = until then
                None
            else
                let height = fitting at until
                Some({ Height = height; Index = at >>> height }, at + (1L <<< height)))

    /// The root over the roots of a cover, left to right: the two rightmost are joined first.
    let fold (hashes: Hash list) : Hash =
        match List.rev hashes with
        | [] -> emptyRoot
        | last :: before -> before |> List.fold (fun right left -> join left right) last

    let private rootOf read first until = cover first until |> List.map read |> fold

    /// The root at a size.
    let root (read: TreeNode -> Hash) (size: int64) : Hash = rootOf read 0L size

    // Where the tree over [first, until) is divided: at the largest power of two below its size.
    let private divide (first: int64) (until: int64) = first + (1L <<< BitOperations.Log2(uint64 (until - first - 1L)))

    /// The path from the leaf of a batch to the root at a size, leaf first (RFC 9162, 2.1.3.1).
    let inclusion (read: TreeNode -> Hash) (ordinal: int64) (size: int64) : Hash list =
        if ordinal < 0L || ordinal >= size then
            invalidArg (nameof ordinal) "The batch is not among those of the size."

        let rec path first until above =
            if until - first = 1L then
                above
            else
                let middle = divide first until

                if ordinal < middle then
                    path first middle (rootOf read middle until :: above)
                else
                    path middle until (rootOf read first middle :: above)

        path 0L size []

    /// The ranges of batches of which a consistency proof has the roots, in its order.
    let consistencyRanges (from: int64) (size: int64) : struct (int64 * int64) list =
        if from < 0L || from > size then
            invalidArg (nameof from) "The earlier size is not below the later one."

        let rec path first until isWhole above =
            if until = from then
                if isWhole then above else struct (first, until) :: above
            else
                let middle = divide first until

                if from <= middle then
                    path first middle isWhole (struct (middle, until) :: above)
                else
                    path middle until false (struct (first, middle) :: above)

        if from = 0L || from = size then [] else path 0L size true []

    /// What shows that the tree at a size goes on to a larger one (RFC 9162, 2.1.4.1). Empty from 0, and from a size to itself.
    let consistency (read: TreeNode -> Hash) (from: int64) (size: int64) : Hash list =
        consistencyRanges from size |> List.map (fun (struct (first, until)) -> rootOf read first until)

    // One step up: the place among the nodes of the level, that of the last one, and whether the sibling is the left one.
    let private climb (place: int64) (last: int64) =
        let isRight = place &&& 1L = 1L
        // An only child is its parent: up to where it has a sibling on the left.
        let skipped =
            if isRight || place <> last || place = 0L then 0 else BitOperations.TrailingZeroCount place

        struct (isRight || place = last, place >>> (skipped + 1), last >>> (skipped + 1))

    /// Whether a path leads from a leaf to a root (RFC 9162, 2.1.3.2). False for whatever is no path.
    let includes (leaf: Hash) (ordinal: int64) (size: int64) (proof: Hash list) (root: Hash) : bool =
        let rec up place last hash proof =
            match proof with
            | [] -> last = 0L && hash = root
            | _ when last = 0L -> false
            | sibling :: rest ->
                let struct (isLeft, place, last) = climb place last
                up place last (if isLeft then join sibling hash else join hash sibling) rest

        ordinal >= 0L && ordinal < size && up ordinal (size - 1L) leaf proof

    /// Whether the tree with one root goes on to the tree with another (RFC 9162, 2.1.4.2). False for whatever is no proof.
    let extends (from: int64) (fromRoot: Hash) (size: int64) (root: Hash) (proof: Hash list) : bool =
        let rec up place last earlier later proof =
            match proof with
            | [] -> last = 0L && earlier = fromRoot && later = root
            | _ when last = 0L -> false
            | sibling :: rest ->
                let struct (isLeft, above, lastAbove) = climb place last

                if isLeft then
                    up above lastAbove (join sibling earlier) (join sibling later) rest
                else
                    up above lastAbove earlier (join later sibling) rest

        let start path =
            match path with
            | [] -> false
            | first :: rest ->
                let whole = BitOperations.TrailingZeroCount from
                up ((from - 1L) >>> whole) ((size - 1L) >>> whole) first first rest

        if from < 0L || from > size then false
        elif from = size then proof.IsEmpty && fromRoot = root
        elif from = 0L then proof.IsEmpty && fromRoot = emptyRoot
        elif proof.IsEmpty then false
        else start (if BitOperations.IsPow2 from then fromRoot :: proof else proof)

/// The tree while batches come, from the cover of those before: at most 62 hashes.
[<Sealed>]
type internal TreePeaks(size: int64, peaks: Hash list) =

    /// Of no batch.
    static member Empty: TreePeaks = TreePeaks(0L, [])

    /// How many batches.
    member _.Size: int64 = size

    /// The roots of the largest complete subtrees, left to right.
    member _.Peaks: Hash list = List.rev peaks

    /// The root at this size.
    member this.Root: Hash = BatchTree.fold this.Peaks

    /// With one batch more, and the complete subtrees that end with it, lowest first, the leaf among them.
    member _.Add(leaf: Hash) : struct (TreePeaks * (TreeNode * Hash) list) =
        let rec close height hash below made =
            let node = { Height = height; Index = size >>> height }, hash

            match below with
            | left :: rest when (size >>> height) &&& 1L = 1L -> close (height + 1) (BatchTree.join left hash) rest (node :: made)
            | _ -> hash :: below, List.rev (node :: made)

        let peaks, made = close 0 leaf peaks []
        struct (TreePeaks(size + 1L, peaks), made)

    /// From peaks that were kept, left to right; none where their number is not that of the size.
    static member OfKept(size: int64, kept: Hash list) : TreePeaks option =
        if size >= 0L && BitOperations.PopCount(uint64 size) = kept.Length then
            Some(TreePeaks(size, List.rev kept))
        else
            None

/// What the batches up to a place in the journal come to.
[<NoComparison>]
type internal TreePlace =
    {
        /// How many there are.
        Batches: int64
        /// The cover of their tree, left to right.
        Peaks: Hash list
        /// The latest time of their entries, in 100 ns steps since 0001-01-01 (UTC); -1 where none has one.
        Latest: int64
    }

/// Places carried along.
[<RequireQualifiedAccess>]
module internal TreePlace =

    /// The latest time where no entry has one.
    let noTime = -1L

    /// Before the first batch.
    let none = { Batches = 0L; Peaks = []; Latest = noTime }

    /// Whether it can be one: as many peaks as its number says, and a time that there is.
    let isSound (place: TreePlace) : bool =
        place.Latest >= noTime
        && place.Latest <= DateTime.MaxValue.Ticks
        && (TreePeaks.OfKept(place.Batches, place.Peaks)).IsSome

    /// The tree so far.
    let peaks (place: TreePlace) : TreePeaks =
        match TreePeaks.OfKept(place.Batches, place.Peaks) with
        | Some peaks -> peaks
        | None -> invalidArg (nameof place) "The number of peaks is not that of the batches."

    /// The place that a tree and a time make.
    let ofPeaks (peaks: TreePeaks) (latest: int64) : TreePlace = { Batches = peaks.Size; Peaks = peaks.Peaks; Latest = latest }

    /// The later of a time and that of an entry.
    let later (latest: int64) (data: EntryData) : int64 =
        match data.Time with
        | Some time -> max latest time.UtcTicks
        | None -> latest

    /// The tree leaf of a batch.
    let leafOf (firstPosition: int64) (leaves: Leaf list) : Hash =
        let writer = ScratchWriter.Take()
        writer.Byte 0uy
        Head.writeRecord writer firstPosition leaves
        let hash = Hash.Compute writer.Written
        ScratchWriter.GiveBack writer
        hash

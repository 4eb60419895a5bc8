// Frames back to batches: a batch is taken whole, with every rule that binds its frames, or not at all. FORMAT.md, "Recovery".
// Called by Segment.Scan.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// A batch as it lies in a segment.
[<NoEquality; NoComparison>]
type internal StoredBatch =
    {
        /// The batch; its canonical bytes and payloads are views into what was scanned.
        Batch: AcceptedBatch
        /// The offset of the frame of each entry, and more behind them where the batch is lent.
        Offsets: int[]
        /// Each leaf that compaction dropped, in order.
        Dropped: DroppedLeaf list
    }

/// What the tree and the index take from a batch.
[<RequireQualifiedAccess>]
module internal StoredBatch =

    /// Its leaf in the batch tree.
    let treeLeaf (stored: StoredBatch) : Hash = stored.Batch.TreeLeaf()

    /// The later of a time and the latest of its entries, those included that are gone.
    let latest (before: int64) (stored: StoredBatch) : int64 =
        let mutable ofEntries = before

        for place in 0 .. stored.Batch.Count - 1 do
            match stored.Batch.Whole place with
            | null -> ()
            | data -> ofEntries <- TreePlace.later ofEntries data

        stored.Dropped |> List.fold (fun latest leaf -> max latest leaf.Latest) ofEntries

/// Collects the frames of one batch after the other. `versionBefore` gives the highest version of a stream in what was not scanned.
[<Sealed>]
type internal BatchAssembly(versionBefore: (StreamId -> int64) option) =
    let frames = ResizeArray<ReadFrame>()
    let known = KnownEntries()
    let highest = Dictionary<StreamId, int64>()
    let mutable covered = 0
    let mutable place: BatchPlace = { First = 0L; Index = 0; Count = 0 }
    // Versions of a leaf that only its hash is known of are not known, so a stream may go on above them.
    let mutable leafDropped = false

    let count (frame: Frame) =
        match frame.Body with
        | FrameBody.Stub(_, leaf) -> leaf.Count
        | _ -> 1

    /// Entries that are left cannot tell the content of the whole batch: it has the key that was kept, or none.
    let withKeptKey (kept: KnownKey option) (batch: AcceptedBatch) : AcceptedBatch =
        match kept with
        | None -> batch.With(None, batch.Receipt)
        | Some kept -> batch.With(Some(kept.Key, kept.Content), kept.Receipt)

    /// Whether a receipt that was kept is that of the batch.
    let isOf (first: int64) (after: Head) (receipt: Receipt) : bool =
        receipt.FirstPosition = first && receipt.Head.Position = after.Position && receipt.Head.Hash = after.Hash

    /// Whether frames of a batch wait for the rest.
    member _.IsOpen: bool = frames.Count > 0

    /// Positions that the open batch has so far, and that it takes.
    member _.Progress: struct (int * int) = struct (covered, place.Count)

    /// The highest version of a stream in all batches that were completed, and whether it is surely the highest; 0 for none.
    member _.HighestVersion(stream: StreamId) : struct (int64 * bool) =
        match highest.TryGetValue stream, versionBefore with
        | (true, version), _ -> struct (version, not leafDropped)
        | (false, _), Some before -> struct (before stream, false)
        | (false, _), None -> struct (0L, not leafDropped)

    /// What a base frame knows of a stream.
    member _.Know(stream: BaseStream) : unit = highest[stream.Stream] <- stream.Highest

    /// Takes the next frame of a batch behind `head`, or says why it does not fit.
    member _.Add(head: Head, found: ReadFrame, itsPlace: BatchPlace) : Misfit option =
        let frame = found.Frame
        let taken = count frame

        if frames.Count = 0 then
            place <- { itsPlace with Index = 0 }
            covered <- 0

        let previous = if frames.Count = 0 then frame else frames[0].Frame
        let inside = taken >= 1 && taken <= place.Count - covered

        // Nearly always; what it is where not is found rule by rule.
        let fits =
            itsPlace.First > head.Position
            && place.First = itsPlace.First
            && place.Count = itsPlace.Count
            && covered = itsPlace.Index
            && place.First + int64 covered = frame.Position
            && previous.Epoch = frame.Epoch
            && previous.Flushed = frame.Flushed
            && inside
            && frame.Head.IsSome = (covered + taken = place.Count)

        let rules () =
            Misfit.first
                [
                    Misfit.atLeast "the first position of a batch" (head.Position + 1L) itsPlace.First
                    Misfit.number "the first position of a batch" place.First itsPlace.First
                    Misfit.number "the count of a batch" (int64 place.Count) (int64 itsPlace.Count)
                    Misfit.number "the index in a batch" (int64 covered) (int64 itsPlace.Index)
                    Misfit.number "the position of a frame" (place.First + int64 covered) frame.Position
                    Misfit.number "the epoch in a batch" (int64 previous.Epoch) (int64 frame.Epoch)
                    Misfit.number "the flushed end in a batch" previous.Flushed frame.Flushed
                    Misfit.rule "the positions of a frame" inside "inside its batch" (Numbers.text (int64 taken))
                    Misfit.rule
                        "the head of a frame"
                        (frame.Head.IsSome = (covered + taken = place.Count))
                        "on the last frame of a batch and on no other"
                        "elsewhere"
                ]

        let misfit = if fits then None else rules ()

        if misfit.IsNone then
            frames.Add found
            covered <- covered + taken

        misfit

    /// Whether the frames make up the whole batch.
    member _.IsComplete: bool = frames.Count > 0 && covered = place.Count

    member private this.CheckVersion(stream: StreamId, version: int64, last: int64) : Misfit option =
        let struct (before, isSure) = this.HighestVersion stream
        highest[stream] <- last

        if before = 0L || not isSure then
            Misfit.atLeast "the version of an entry" (before + 1L) version
        else
            Misfit.number "the version of an entry" (before + 1L) version

    /// The completed batch behind `head`, once its entries, versions and head are right. Forgets the frames.
    member this.Complete(head: Head) : Result<StoredBatch, Misfit> =
        let entries = ResizeArray<EntryData> frames.Count
        let canonical = ResizeArray<ReadOnlyMemory<byte>> frames.Count
        let positions = ResizeArray<int64> frames.Count
        let versions = ResizeArray<int64> frames.Count
        let offsets = ResizeArray<int> frames.Count
        let leaves = ResizeArray<struct (int64 * Leaf)>()
        let dropped = ResizeArray<DroppedLeaf>()
        let mutable kept = None
        let mutable misfit = None

        for found in frames do
            match found.Frame.Body with
            | FrameBody.Entry(_, bytes) when misfit.IsNone ->
                match known.TryRead bytes with
                | ValueSome data ->
                    misfit <- this.CheckVersion(data.Stream, found.Frame.Version, found.Frame.Version)
                    entries.Add data
                    canonical.Add bytes
                    positions.Add found.Frame.Position
                    versions.Add found.Frame.Version
                    offsets.Add found.Offset
                | ValueNone -> misfit <- Misfit.rule "canonical bytes" false "the one form of a valid entry" "another"
            | FrameBody.Stub(_, leaf) when misfit.IsNone ->
                let first = found.Frame.Version

                match leaf.Stream with
                | None -> leafDropped <- leafDropped || not leaf.Hash.IsZero
                | Some stream ->
                    let last = first + int64 leaf.Count - 1L
                    misfit <- this.CheckVersion(stream, first, last)
                    let versions = { Stream = stream; First = first; Last = last }
                    dropped.Add { Versions = versions; Latest = leaf.Latest }

                kept <- Option.orElse kept leaf.Key
                let leaf = { Count = leaf.Count; FirstVersion = first; Hash = leaf.Hash }
                leaves.Add(struct (found.Frame.Position, leaf))
            | _ -> ()

        let stored = entries.ToArray()
        let canonical: ReadOnlyMemory<byte>[] = canonical.ToArray()

        let follows index = stored[index].Stream = stored[index - 1].Stream && positions[index] = positions[index - 1] + 1L

        for struct (start, count) in Leaf.cut (canonical |> Array.map _.Length) follows do
            let hash = Leaf.hash (ArraySegment(canonical, start, count))
            let leaf = { Count = count; FirstVersion = versions[start]; Hash = hash }
            leaves.Add(struct (positions[start], leaf))

        // Those of stubs come first; without any they are in order.
        if stored.Length < frames.Count then
            leaves.Sort(fun (struct (left, _)) (struct (right, _)) -> compare left right)

        let leaves =
            let mutable list = []

            for place in leaves.Count - 1 .. -1 .. 0 do
                let struct (_, leaf) = leaves[place]
                list <- leaf :: list

            list

        let after = Head.next head.Hash place.First leaves
        let last = frames[frames.Count - 1].Frame

        let key =
            kept |> Option.map _.Key |> Option.orElseWith (fun () -> Array.tryHead stored |> Option.bind _.Key)

        let isKey (other: string option) =
            match other, key with
            | None, None -> true
            | Some other, Some key -> String.Equals(other, key)
            | _ -> false

        let sameKey = stored |> Array.forall (fun data -> isKey data.Key)

        let ownReceipt = kept |> Option.forall (fun kept -> isOf place.First after kept.Receipt)
        frames.Clear()
        let said = ValueOption.defaultValue Hash.Zero last.Head

        let rules () =
            Misfit.first
                [
                    misfit
                    Misfit.rule "the idempotency keys of a batch" sameKey "one" "several"
                    Misfit.rule "the receipt that a stub keeps" ownReceipt "that of its batch" "another"
                    Misfit.hash "the head" after.Hash said
                ]

        match (if misfit.IsNone && sameKey && ownReceipt && after.Hash = said then None else rules ()) with
        | Some misfit -> Error misfit
        | None ->
            let batch =
                Append.ofStored place.First stored canonical (positions.ToArray()) (versions.ToArray()) leaves after

            Ok
                {
                    Batch = if dropped.Count = 0 then batch else withKeptKey kept batch
                    Offsets = offsets.ToArray()
                    Dropped = List.ofSeq dropped
                }

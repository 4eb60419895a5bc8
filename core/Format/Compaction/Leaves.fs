// Batches without some of their leaves: which leaves go, and the frames that are left, byte for byte. FORMAT.md, "Compaction".
// Called by Pass.fs for every item that a compaction takes over.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What is left of a batch, deletion or base.
[<RequireQualifiedAccess>]
module internal CompactionLeaves =

    /// The frames of an item as they lie in the segment.
    let frames (source: CompactionSource) (item: SegmentItem) : ReadFrame list =
        let seed = Checksum.seed source.Header.JournalId

        item.Start
        |> List.unfold (fun offset ->
            if offset >= item.End then
                None
            else
                match FrameDecoding.read seed source.Bytes offset with
                | Ok found -> Some(found, offset + found.Size)
                | Error error -> invalidArg (nameof source) ("not the bytes that were scanned: " + error.ToString()))

    /// Each leaf that goes, with its first and last position, stream and latest time: all its entries are there, at or below the floor of
    /// their stream.
    let private dropped (rule: CompactionRule) (batch: AcceptedBatch) : struct (int64 * int64 * Leaf * StreamId * int64) list =
        let folder (position, next, gone) (leaf: Leaf) =
            let after = position + int64 leaf.Count

            if next < batch.Positions.Length && batch.Positions[next] = position then
                let stream = batch.Entries[next].Stream
                let last = leaf.FirstVersion + int64 leaf.Count - 1L

                let goes =
                    match Map.tryFind stream rule.Floors with
                    | Some floor -> last <= floor
                    | None -> false

                let latest = ArraySegment(batch.Entries, next, leaf.Count) |> Seq.fold TreePlace.later TreePlace.noTime

                let gone = if goes then struct (position, after - 1L, leaf, stream, latest) :: gone else gone

                after, next + leaf.Count, gone
            else
                after, next, gone

        let _, _, gone = batch.Leaves |> List.fold folder (batch.FirstPosition, 0, [])
        List.rev gone

    /// The key of a batch that loses its first leaf now; one that lost a leaf before has it kept already.
    let private keyToKeep (rule: CompactionRule) (stored: StoredBatch) : KnownKey option =
        if stored.Dropped.IsEmpty && stored.Batch.FirstPosition >= rule.KeysBefore then
            stored.Batch.KnownKey
        else
            None

    let private editBatch rule source item (stored: StoredBatch) (keep: ReadFrame -> unit) (replace: Frame -> unit) =
        let mutable gone = dropped rule stored.Batch
        let mutable key = keyToKeep rule stored

        for found in frames source item do
            let frame = found.Frame

            match frame.Body, gone with
            | FrameBody.Entry(place, _), struct (first, last, leaf, stream, latest) :: rest when frame.Position >= first ->
                // Its last frame has the number, and the head where the batch ends there.
                if frame.Position = last then
                    let body =
                        {
                            Count = leaf.Count
                            Hash = leaf.Hash
                            Latest = latest
                            Stream = Some stream
                            Key = key
                        }

                    let place = { place with Index = int (first - place.First) }

                    replace
                        { frame with
                            Position = first
                            Version = leaf.FirstVersion
                            Body = FrameBody.Stub(place, body)
                        }

                    key <- None
                    gone <- rest
            | FrameBody.Stub(place, leaf), _ when leaf.Key.IsSome && place.First < rule.KeysBefore ->
                replace { frame with Body = FrameBody.Stub(place, { leaf with Key = None }) }
            | _ -> keep found

    /// Hands every frame that is left of an item to `keep`, where its bytes stay, or to `replace`, where it is another one.
    let edit
        (rule: CompactionRule)
        (source: CompactionSource)
        (item: SegmentItem)
        (keep: ReadFrame -> unit)
        (replace: Frame -> unit)
        : unit =
        match item.Content with
        | SegmentContent.Batch stored -> editBatch rule source item stored keep replace
        | SegmentContent.Deletion _
        | SegmentContent.KeysForgotten _ -> frames source item |> List.iter keep
        | SegmentContent.Base(content, _) ->
            let keys = content.Keys |> List.filter (fun key -> key.Receipt.FirstPosition >= rule.KeysBefore)

            for found in frames source item do
                if keys.Length = content.Keys.Length then
                    keep found
                else
                    replace { found.Frame with Body = FrameBody.Base { content with Keys = keys } }

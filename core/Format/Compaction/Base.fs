// The base frame that stands for a dropped beginning, and where the beginning ends. FORMAT.md, "Base".
// Called by Pass.fs for the first segment of a journal that drops its beginning, and by Compaction.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// What a compaction does with the beginning of a journal.
[<RequireQualifiedAccess>]
module internal CompactionBase =

    /// The last position of a batch; 0 for what takes no position.
    let lastPosition (item: SegmentItem) : int64 =
        match item.Content with
        | SegmentContent.Batch stored -> stored.Batch.Receipt.Head.Position
        | SegmentContent.Deletion _
        | SegmentContent.KeysForgotten _
        | SegmentContent.Base _ -> 0L

    /// Where an item leads: the number of its last frame and the head behind it.
    let reach (struct (_, head): struct (int64 * Head)) (item: SegmentItem) : struct (int64 * Head) =
        match item.Content with
        | SegmentContent.Batch stored -> struct (item.LastFrame, stored.Batch.Receipt.Head)
        | SegmentContent.Base(_, behind) -> struct (item.LastFrame, behind)
        | SegmentContent.Deletion _
        | SegmentContent.KeysForgotten _ -> struct (item.LastFrame, head)

    /// The version known of a stream; 0 for none.
    let versionOf (stream: StreamId) (versions: Map<StreamId, int64>) : int64 = Map.tryFind stream versions |> Option.defaultValue 0L

    /// What is known with a version that is known as well: the higher one counts.
    let raiseTo (stream: StreamId) (version: int64) (versions: Map<StreamId, int64>) : Map<StreamId, int64> =
        Map.add stream (max version (versionOf stream versions)) versions

    /// The highest version of each stream that is gone by an earlier compaction, on top of what is known already.
    let dropped (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Batch stored ->
            stored.Dropped |> List.fold (fun known gone -> raiseTo gone.Versions.Stream gone.Versions.Last known) known
        | SegmentContent.Base(content, _) ->
            content.Streams |> List.fold (fun known stream -> raiseTo stream.Stream stream.Floor known) known
        | SegmentContent.Deletion _
        | SegmentContent.KeysForgotten _ -> known

    /// The version up to which each stream was deleted, on top of what is known already.
    let deleted (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Deletion(stream, version) -> raiseTo stream version known
        | SegmentContent.Batch _
        | SegmentContent.KeysForgotten _
        | SegmentContent.Base _ -> known

    let private entries (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Batch stored ->
            Seq.zip stored.Batch.Entries stored.Batch.Versions
            |> Seq.fold (fun known (data, version) -> raiseTo data.Stream version known) known
        | SegmentContent.Base _
        | SegmentContent.KeysForgotten _
        | SegmentContent.Deletion _ -> known

    /// The highest version of each stream, whether it is there or gone, on top of what is known already. What a base knows of a stream is
    /// all gone.
    let highest (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> = entries (deleted (dropped known item) item) item

/// What goes as the beginning, item by item, and the base frame that takes its place. Keeps streams and keys, not entries.
[<Sealed>]
type internal DroppedBeginning(rule: CompactionRule) =
    let keys = Dictionary<string, KnownKey>(StringComparer.Ordinal)
    let mutable versions: Map<StreamId, int64> = Map.empty
    let mutable head = Head.empty
    let mutable last: struct (CompactionSource * SegmentItem) voption = ValueNone
    let mutable hasBatch = false
    let mutable keysBefore = 0L
    let mutable peaks = TreePeaks.Empty
    let mutable latest = TreePlace.noTime
    // Of sizes that stay provable.
    let mutable growths: TreeGrowth list = []

    let beginGrowth () =
        if rule.Provable.Contains peaks.Size && growths |> List.forall (fun growth -> growth.From <> peaks.Size) then
            growths <- TreeGrowth.At peaks :: growths

    let keep (key: KnownKey) =
        // Of two batches with one key the later one counts.
        if key.Receipt.FirstPosition >= rule.KeysBefore then
            keys[key.Key] <- key

    /// Whether a batch goes; without one, nothing does.
    member _.HasBatch: bool = hasBatch

    /// Takes the next item.
    member _.Add(source: CompactionSource, item: SegmentItem) : unit =
        versions <- CompactionBase.highest versions item
        keysBefore <- IndexRows.keysBefore keysBefore item
        last <- ValueSome(struct (source, item))

        match item.Content with
        | SegmentContent.Base(content, behind) ->
            List.iter keep content.Keys
            head <- behind
            peaks <- TreePlace.peaks content.Tree
            latest <- content.Tree.Latest
            growths <- content.Provable |> List.choose (fun kept -> TreeGrowth.OfKept(kept.Size, kept.Proof, peaks))
            beginGrowth ()
        | SegmentContent.Deletion _
        | SegmentContent.KeysForgotten _ -> ()
        | SegmentContent.Batch stored ->
            Option.iter keep stored.Batch.KnownKey
            head <- stored.Batch.Receipt.Head
            hasBatch <- true
            let leaf = StoredBatch.treeLeaf stored
            let struct (after, _) = peaks.Add leaf
            peaks <- after
            growths <- growths |> List.map (fun growth -> growth.Add leaf)
            beginGrowth ()
            latest <- StoredBatch.latest latest stored

    /// The base frame, in place of the last frame that goes, and the head behind it.
    member _.Make() : struct (Frame * Head) =
        let struct (source, item) = last.Value
        let frame = (List.last (CompactionLeaves.frames source item)).Frame

        let content =
            {
                Streams =
                    [
                        for KeyValue(stream, version) in versions -> { Stream = stream; Highest = version; Floor = version }
                    ]
                Keys = keys.Values |> Seq.sortBy _.Receipt.FirstPosition |> List.ofSeq
                KeysBefore = keysBefore
                Tree = TreePlace.ofPeaks peaks latest
                Provable =
                    growths
                    |> List.filter (fun growth -> growth.From < peaks.Size)
                    |> List.sortBy _.From
                    |> List.map (fun growth -> { Size = growth.From; Proof = growth.Proof })
            }

        let frame =
            { frame with
                Position = head.Position
                Version = 0L
                Body = FrameBody.Base content
                Head = ValueSome head.Hash
            }

        struct (frame, head)

// The segments of one target, one after the other: what is left of them, frame by frame. FORMAT.md, "Compaction".
// Called by Planner.fs, which measures it, and by Builder.fs, which writes it.
namespace Refold.Format

open Refold.Core
open Refold

/// One pass over the segments that become one. Every frame that is left is handed to `keep`, where its bytes stay, or to `replace`.
/// `after`: frame and head behind which they begin, where that is known.
[<Sealed>]
type internal CompactionPass
    (rule: CompactionRule, after: struct (int64 * Head) voption, keep: CompactionSource -> ReadFrame -> unit, replace: Frame -> unit) =
    let beginning = DroppedBeginning rule
    // Deletions and a base before the first batch: they go only where a batch does.
    let waiting = ResizeArray<struct (CompactionSource * SegmentItem)>()
    let mutable hasBegun = false
    let mutable reached = after
    let mutable start: struct (Frame * Head) voption = ValueNone

    let edit source item = CompactionLeaves.edit rule source item (keep source) replace

    let finishBeginning () =
        hasBegun <- true

        if beginning.HasBatch then
            let struct (frame, head) = beginning.Make()
            start <- ValueSome(struct (frame, head))
            replace frame
        else
            for struct (source, item) in waiting do
                edit source item

        waiting.Clear()

    /// The base frame that stands for a dropped beginning, and the head behind it.
    member _.Start: struct (Frame * Head) voption = start

    /// The number of the last frame so far, and the head behind it.
    member _.Reached: struct (int64 * Head) = reached.Value

    /// Takes the next segment, which has to go on where the one before it ends.
    member _.Add(source: CompactionSource) : unit =
        let header = source.Header

        let before =
            struct (header.FirstFrame - 1L, { Position = header.FirstPosition - 1L; Hash = header.HeadBefore })

        if reached <> ValueNone && reached <> ValueSome before then
            let name = source.Name
            invalidArg (nameof source) (name.ToString() + " does not go on where the segment before it ends")

        reached <- ValueSome(List.fold CompactionBase.reach before source.Items)

        for item in source.Items do
            let last = CompactionBase.lastPosition item

            if not hasBegun && last > 0L && last >= rule.Before then
                finishBeginning ()

            if hasBegun then
                edit source item
            else
                beginning.Add(source, item)

                if not beginning.HasBatch then
                    waiting.Add(struct (source, item))

    /// Says that there is no more.
    member _.Finish() : unit =
        if not hasBegun then
            finishBeginning ()

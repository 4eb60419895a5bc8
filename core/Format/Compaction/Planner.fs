// Which sealed segments become one: a plan made of one segment after the other. FORMAT.md, "Compaction".
// Called by stores before they build a target (Builder.fs), and by Compaction.fs.
namespace Refold.Format

open Refold.Core
open Refold

/// The segments of one target.
[<NoComparison; NoEquality>]
type internal CompactionGroup =
    {
        /// In order.
        Sources: SegmentName list
        /// The position its first frame leads to.
        First: int64
        /// Bytes of the frames that are left.
        Bytes: int64
        /// Whether that is another file than before.
        IsWorth: bool
    }

/// Plans. Every sealed segment that may be replaced is handed over in order, so that one is in memory at a time. Not thread-safe.
[<Sealed>]
type internal CompactionPlanner(decision: CompactionDecision, segments: SegmentHeader list) =
    let rule = decision.Rule

    let nameOf (header: SegmentHeader) : SegmentName = { FirstPosition = header.FirstPosition; Generation = header.Generation }

    /// Segments of one first position stay together, because of those only the last holds positions; each unit with the position behind it.
    /// A target must come before the segment that is written to, so what shares its first position stays: it holds deletions only.
    let units: (SegmentName list * int64) list =
        match List.tryLast segments with
        | None -> []
        | Some active ->
            let units =
                segments
                |> List.map nameOf
                |> List.filter (fun name -> name.FirstPosition < active.FirstPosition)
                |> List.groupBy _.FirstPosition

            let ends = (units |> List.map fst) @ [ active.FirstPosition ]
            List.map2 (fun (_, names) behind -> names, behind) units (List.tail ends)

    /// The units of a dropped beginning and the one in which the journal then begins become one.
    let units =
        match units |> List.tryFindIndex (fun (_, behind) -> behind > rule.Before) with
        | Some index when rule.Before > 1L ->
            let joined, rest = List.splitAt (index + 1) (List.map fst units)
            List.concat joined :: rest
        | _ -> List.map fst units

    let generation = 1 + (segments |> List.fold (fun most header -> max most header.Generation) 0)
    let scratch = ByteWriter 1024
    let groups = ResizeArray<CompactionGroup>()
    let mutable waiting = units
    let mutable missing = units |> List.tryHead |> Option.defaultValue []
    let mutable bytes = 0L
    let mutable isChanged = false

    let keep (_: CompactionSource) (found: ReadFrame) = bytes <- bytes + int64 found.Size

    let replace (frame: Frame) =
        scratch.Clear()
        FrameEncoding.write 0u scratch frame
        bytes <- bytes + int64 scratch.Length
        isChanged <- true

    let mutable pass = CompactionPass(rule, ValueNone, keep, replace)

    let finishUnit (pending: SegmentName list) =
        pass.Finish()

        let first =
            match pass.Start with
            | ValueNone -> pending.Head.FirstPosition
            | ValueSome(struct (frame, _)) -> frame.Position + 1L

        let fits before = before + bytes <= decision.MergeBytes
        let last = groups.Count - 1

        if last >= 0 && fits groups[last].Bytes then
            groups[last] <-
                { groups[last] with
                    Sources = groups[last].Sources @ pending
                    Bytes = groups[last].Bytes + bytes
                    IsWorth = true
                }
        else
            groups.Add
                {
                    Sources = pending
                    First = first
                    Bytes = bytes
                    IsWorth = isChanged || (pending.Length > 1 && fits 0L)
                }

        waiting <- List.tail waiting
        missing <- waiting |> List.tryHead |> Option.defaultValue []
        bytes <- 0L
        isChanged <- false
        pass <- CompactionPass(rule, ValueSome pass.Reached, keep, replace)

    /// The sealed segments to hand over, in order.
    member _.Sources: SegmentName list = List.concat units

    /// Takes the next segment. Throws `ArgumentException` where it is another, or does not go on where the one before it ends.
    member _.Add(source: CompactionSource) : unit =
        match missing with
        | next :: rest when next = source.Name ->
            pass.Add source
            missing <- rest

            if rest.IsEmpty then
                finishUnit waiting.Head
        | _ ->
            let name = source.Name
            invalidArg (nameof source) (name.ToString() + " is not the next of the segments")

    /// What to do, in order, once all segments were handed over; nothing where all may stay as they are. Every target has a
    /// generation above all that are there.
    member _.Steps: CompactionStep list =
        [
            for group in groups do
                if group.IsWorth then
                    {
                        Sources = group.Sources
                        Target = { FirstPosition = group.First; Generation = generation }
                        Rule = rule
                    }
        ]

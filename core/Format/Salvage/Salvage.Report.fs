// The frames of all files put together: entries in position order, each once, and what is missing. FORMAT.md, "Salvage".
// Called by stores that keep segments, once every file was scanned by Salvage.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System.Collections.Generic

/// Frames that are nowhere: their numbers leave a gap.
[<NoComparison>]
type internal MissingFrames =
    {
        /// The number of the first.
        FirstFrame: int64
        /// The number of the last.
        LastFrame: int64
        /// The first position that may have lain in them.
        FirstPosition: int64
        /// The last position that may have lain in them; below the first where they can only have been deletions.
        LastPosition: int64
    }

/// A batch of which some frames were found and some were not.
[<NoComparison>]
type internal IncompleteBatch =
    {
        /// Its first position.
        First: int64
        /// Positions it takes.
        Count: int
        /// Positions that were found.
        Found: int
    }

/// What all files gave.
[<NoComparison; NoEquality>]
type internal SalvageReport =
    {
        /// The frames of the entries, in position order, each position once; without those that were deleted.
        Entries: SalvagedFrame list
        /// How many entries check but were deleted.
        Deleted: int64
        /// Gaps in the frame numbers.
        Missing: MissingFrames list
        /// Batches that are not whole.
        Incomplete: IncompleteBatch list
        /// Bytes that no frame was found in.
        Skipped: SkippedBytes list
    }

/// Putting scanned files together.
[<RequireQualifiedAccess>]
module internal SalvageReport =

    let private positions (frame: SalvagedFrame) : int64 =
        match frame.Content with
        | SalvagedContent.Entry _ -> 1L
        | SalvagedContent.Stub(count, _) -> int64 count
        | SalvagedContent.Deletion _
        | SalvagedContent.KeysForgotten
        | SalvagedContent.Base _ -> 0L

    /// Copies of a frame count once; the latest epoch knows best, then the highest number.
    let private once (frames: SalvagedFrame seq) : SalvagedFrame list =
        let byNumber =
            frames
            |> Seq.sortBy (fun frame -> struct (frame.Number, ~~~frame.Epoch))
            |> Seq.distinctBy _.Number
            |> List.ofSeq

        let best = Dictionary<int64, SalvagedFrame>()

        for frame in byNumber do
            if frame.Content.IsEntry then
                match best.TryGetValue frame.Position with
                | true, other when other.Epoch > frame.Epoch -> ()
                | _ -> best[frame.Position] <- frame

        byNumber |> List.filter (fun frame -> not frame.Content.IsEntry || best[frame.Position].Number = frame.Number)

    let private floors (frames: SalvagedFrame list) : Dictionary<StreamId, int64> =
        let floors = Dictionary<StreamId, int64>()

        let raiseTo stream version =
            match floors.TryGetValue stream with
            | true, floor when floor >= version -> ()
            | _ -> floors[stream] <- version

        for frame in frames do
            match frame.Content with
            | SalvagedContent.Deletion(stream, version) -> raiseTo stream version
            | SalvagedContent.Stub(count, Some stream) -> raiseTo stream (frame.Version + int64 count - 1L)
            | SalvagedContent.Base streams -> streams |> List.iter (fun stream -> raiseTo stream.Stream stream.Floor)
            | SalvagedContent.Entry _
            | SalvagedContent.KeysForgotten
            | SalvagedContent.Stub(_, None) -> ()

        floors

    /// The gaps between the numbers of frames, also before what the headers and COMMIT say came before them.
    let private missing (flushed: (int64 * Head) option) (frames: SalvagedFrame list) (headers: SegmentHeader list) : MissingFrames list =
        let gaps = ResizeArray<MissingFrames>()
        let mutable number = 0L
        let mutable position = 0L

        let expect next nextPosition =
            if next > number + 1L then
                gaps.Add
                    {
                        FirstFrame = number + 1L
                        LastFrame = next - 1L
                        FirstPosition = position + 1L
                        LastPosition = nextPosition - 1L
                    }

        for frame in frames do
            match frame.Content with
            // What lies before the first base was dropped, not lost.
            | SalvagedContent.Base _ when position = 0L && number = 0L -> ()
            | SalvagedContent.Entry _ -> expect frame.Number frame.Position
            // It has the last of the numbers it stands for.
            | SalvagedContent.Stub(count, _) -> expect (frame.Number - int64 count + 1L) frame.Position
            | SalvagedContent.Deletion _
            | SalvagedContent.KeysForgotten
            | SalvagedContent.Base _ -> expect frame.Number (frame.Position + 1L)

            number <- frame.Number
            position <- max position (frame.Position + max 0L (positions frame - 1L))

        let begun = headers |> List.map (fun header -> struct (header.FirstFrame, header.FirstPosition))

        let flushed =
            flushed |> Option.map (fun (frame, head: Head) -> struct (frame + 1L, head.Position + 1L)) |> Option.toList

        match begun @ flushed with
        | [] -> ()
        | ends ->
            let struct (frame, nextPosition) = List.max ends
            expect frame nextPosition

        List.ofSeq gaps

    /// How many positions frames stand for; each counts once, also where compaction was interrupted and left its source.
    let private covered (frames: SalvagedFrame list) : int64 =
        let folder (struct (found, last)) (frame: SalvagedFrame) =
            let until = frame.Position + positions frame - 1L
            struct (found + max 0L (until - max last (frame.Position - 1L)), max last until)

        let struct (found, _) =
            frames
            |> List.sortBy (fun frame -> struct (frame.Position, positions frame))
            |> List.fold folder (struct (0L, 0L))

        found

    let private incomplete (frames: SalvagedFrame list) : IncompleteBatch list =
        frames
        |> List.filter (fun frame -> frame.Place.Count > 0)
        |> List.groupBy (fun frame -> struct (frame.Place.First, frame.Place.Count))
        |> List.choose (fun (struct (first, count), frames) ->
            let found = covered frames

            if found >= int64 count then None else Some { First = first; Count = count; Found = int found })

    /// Puts together what the files gave, in any order. Entries below the floor of a deletion that was found stay deleted.
    /// `flushed` is a frame that was there, by COMMIT, with the head behind it.
    let make (flushed: (int64 * Head) option) (files: SalvagedFile seq) : SalvageReport =
        let files = List.ofSeq files
        let frames = files |> Seq.collect _.Frames |> once
        let floors = floors frames

        let isDeleted (frame: SalvagedFrame) =
            match frame.Content with
            | SalvagedContent.Entry stream ->
                match floors.TryGetValue stream with
                | true, floor -> frame.Version <= floor
                | false, _ -> false
            | _ -> false

        let deleted, entries = frames |> List.filter _.Content.IsEntry |> List.partition isDeleted

        {
            Entries = entries |> List.sortBy _.Position
            Deleted = int64 deleted.Length
            Missing = missing flushed frames (files |> List.choose _.Header)
            Incomplete = incomplete frames
            Skipped = files |> List.collect _.Skipped
        }

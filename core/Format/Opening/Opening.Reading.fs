// What the files of a directory say, each checked by itself and against its neighbours, without reading a frame. FORMAT.md, "Opening".
// Called by Opening.fs, which decides.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What the segments that footers cover lead to.
[<NoComparison>]
type internal Covered =
    {
        /// How many segments are covered, from the first.
        Count: int
        /// Their trailers, the last one first.
        Trailers: SegmentTrailer list
        Head: Head
        LastFrame: int64
        Epoch: uint32
        Entries: int64
        /// Whether the journal has an index of ids, as its first segment says.
        HasIds: bool
        /// Why the next segment is not covered, where that is worth saying.
        Stopped: IgnoredFile option
    }

/// Reading files for a plan.
[<RequireQualifiedAccess>]
module internal OpeningReading =

    let refuse file error : Result<'Value, Refusal> = Error(Refusal.Damaged(file, error))

    let corrupt file offset what expected found = refuse file (FrameError.Corrupt(offset, what, expected, found))

    // More sources than a marker of this length could name, nobody has.
    let private longestMarker = 1 <<< 20

    let private readWhole (found: FoundFiles) (lengths: Map<string, int64>) name (most: int) =
        Map.tryFind name lengths |> Option.map (fun length -> found.Read name 0L (int (min length (int64 most))))

    let private decoded file (result: Result<'Value, FrameError>) : Result<'Value, Refusal> =
        match result with
        | Ok value -> Ok value
        | Error error -> refuse file error

    let marker found lengths : Result<CompactionMarker option, Refusal> =
        match readWhole found lengths FileName.pending longestMarker with
        | None -> Ok None
        | Some bytes -> Marker.decode bytes |> decoded FileName.pending |> Result.map Some

    let commit found lengths : Result<CommitReading, Refusal> =
        match readWhole found lengths FileName.commit Commit.fileBytes with
        | None -> Ok { Slot = None; Damaged = [] }
        | Some bytes -> Commit.read bytes |> decoded FileName.commit

    /// Name, length and root of every checkpoint, the one that covers most first.
    let checkpoints (found: FoundFiles) : (string * int64 * Result<CheckpointRoot, FrameError>) list =
        found.Files
        |> List.choose (fun (name, length) ->
            FileName.tryCheckpoint name |> Option.map (fun (struct (set, frame)) -> (set, frame), name, length))
        |> List.sortByDescending (fun (age, _, _) -> age)
        |> List.map (fun (_, name, length) -> name, length, Checkpoint.decode (found.Read name 0L Checkpoint.rootBytes))

    let private readSegment (found: FoundFiles) (lengths: Map<string, int64>) isLast (name: SegmentName) =
        let file = name.ToString()
        let length = Map.tryFind file lengths |> Option.defaultValue 0L
        let segment header = { Name = name; Length = length; Header = header; Trailer = None }

        match SegmentHeader.decode (found.Read file 0L SegmentHeader.bytes) with
        | Ok header ->
            let own = { FirstPosition = header.FirstPosition; Generation = header.Generation }

            if own = name then
                Ok(segment (Some header))
            else
                corrupt file 0L "the name of the segment" (own.ToString()) file
        | Error((FrameError.FutureVersion _ | FrameError.PastVersion _) as error) -> refuse file error
        | Error _ when isLast -> Ok(segment None)
        | Error error -> refuse file error

    /// The segments with their headers; only that of the last may be unreadable, because only the scan can tell why.
    let segments found lengths (names: SegmentName list) : Result<PlannedSegment list, Refusal> =
        let last = List.tryLast names

        let add name (read: Result<PlannedSegment list, Refusal>) =
            match read, readSegment found lengths (Some name = last) name with
            | Error refusal, _
            | _, Error refusal -> Error refusal
            | Ok segments, Ok segment -> Ok(segment :: segments)

        List.foldBack add names (Ok [])

    /// The one journal that all of these belong to: the files, and what each says.
    let journal (claims: (string * Guid) list) : Result<Guid option, Refusal> =
        match claims with
        | [] -> Ok None
        | (_, id) :: rest ->
            match rest |> List.tryFind (fun (_, other) -> other <> id) with
            | None -> Ok(Some id)
            | Some(file, _) -> refuse file (FrameError.Foreign "it belongs to another journal")

    /// Whether the header goes on where the covered segments end.
    let continues (covered: Covered) (header: SegmentHeader) : Misfit option =
        SegmentOrder.continues covered.Head (covered.LastFrame + 1L) covered.HasIds header

    let private trailerOf (found: FoundFiles) (segment: PlannedSegment) (header: SegmentHeader) =
        let start = max 0L (segment.Length - int64 SegmentTrailer.bytes)
        SegmentTrailer.decode header segment.Length (found.Read (segment.Name.ToString()) start SegmentTrailer.bytes)

    let private begins (header: SegmentHeader) = header.FirstPosition = 1L && header.FirstFrame = 1L && header.HeadBefore.IsZero

    let rec private coverFrom found (covered: Covered) (segments: PlannedSegment list) : Result<Covered, Refusal> =
        match segments with
        | { Header = Some header } as segment :: (_ :: _ as rest) ->
            let file = segment.Name.ToString()
            let stop reason = Ok { covered with Stopped = Some { File = file; Reason = reason } }

            match continues covered header, trailerOf found segment header with
            | Some misfit, _ -> refuse file (Misfit.corrupt 0L misfit)
            | None, Error((FrameError.FutureVersion _ | FrameError.PastVersion _) as error) -> refuse file error
            | None, Error error -> stop (error.ToString())
            | None, Ok None -> stop "it has no footer"
            | None, Ok(Some trailer) when covered.Count = 0 && trailer.HasBase = begins header ->
                let found = "position " + Numbers.text header.FirstPosition
                corrupt file 0L "the beginning of the journal" "position 1 or a base" found
            | None, Ok(Some trailer) ->
                let next =
                    {
                        Count = covered.Count + 1
                        Trailers = trailer :: covered.Trailers
                        Head = trailer.Head
                        LastFrame = trailer.LastFrame
                        Epoch = max covered.Epoch trailer.Epoch
                        Entries = covered.Entries + int64 trailer.Entries
                        HasIds = covered.HasIds
                        Stopped = None
                    }

                coverFrom found next rest
        | [ { Header = Some header } as segment ] ->
            match continues covered header with
            | Some misfit -> refuse (segment.Name.ToString()) (Misfit.corrupt 0L misfit)
            | None -> Ok covered
        | _ -> Ok covered

    /// Nothing covered: what the first header leads to.
    let nothing (segments: PlannedSegment list) : Covered =
        let head, lastFrame, hasIds =
            match segments with
            | { Header = Some header } :: _ ->
                { Position = header.FirstPosition - 1L; Hash = header.HeadBefore }, header.FirstFrame - 1L, header.HasIds
            | _ -> Head.empty, 0L, false

        {
            Count = 0
            Trailers = []
            Head = head
            LastFrame = lastFrame
            Epoch = 0u
            Entries = 0L
            HasIds = hasIds
            Stopped = None
        }

    /// The trailers from the first segment on, up to one that has none or is the last. Each next header has to continue them, so no segment
    /// is missing between.
    let cover found (segments: PlannedSegment list) : Result<Covered, Refusal> = coverFrom found (nothing segments) segments

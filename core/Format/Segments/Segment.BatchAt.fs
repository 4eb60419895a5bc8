// One batch, found in the bytes it lies in and checked by every rule that binds its frames. FORMAT.md, "Recovery".
// Called by stores for what proofs need of a batch: its record.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What was found.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal BatchFound =
    /// The batch.
    | Whole of batch: StoredBatch
    /// The bytes end before the batch does.
    | More
    /// It is not there, or not what was written.
    | Refused of error: FrameError

/// Finding one batch.
[<RequireQualifiedAccess>]
module internal BatchAt =

    let private refused (offset: int) (misfit: Misfit) = BatchFound.Refused(Misfit.corrupt (int64 offset) misfit)

    /// The batch that begins at a position, behind a head, among frames from an offset on. The bytes begin with a block of the file, so
    /// that gaps between frames are told.
    let find (seed: uint32) (bytes: ReadOnlyMemory<byte>) (from: int) (before: Head) (first: int64) : BatchFound =
        let assembly = BatchAssembly(Some(fun _ -> 0L))

        let rec next offset =
            let offset = FrameDecoding.behindGap seed bytes offset

            match FrameDecoding.read seed bytes offset with
            | Error(FrameError.Torn _) -> BatchFound.More
            | Error error -> BatchFound.Refused error
            | Ok found ->
                match found.Frame.Body with
                | FrameBody.Entry(place, _)
                | FrameBody.Stub(place, _) when place.First = first ->
                    match assembly.Add(before, found, place) with
                    | Some misfit -> refused offset misfit
                    | None when assembly.IsComplete ->
                        match assembly.Complete before with
                        | Ok stored -> BatchFound.Whole stored
                        | Error misfit -> refused offset misfit
                    | None -> next (offset + found.Size)
                | FrameBody.Entry(place, _)
                | FrameBody.Stub(place, _) when place.First > first || assembly.IsOpen ->
                    refused offset (Misfit.number "the first position of a batch" first place.First |> Option.get)
                | _ -> next (offset + found.Size)

        next from

// Names of the files in a journal's directory. FORMAT.md, "Directory".
// Called by Marker.fs and Opening.*.fs, and by stores that list or make files.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Globalization

/// The name of a segment. Names are ordered as the journal runs: by first position, then by generation.
[<Struct>]
type internal SegmentName =
    {
        /// The lowest position it may hold.
        FirstPosition: int64
        /// 0, or one more than the segment of the same first position had before; above all others for a target of compaction.
        Generation: int
    }

    /// The name of the file: `<first position in at least 16 digits>.<generation>.seg`.
    override this.ToString() = Numbers.padded 16 this.FirstPosition + "." + Numbers.text this.Generation + ".seg"

/// The names that stand in a journal's directory.
[<RequireQualifiedAccess>]
module internal FileName =

    /// The two slots of `Commit.fs`.
    let commit = "COMMIT"

    /// The marker of a compaction that goes on, or did when the process ended.
    let pending = "pending"

    /// What the marker is called until it is flushed.
    let pendingUnfinished = "pending.new"

    /// What the target of a compaction is called until it is flushed.
    let targetUnfinished = "compacted.new"

    /// What a checkpoint is called until it is flushed.
    let checkpointUnfinished = "index.new"

    let private numbers (text: string) : int64 list option =
        let number (part: string) =
            match Int64.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, value -> Some value
            | false, _ -> None

        let parts = text.Split '.' |> List.ofArray |> List.map number
        if List.forall Option.isSome parts then Some(List.choose id parts) else None

    /// The segment that a file of this name is; `None` for any other name, also one that only differs in zeros at the front.
    let trySegment (name: string) : SegmentName option =
        let suffix = ".seg"

        if not (name.EndsWith(suffix, StringComparison.Ordinal)) then
            None
        else
            match numbers (name.Substring(0, name.Length - suffix.Length)) with
            | Some [ position; generation ] when position >= 1L && generation <= int64 Int32.MaxValue ->
                let segment = { FirstPosition = position; Generation = int generation }
                if segment.ToString() = name then Some segment else None
            | _ -> None

    let private checkpointPrefix = "index."

    /// The name of a checkpoint: of which set generation, and which frame it covers last.
    let checkpoint (setGeneration: int64) (lastFrame: int64) : string =
        checkpointPrefix + Numbers.text setGeneration + "." + Numbers.text lastFrame

    /// Set generation and last frame of the checkpoint that a file of this name is; `None` for any other name.
    let tryCheckpoint (name: string) : struct (int64 * int64) option =
        if not (name.StartsWith(checkpointPrefix, StringComparison.Ordinal)) then
            None
        else
            match numbers (name.Substring checkpointPrefix.Length) with
            | Some [ generation; frame ] when checkpoint generation frame = name -> Some(struct (generation, frame))
            | _ -> None

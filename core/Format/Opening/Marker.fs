// The marker of a compaction: which segments it replaces by which, and what to do about one that was interrupted. FORMAT.md, "Marker".
// Stores write it before the switch; Opening.fs resolves one that it finds.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// What a compaction does to the set of segments.
[<NoComparison>]
type internal CompactionMarker =
    {
        /// The journal it belongs to.
        JournalId: Guid
        /// The set generation once the target counts.
        SetGeneration: int64
        /// The segments that are replaced, at least one.
        Sources: SegmentName list
        /// The segment that replaces them; a name nobody had.
        Target: SegmentName
    }

/// One change of the directory. They are made in the order they come in.
[<RequireQualifiedAccess>]
type internal HealStep =
    /// Unlink the file of this name.
    | Unlink of name: string
    /// Flush the directory before anything that follows.
    | FlushDirectory

/// Why a journal is not opened. No byte was changed.
[<RequireQualifiedAccess; NoComparison>]
type internal Refusal =
    /// A file is missing, damaged, foreign or newer: the error says where in it, what was expected and what found.
    | Damaged of file: string * error: FrameError
    /// The files are in order as far as they were read, but the ways that could go on are switched off. Remedy: switch one on.
    | SwitchedOff of reason: string

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Damaged(file, error) -> file + ": " + error.ToString()
        | SwitchedOff reason -> reason

/// What an interrupted compaction leaves to do.
[<NoComparison>]
type internal ResolvedMarker =
    {
        /// Whether the target counts; if not, the sources do.
        IsSwitched: bool
        /// The segments that count, in order.
        Segments: SegmentName list
        /// What a writer does before anything else; a reader leaves it.
        Steps: HealStep list
    }

/// Writing, reading and resolving markers.
[<RequireQualifiedAccess>]
module internal Marker =

    let private magic = "REFOLDPD"B

    let private fixedBytes = 64

    let private sourceBytes = 16

    /// The bytes of the file.
    let encode (marker: CompactionMarker) : ReadOnlyMemory<byte> =
        let name (writer: ByteWriter) (segment: SegmentName) =
            writer.Int64 segment.FirstPosition
            writer.Int32 segment.Generation
            writer.Zeros 4

        Block.encode magic (fixedBytes + sourceBytes * marker.Sources.Length) Block.unseeded (fun writer ->
            writer.Int32 marker.Sources.Length
            writer.Guid marker.JournalId
            writer.Int64 marker.SetGeneration
            name writer marker.Target
            marker.Sources |> List.iter (name writer))

    let private readFields (length: int) (reader: ByteReader) : CompactionMarker =
        let name () =
            let position = Block.atLeast 1L reader
            let generation = Block.count reader

            if not (Block.isZero (reader.Raw 4).Span) then
                reader.Fail()

            { FirstPosition = position; Generation = generation }

        let count = Block.count reader
        let journalId = reader.Guid()
        let setGeneration = Block.atLeast 1L reader
        let target = name ()

        // The file has one length for one count, so no count makes this read more than is there.
        if count = 0 || int64 length <> int64 fixedBytes + int64 count * int64 sourceBytes then
            reader.Fail()

        let sources = if reader.Failed then [] else [ for _ in 1..count -> name () ]

        if List.contains target sources || (List.distinct sources).Length <> sources.Length then
            reader.Fail()

        {
            JournalId = journalId
            SetGeneration = setGeneration
            Sources = sources
            Target = target
        }

    /// Reads the bytes of the file. A marker is flushed before it gets its name, so one that is not whole is damaged.
    let decode (memory: ReadOnlyMemory<byte>) : Result<CompactionMarker, FrameError> =
        Block.decode "the marker" magic Block.unseeded 0L memory (readFields memory.Length)

    let private unlink (present: string list) (names: string list) : HealStep list =
        match names |> List.filter (fun name -> List.contains name present) |> List.map HealStep.Unlink with
        | [] -> []
        | steps -> steps @ [ HealStep.FlushDirectory ]

    /// What files that have no name yet leave to do: nobody reads them.
    let clear (present: string list) : HealStep list =
        unlink
            present
            [
                FileName.pendingUnfinished
                FileName.targetUnfinished
                FileName.checkpointUnfinished
            ]

    /// What to do about a marker, given the names of all files. With the target there the sources go; without it all sources have to be
    /// there, and the compaction never was. The marker goes last. Doing the steps twice, or in part and then again, does no harm.
    let resolve (marker: CompactionMarker) (present: string list) : Result<ResolvedMarker, Refusal> =
        let segments = present |> List.choose FileName.trySegment |> List.sort
        let missing = marker.Sources |> List.filter (fun source -> not (List.contains source segments))

        let resolved isSwitched counting leftover =
            Ok
                {
                    IsSwitched = isSwitched
                    Segments = counting
                    // What a killed process renamed and unlinked may be in memory only, and has to last before anything else goes.
                    Steps =
                        match unlink present leftover @ clear present @ unlink present [ FileName.pending ] with
                        | [] -> []
                        | steps -> HealStep.FlushDirectory :: steps
                }

        if List.contains marker.Target segments then
            let counting = segments |> List.filter (fun name -> not (List.contains name marker.Sources))
            resolved true counting (marker.Sources |> List.map _.ToString())
        else
            match missing with
            | [] -> resolved false segments []
            | source :: _ ->
                let expected = source.ToString() + ", or " + marker.Target.ToString() + " in its place"
                Error(Refusal.Damaged(FileName.pending, FrameError.Corrupt(0L, "a source", expected, "neither")))

// What is gone of a journal, as far as it can be told without reading what is not there; whether a projection could have matched it.
// Called by runs of projections over the immutable journal, and by the facade over any other.
namespace Refold.Core

open System
open Refold

/// A stream of which entries were deleted or dropped.
type internal GoneStream =
    {
        /// Its name.
        Stream: StreamId
        /// How many of its first versions are gone.
        Floor: int64
        /// The highest position that the last of them may have had.
        Last: int64
    }

/// What a journal says of what is gone, all of it as of one moment.
[<NoEquality; NoComparison>]
type internal GoneReader =
    {
        /// The last position of the journal.
        Head: int64
        /// How many entries can be read.
        Visible: Int128
        /// The streams of which entries are gone.
        Streams: GoneStream list
        /// The ranges of positions without an entry, ascending. Asked only where something is gone.
        Missing: unit -> struct (int64 * int64)[]
        /// Positions of which nobody knows whose they were, where the journal can tell; `None` where it has to be counted.
        Unknown: struct (int64 * int64) list option
    }

/// What is gone. Types and tags of it cannot be asked any more.
[<NoComparison>]
type internal GoneEntries =
    {
        /// The streams that the deleted entries were of.
        Streams: GoneStream list
        /// Ranges of positions of these streams.
        Deleted: struct (int64 * int64)[]
        /// Ranges of positions that may have been of any stream, or never there.
        Unknown: struct (int64 * int64)[]
    }

/// The one rule of what is gone.
[<RequireQualifiedAccess>]
module internal GoneEntries =

    /// Nothing is gone.
    let none: GoneEntries = { Streams = []; Deleted = [||]; Unknown = [||] }

    /// The ranges of positions, from 1 to `last`, that are not among these, which ascend.
    let missing (last: int64) (positions: int64 seq) : struct (int64 * int64)[] =
        let found = ResizeArray<struct (int64 * int64)>()
        let mutable next = 1L

        for position in positions |> Seq.takeWhile (fun position -> position <= last) do
            if position > next then
                found.Add(struct (next, position - 1L))

            next <- position + 1L

        if next <= last then
            found.Add(struct (next, last))

        found.ToArray()

    // The pieces of a range inside and outside of others, which ascend and do not meet.
    let private split (others: struct (int64 * int64) list) (struct (first, last): struct (int64 * int64)) =
        let mutable next = first

        [
            for struct (low, high) in others do
                if low <= last && high >= next then
                    if low > next then
                        Choice1Of2(struct (next, low - 1L))

                    Choice2Of2(struct (max low next, min high last))
                    next <- high + 1L

            if next <= last then
                Choice1Of2(struct (next, last))
        ]

    /// What is gone. A position without an entry was of a stream that lost entries, unless nobody knows whose it was: then of any. Where
    /// the journal cannot tell, that is counted: as many versions are gone as positions, or all of them are unknown.
    let tell (reader: GoneReader) : GoneEntries =
        // Each version had a position of its own, before the one that follows it.
        let explainsAll () =
            reader.Streams |> List.forall (fun stream -> stream.Floor <= stream.Last)
            && List.fold (fun sum stream -> sum + Int128.op_Implicit stream.Floor) reader.Visible reader.Streams =
                Int128.op_Implicit reader.Head

        match reader.Unknown with
        | Some [] when reader.Streams.IsEmpty -> none
        | Some unknown ->
            let pieces = reader.Missing() |> Array.collect (split unknown >> Array.ofList)

            {
                Streams = reader.Streams
                Deleted =
                    pieces
                    |> Array.choose (function
                        | Choice1Of2 range -> Some range
                        | Choice2Of2 _ -> None)
                Unknown =
                    pieces
                    |> Array.choose (function
                        | Choice1Of2 _ -> None
                        | Choice2Of2 range -> Some range)
            }
        | None when not (explainsAll ()) -> { none with Unknown = reader.Missing() }
        | None when reader.Streams.IsEmpty -> none
        | None -> { Streams = reader.Streams; Deleted = reader.Missing(); Unknown = [||] }

    /// The lowest positions of something that could match and is gone behind a position, so that a fold from there on would leave it out:
    /// only streams and positions exclude. None where nothing is.
    let lost (after: int64) (gone: GoneEntries) (selection: Selection) : struct (int64 * int64) voption =
        let readOf limit (struct (first, last): struct (int64 * int64)) =
            let first, last = max first (after + 1L), min last limit
            let ranges = if selection.Ranges.IsEmpty then [ first, last ] else selection.Ranges

            [
                for low, high in ranges do
                    let first, last = max first low, min last high

                    if first <= last then
                        struct (first, last)
            ]

        let lastOf (stream: GoneStream) =
            if selection.Streams.IsEmpty || List.contains stream.Stream.Value selection.Streams then
                stream.Last
            else
                0L

        let limit = gone.Streams |> List.fold (fun limit stream -> max limit (lastOf stream)) 0L

        [
            for range in gone.Unknown do
                yield! readOf Int64.MaxValue range
            for range in gone.Deleted do
                yield! readOf limit range
        ]
        |> List.sort
        |> List.tryHead
        |> function
            | Some range -> ValueSome range
            | None -> ValueNone

    /// Whether something is.
    let hasLost (after: int64) (gone: GoneEntries) (selection: Selection) : bool = ValueOption.isSome (lost after gone selection)

// A footer built again from the frames of its segment and compared: the same frames give the same bytes. FORMAT.md, "Footer".
// Called by verification, copies and compactions, which read every frame anyway.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Comparing footer and trailer of a sealed segment with its frames.
[<RequireQualifiedAccess>]
module internal FooterChecking =

    /// What a table is called in messages.
    let nameOf (table: byte) : string =
        let names =
            [|
                "the directory"
                "the entries"
                "the batches"
                "the streams"
                "the types, tags and runs"
                "the postings"
                "the keys"
                "the deletions"
                "the batch tree"
                "the nodes of the batch tree"
                "the keys that were kept"
                "the streams of the base"
                "the ids"
                "the causes"
                "the filter"
            |]

        if int table < names.Length then names[int table] else "another table"

    let private wrong (trailer: SegmentTrailer) (places: TablePlace[]) (found: int) (expected: int) (at: int) : FrameError =
        let number = at / Page.bytes

        let table =
            places
            |> Array.tryFind (fun place -> place.FirstPage <= number && number < place.FirstPage + place.Pages)
            |> Option.map _.Table
            |> Option.defaultValue FooterLayout.root

        let what = "table " + Numbers.text (int64 table) + " of a footer (" + nameOf table + ")"
        let bytes count = "another, of " + Numbers.text (int64 count) + " bytes"

        let found = if found = expected then "another" else bytes found

        FrameError.Corrupt(trailer.FooterOffset + int64 at, what, "that of the frames", found)

    let private comparePages (trailer: SegmentTrailer) (places: TablePlace[]) (found: ReadOnlySpan<byte>) (expected: ReadOnlySpan<byte>) =
        let common = found.CommonPrefixLength expected

        if common = found.Length && common = expected.Length then
            None
        else
            Some(wrong trailer places found.Length expected.Length (min common (found.Length - 1)))

    let private compareTrailer
        (header: SegmentHeader)
        (length: int64)
        (rows: SegmentRows)
        keysBefore
        (epoch: uint32)
        (found: SegmentTrailer)
        =
        let expected =
            FooterEncoding.sealRows header length rows keysBefore found.FramesEnd found.LastFrame found.Head epoch

        let bytes = SegmentTrailer.encode (Checksum.seed header.JournalId) found

        // Where it has no entry, its epoch may be that of the frames before it or none.
        let epochFits =
            rows.Entries.Length = 0 && rows.Deletions.Length = 0 && rows.Base.IsNone || found.Epoch = epoch

        if epochFits && bytes.Span.SequenceEqual expected.Trailer.Span then
            None
        else
            Misfit.first
                [
                    Misfit.number "the entries in a trailer" (int64 rows.Entries.Length) (int64 found.Entries)
                    Misfit.rule "the base in a trailer" (found.HasBase = rows.Base.IsSome) (string rows.Base.IsSome) (string found.HasBase)
                    Misfit.number "the keys forgotten in a trailer" keysBefore found.KeysBefore
                    Misfit.number "the batches in a trailer" rows.Behind.Batches found.Batches
                    Misfit.rule "the epoch in a trailer" epochFits (Numbers.text (int64 epoch)) (Numbers.text (int64 found.Epoch))
                ]
            |> Option.map (Misfit.corrupt (length - int64 SegmentTrailer.bytes))

    /// What in the footer or trailer of a sealed segment is not what its frames give; `None` for nothing. `items` are what a scan took from
    /// the bytes, `epoch` is the highest of its frames and those before, `before` what the batches before it come to; where that is not
    /// known, the footer is believed.
    let compare
        (before: TreePlace option)
        (header: SegmentHeader)
        (bytes: ReadOnlyMemory<byte>)
        (items: SegmentItem list)
        (epoch: uint32)
        (trailer: SegmentTrailer)
        : FrameError option =
        let read (offset: int64) (count: int) = bytes.Slice(int offset, count)

        let source = FooterDecoding.sourceOf header trailer read

        let before =
            before |> Option.map Ok |> Option.defaultWith (fun () -> FooterDecoding.readBefore header bytes trailer)

        match FooterPages.directory source, before with
        | Error error, _
        | Ok _, Error error -> Some error
        | Ok places, Ok before ->
            let rows = IndexRows.ofItems header.HasIds before items
            let keysBefore = items |> List.fold IndexRows.keysBefore 0L
            let owner = { Seed = Checksum.seed header.JournalId; FirstFrame = header.FirstFrame }
            let expected = FooterEncoding.pages owner rows
            let found = read trailer.FooterOffset (trailer.Pages * Page.bytes)

            comparePages trailer places found.Span expected.Span
            |> Option.orElseWith (fun () -> compareTrailer header (int64 bytes.Length) rows keysBefore epoch trailer)

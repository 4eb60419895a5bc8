// Rows of a page read at once: those that are read one by one, or none where one of them is none.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.PageRowsProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold
open Refold.Properties.Generators

/// What a row holds, as it is written: mostly what it may, with a byte of it changed now and then.
let private genEntries =
    gen {
        let! count = Gen.choose (0, 84)
        let! changes = Gen.choose (0, 3)
        let! seed = Gen.choose (0, 1000000)
        let random = SeededRng.FromSeed(uint64 seed)
        use stream = new IO.MemoryStream()
        use writer = new IO.BinaryWriter(stream)
        // Also far, and also the least that there may be.
        let number (bits: int) least = least + int64 (random.NextUInt64() >>> Sample.between (64 - bits) 63 random)

        for _ in 1..count do
            writer.Write(number 62 1L)
            writer.Write(number 62 1L)
            writer.Write(number 62 (int64 SegmentHeader.bytes))

            for _ in 1..4 do
                writer.Write(int (number 31 0L))

            writer.Write(uint64 (Sample.between 0 (Role.count - 1) random))

        let content = stream.ToArray()

        if content.Length > 0 then
            for _ in 1..changes do
                let place = Sample.between 0 (content.Length - 1) random
                content[place] <- content[place] ^^^ (1uy <<< Sample.between 0 7 random)

        return content
    }

let private oneByOne (readRow: ByteReader -> 'Row) (content: byte[]) (count: int) =
    let reader = ByteReader(ReadOnlyMemory content)
    let rows = Array.init count (fun _ -> readRow reader)
    if reader.Failed then None else Some rows

let private shown (row: EntryRow) = (row.Position, row.Version, row.Offset, row.Length), (row.Stream, row.Type, row.Batch, row.Role)

[<Tests>]
let tests =
    properties "Format / rows of a page" [
        testProperty
            "entries"
            (Prop.forAll (Arb.fromGen genEntries) (fun content ->
                let rows = Array.zeroCreate<EntryRow>(content.Length / 48)

                let atOnce = if PageRows.ofEntries (ReadOnlySpan content) (Span rows) then Some rows else None

                Option.map (Array.map shown) atOnce = Option.map (Array.map shown) (oneByOne FooterLayout.readEntry content rows.Length)))

        testProperty "postings" (fun (postings: int[]) (areCounts: bool) ->
            let postings =
                if areCounts then Array.map (fun posting -> posting &&& Int32.MaxValue) postings else postings

            let content = Array.collect (fun (posting: int) -> BitConverter.GetBytes posting) postings
            let rows = Array.zeroCreate<int> postings.Length

            let atOnce = if PageRows.ofPostings (ReadOnlySpan content) (Span rows) then Some rows else None

            atOnce = oneByOne FooterLayout.readPosting content rows.Length)
    ]

// The promises of storage.md about compaction: nothing renumbered, survivors byte for byte, receipts valid, the head unchanged.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.CompactionProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Format
open Refold.Support.CompactionJournal
open Refold.Support.SegmentDirectory
open Refold.Support.SegmentOpening
open Refold.Properties
open Refold.Support

let private change =
    let ofAction action =
        match action with
        | JournalGenerators.Append request -> Append request
        | JournalGenerators.DeleteTo(stream, version) -> Delete(stream, version)

    let one = JournalGenerators.actions |> Gen.map (List.map ofAction >> List.truncate 6)
    let hole = Gen.choose (0, 2) |> Gen.map (fun gap -> [ Hole gap ])
    let forget = Gen.choose (1, 20) |> Gen.map (fun position -> [ Forget(int64 position) ])
    Gen.frequency [ 8, one; 1, hole; 1, forget ]

let private journals =
    Gen.choose (2, 5) |> Gen.bind (fun count -> Gen.listOfLength count change) |> Gen.map write

let private drop (highest: int64) =
    let position = Gen.choose (1, int highest + 1) |> Gen.map int64

    Gen.oneof [
        Gen.map CompactionDrop.Before position
        Gen.map CompactionDrop.KeysBefore position
        Gen.map CompactionDrop.Stream (Gen.elements JournalGenerators.streams)
        Gen.constant CompactionDrop.Deleted
    ]

let private request highest =
    gen {
        let! count = Gen.choose (0, 3)
        let! drops = Gen.listOfLength count (drop highest)
        let! mergeBytes = Gen.elements [ 0L; 2_000L; 10_000_000L ]
        return { Drop = drops; MergeBytes = mergeBytes }
    }

let private activeFirst (written: Written) = (fst (scan written.Segments) |> List.last).Header.FirstPosition

/// A journal, two compactions of it, and the question that appends ask it.
let private cases =
    gen {
        let! written = journals
        let! first = request (activeFirst written)
        let! second = request (activeFirst written)
        let! query = JournalGenerators.query
        let! next = JournalGenerators.request
        return written, first, second, query, next
    }

let private require (what: string) holds =
    if not holds then
        failwith what

/// The journal's beginning that may go: whole batches before the position, never the last that is sealed.
let private droppable (written: Written) (activeFirst: int64) (request: CompactionRequest) : int64 =
    let ends =
        [ 1L .. activeFirst - 1L ]
        |> List.filter (fun position -> Journal.headAt position written.Journal |> Option.map _.Position = Some position)

    request.Drop
    |> List.map (fun drop ->
        match drop with
        | CompactionDrop.Before position ->
            ends
            |> List.truncate (max 0 (ends.Length - 1))
            |> List.filter (fun last -> last < position)
            |> List.fold max 0L
        | _ -> 0L)
    |> List.fold max 0L

let private keysBefore (request: CompactionRequest) =
    request.Drop
    |> List.fold
        (fun before drop ->
            match drop with
            | CompactionDrop.KeysBefore position -> max before position
            | _ -> before)
        1L

/// Everything that must hold of the bytes after compactions, beside the specification. `began`: the beginning that went.
let private judge (before: Written) (after: Written) (began: int64) (keysBefore: int64) (query: Query) =
    let known = know after.Segments
    let specified = after.Journal
    let headPosition = (Journal.head specified).Position
    require "the head" (known.Head.Hash = (Journal.head specified).Hash && known.Head.Position = headPosition)
    require "the beginning" (known.Begin.Position = began)

    for position in began..headPosition do
        let expected = Journal.headAt position specified
        let found = headAt position known
        require $"HeadAt {position}" (found |> Option.map _.Hash = (expected |> Option.map _.Hash))

    let expected = [
        for entry in Journal.readAll (began + 1L) Int32.MaxValue specified ->
            entry.Position, entry.Version, hex (CanonicalBytes.ofData entry.Data).Memory
    ]

    require
        "the survivors at their positions"
        (readable known |> List.map (fun (position, version, _, bytes) -> position, version, bytes) = expected)

    require "survivors byte for byte" (Set.isSubset (entryFrames after.Segments) (entryFrames before.Segments))

    for summary in Journal.streams specified do
        let stream = summary.Stream

        let gone =
            before.Ever
            |> List.filter (fun entry -> entry.Data.Stream = stream && entry.Position <= began)
            |> List.fold (fun version entry -> max version entry.Version) summary.Floor

        require "the highest version" (Map.tryFind stream known.Highest = Some summary.Highest)
        require "the floor" (floorOf stream known = gone)

    let keys = (know before.Segments).Keys

    for key in [ "k"; "l"; "m" ] do
        let expected =
            Map.tryFind key keys |> Option.filter (fun known -> known.Receipt.FirstPosition >= keysBefore)

        let found = Map.tryFind key known.Keys
        require $"key {key}" ((found |> Option.map string) = (expected |> Option.map string))

    let asked, specifiedIndex = index known, Journal.index specified

    for asOf in 0L .. headPosition do
        require "what conditions cover" (asked.Covers asOf = (asOf >= began))

        if asOf >= began then
            let first (index: IAppendIndex) = index.FirstMatchAfter(query, asOf)
            require "conditions take what is gone for a match" (first asked = first specifiedIndex)

let private decided (index: IAppendIndex) request =
    match Append.encode request |> Result.bind (Append.accept index) with
    | Ok(Acceptance.Fresh batch) -> $"fresh {batch.Receipt}"
    | Ok(Acceptance.Repeated receipt) -> $"repeated {receipt}"
    | Error error -> $"{error}"

let private compacted request written =
    match compact request written with
    | Ok(after, stages) ->
        for stage in stages do
            let _, head = scan stage
            require "each step leaves a whole journal" (head.Hash = (Journal.head written.Journal).Hash)

        after
    | Error CompactionRefusal.NothingToDo -> written
    | Error refusal ->
        let isBeyond drop =
            match drop with
            | CompactionDrop.Before position -> position > activeFirst written
            | _ -> false

        require $"{refusal}" (List.exists isBeyond request.Drop)
        written

let private began request before after = if Object.ReferenceEquals(before, after) then 0L else droppable before (activeFirst before) request

let private wasRefused before after = Object.ReferenceEquals(before, after)

/// What keys are gone after a compaction that was not refused.
let private forgotten request before after = if wasRefused before after then 1L else keysBefore request

[<Tests>]
let tests =
    properties "Compaction / compaction" [
        testProperty
            "after a compaction a scan gives the same head, survivors, receipts, keys, versions and floors"
            (Generators.forAll cases (fun (written, first, _, query, _) ->
                let after = compacted first written
                let keys = (know written.Segments).Keys
                let specified = (Journal.index written.Journal).TryFindKey

                require
                    "keys before"
                    ([ "k"; "l"; "m" ] |> List.forall (fun key -> string (specified key) = string (Map.tryFind key keys)))

                judge written after (began first written after) (forgotten first written after) query))

        testProperty
            "a journal that was compacted twice is what one compacted once is"
            (Generators.forAll cases (fun (written, first, second, query, _) ->
                let once = compacted first written
                let twice = compacted second once
                let begun = max (began first written once) (began second once twice)
                judge once twice begun (forgotten second once twice) query))

        testProperty
            "a compaction that was done leaves nothing to do"
            (Generators.forAll cases (fun (written, first, _, _, _) ->
                let after = compacted first written

                match compact first after with
                | Error _ -> ()
                | Ok _ -> failwith "there is something to do again"))

        testProperty
            "the journal goes on as the one that was not compacted"
            (Generators.forAll cases (fun (written, first, _, query, next) ->
                let after = compacted first written
                let known = know after.Segments
                let key = next.Key |> Option.bind (fun key -> Map.tryFind key known.Keys)
                let specifiedKey = next.Key |> Option.bind (Journal.index after.Journal).TryFindKey

                let isCovered =
                    next.Condition |> Option.forall (fun condition -> condition.AsOf >= known.Begin.Position)

                // A key that was forgotten is another question, and so is a condition from below the beginning.
                if key.IsSome = specifiedKey.IsSome && (isCovered || key.IsSome) then
                    require "decided alike" (decided (index known) next = decided (Journal.index after.Journal) next)

                let grown = apply after (Append { next with Condition = None; Key = None; Expected = [] })
                require "it grew" ((Journal.head grown.Journal).Position > (Journal.head after.Journal).Position)
                judge grown grown known.Begin.Position 1L query))

        testProperty
            "the batch tree and the latest time stay what they were, whatever goes"
            (Generators.forAll cases (fun (written, first, _, _, _) ->
                let after = compacted first written
                let behindAll (segments: byte[] list) = treeBefore (segments @ [ [||] ])
                require "the tree" (behindAll after.Segments = behindAll written.Segments)))

        testProperty
            "the footer of a compacted segment says what a scan of it does, also of what it lost"
            (Generators.forAll cases (fun (written, first, _, _, _) ->
                let after = compacted first written

                for file, scan in sealAllButLast after.Segments |> List.truncate (after.Segments.Length - 1) do
                    let readAt = slice (Map.ofList [ "", file ]) ""
                    let header = headerOf file
                    let tail = readAt (int64 (file.Length - SegmentTrailer.bytes)) SegmentTrailer.bytes

                    let rows =
                        match SegmentTrailer.decode header (int64 file.Length) tail with
                        | Ok(Some trailer) -> FooterDecoding.read (FooterDecoding.sourceOf header trailer readAt)
                        | _ -> failwith "not sealed"

                    match rows with
                    | Error error -> failwith $"{error}"
                    | Ok rows ->
                        require "the rows" (rows = IndexRows.ofItems true rows.Before scan.Items)
                        require "a checkpoint" (FooterProperties.extendEverywhere header rows.Before scan.Items)
                        let expected = { ofItems scan.Items Head.empty with Head = 0L, "" }
                        require "what the rows say" (ofRows file rows = Ok expected)))
    ]

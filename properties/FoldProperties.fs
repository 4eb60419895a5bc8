// Laws of folding: entries of any kind, with gaps, under codecs that keep, lose, raise and throw, are folded as entry by entry in the open.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.FoldProperties

open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support.Aggregates
open Refold.Support

let private stream = StreamId.Create "sum"

// The fold as it is said to be: what is read is written again, whole, and compared.
let private slow (aggregate: Aggregate<Sum.State, 'Command, int64, 'Error>) (start: FoldStart<Sum.State>) (entries: Entry list) =
    let unfaithful (entry: Entry) event =
        match Folding.encode aggregate.Events entry event with
        | Error divergence -> false, Some divergence
        | Ok again when again.SchemaVersion > entry.Data.SchemaVersion -> true, None
        | Ok again when again.SchemaVersion < entry.Data.SchemaVersion ->
            let shown (version: int) = version.ToString()
            let at = Divergence.at entry "/schemaVersion" DivergenceCause.CodecNotFaithful
            false, Some(at (shown entry.Data.SchemaVersion) (shown again.SchemaVersion))
        | Ok again when again.Type <> entry.Data.Type ->
            false, Some(Divergence.at entry "/type" DivergenceCause.CodecNotFaithful entry.Data.Type again.Type)
        | Ok again ->
            let found = PayloadDifference.find entry entry.Data.Payload again.Payload
            false, found |> Option.map (fun found -> { found with Cause = DivergenceCause.CodecNotFaithful })

    let rec fold (report: FoldReport<Sum.State>) (entries: Entry list) =
        let ended divergence = {
            report with
                Divergence = report.Divergence |> Option.orElse (Some divergence)
        }

        match entries with
        | [] -> report
        | entry :: rest ->
            let counted = { report with Version = entry.Version; Entries = report.Entries + 1L }

            match Folding.gap report.Version entry with
            | Some divergence -> ended divergence
            | None when not (Role.isApplied entry.Data.Role) -> fold { counted with Checked = report.Checked + 1L } rest
            | None ->
                match Folding.decode aggregate.Events entry (Folding.encodedOf entry.Data) with
                | Error divergence -> ended divergence
                | Ok event ->
                    let wasUpcast, found = unfaithful entry event

                    match Folding.evolve aggregate report.State entry event with
                    | Error divergence -> ended divergence
                    | Ok state ->
                        let isRedacted = CodecEncode.redacts aggregate.Events && Redaction.isMarked entry.Data.Payload
                        let found = if entry.Data.Role = Role.Fact then None else found

                        fold
                            {
                                counted with
                                    State = state
                                    Applied = report.Applied + 1L
                                    Upcast = report.Upcast + (if wasUpcast then 1L else 0L)
                                    Redacted = report.Redacted + (if isRedacted then 1L else 0L)
                                    Divergence = report.Divergence |> Option.orElse found
                            }
                            rest

    let report =
        fold
            {
                State = start.State
                Version = start.Version
                Entries = 0L
                Applied = 0L
                Upcast = 0L
                Redacted = 0L
                Checked = 0L
                Divergence = None
                StateHash = None
            }
            entries

    { report with StateHash = Folding.tryStateHash aggregate report.State }

let private raised version (encoded: Encoded) = { encoded with SchemaVersion = version }

let private codecs: (string * Codec<int64>) list =
    let sum = Sum.codec
    let writing change = { sum with Encode = sum.Encode >> Result.map change }

    [
        "faithful", sum
        "loses", { sum with Encode = fun value -> sum.Encode(value / 3L) }
        "another type", writing (fun encoded -> { encoded with Type = "another" })
        "an older version", writing (raised 0)
        "raised", { Encode = (writing (raised 2)).Encode; Decode = raised 1 >> sum.Decode }
        "reads nothing", { sum with Decode = fun _ -> invalidOp "no decoder" }
        "writes little",
        {
            sum with
                Encode = fun value -> if value > 3L then invalidOp "no encoder" else sum.Encode value
        }
        "refuses", { sum with Encode = fun _ -> Error(CodecError.Unencodable("delta", "no form")) }
        "mapped", Codec.map ((+) 1L) (fun value -> value - 1L) sum
        "redacting", Codec.redact [ "$.note" ] sum
    ]

let private evolve (state: Sum.State) delta = if delta = 13L then invalidOp "unlucky" else Sum.decider.Evolve state delta

let private entry =
    gen {
        let! role = Gen.elements Role.all
        let! value = Gen.choose (-20, 20)
        let! step = Gen.frequency [ 30, Gen.constant 1L; 1, Gen.elements [ 0L; 2L; -1L ] ]
        let! version = Gen.frequency [ 8, Gen.constant 1; 1, Gen.elements [ 2; 3 ] ]
        let! isBroken = Gen.frequency [ 30, Gen.constant false; 1, Gen.constant true ]
        return role, int64 value, step, version, isBroken
    }

// Entries that follow each other by their steps.
let private entriesOf first parts =
    let build version (role, value, step, schemaVersion, isBroken) =
        let next = version + step

        let encoded =
            match Sum.codec.Encode value with
            | Ok encoded -> encoded
            | Error error -> failwith (error.ToString())

        let payload = if isBroken then Bytes.OfText "{\"broken\":true}" else encoded.Payload

        {
            Position = next + 100L
            Version = next
            Batch = next + 100L
            Data = {
                EntryData.create stream role encoded.Type payload with
                    SchemaVersion = schemaVersion
            }
        },
        next

    List.mapFold build first parts |> fst

let private partsOf (report: FoldReport<Sum.State>) =
    (report.State, report.Version, report.Entries, report.Applied, report.Upcast, report.Redacted),
    (report.Checked, report.Divergence, report.StateHash)

[<Tests>]
let tests =
    properties "Replay / fold" [
        for name, codec in codecs do
            testProperty
                $"a fold is what folding entry by entry gives: {name}"
                (forAll (Gen.zip (Gen.choose (0, 3)) (Gen.listOf entry)) (fun (first, parts) ->
                    let entries = entriesOf (int64 first) parts

                    let aggregate = {
                        Sum.aggregate with
                            Events = codec
                            Decider = { Sum.decider with Evolve = evolve }
                    }

                    let start = { State = aggregate.Decider.Initial; Version = int64 first }
                    partsOf (slow aggregate start entries) = partsOf (Replay.fold aggregate start entries)))
    ]

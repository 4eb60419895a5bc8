// Laws of folding: entries of any kind, with gaps, under codecs that keep, lose, raise and throw, and streams whose beginning is gone, are
// folded as entry by entry in the open.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.FoldProperties

open System
open System.Buffers
open System.Buffers.Binary
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support.Aggregates
open Refold.Support.Recording
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

let private ofSpans: Codec<int64> =
    Codec.overSpans
        "delta"
        1
        (fun value (writer: IBufferWriter<byte>) ->
            BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan 8, value)
            writer.Advance 8
            Ok())
        (SpanDecode(fun payload ->
            if payload.Length = 8 then
                Ok(BinaryPrimitives.ReadInt64LittleEndian payload)
            else
                Error "it has not 8 bytes"))

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
        "over spans", ofSpans
        "over spans, mapped", Codec.map ((+) 1L) (fun value -> value - 1L) ofSpans
        "over spans, raised", ofSpans |> Codec.withVersion "delta" 2 |> Codec.withUpcast "delta" 1 Ok
        "over spans, that lose", Codec.map id (fun value -> value / 3L) ofSpans
        "over spans, redacting", Codec.redact [ "$.note" ] ofSpans
        "over spans, one of several",
        Codec.union [
            Codec.case "delta" Some id ofSpans
            Codec.case "another" Some id (Codec.int64 "another")
        ]
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
let private entriesFrom first parts =
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

// The entries as a fold takes them where they lie.
let private inPlace aggregate (start: FoldStart<Sum.State>) (entries: Entry list) =
    let fold = StreamFold(aggregate, start)

    let take (entry: Entry) =
        let data = entry.Data

        match fold.Take(entry.Version, data.Role, data.Type, data.SchemaVersion, data.Payload.Span) with
        | null -> true
        | differing -> fold.Tell(differing, entry)

    entries |> Seq.takeWhile take |> Seq.iter ignore
    fold.Report()

let private delta (value: int) =
    match Sum.codec.Encode(int64 value) with
    | Ok encoded -> EntryData.create stream Role.Event encoded.Type encoded.Payload
    | Error error -> failwith (error.ToString())

// A stream of deltas, some of them alone in their batch, between entries of another stream.
let private recorded (deltas: (int * bool) list) =
    let batch journal (value, isAlone) =
        let other = EntryData.create (StreamId.Create "other") Role.Unmarked "noise" (Bytes.OfText "x")
        let entries = if isAlone then [ delta value ] else [ other; delta value; other ]
        appendRequest (Append.request entries) journal

    List.fold batch Journal.empty deltas

let private stateAfter (aggregate: Aggregate<Sum.State, int64, int64, string>) (deltas: (int * bool) list) version =
    deltas
    |> List.truncate version
    |> List.fold (fun state (value, _) -> aggregate.Decider.Evolve state (int64 value)) Sum.decider.Initial

let private snapshotAt aggregate deltas (whole: Journal) (entries: Entry list) version =
    let entry = entries[version - 1]

    match Sum.stateCodec.Encode(stateAfter aggregate deltas version), Journal.headAt entry.Position whole with
    | Ok state, Some head -> Snapshot.make stream (int64 version) head None state
    | _ -> failwith "a state has a form, and an entry a head"

let private cutStream =
    gen {
        let! deltas = Gen.nonEmptyListOf (Gen.zip (Gen.choose (-20, 20)) (Gen.elements [ true; false ]))
        let! floor = Gen.choose (0, deltas.Length)
        let! taken = Gen.listOf (Gen.choose (1, deltas.Length))
        return deltas, floor, List.distinct taken
    }

[<Tests>]
let tests =
    properties "Replay / fold" [
        for name, codec in codecs do
            testProperty
                $"a fold is what folding entry by entry gives: {name}"
                (forAll (Gen.zip (Gen.choose (0, 3)) (Gen.listOf entry)) (fun (first, parts) ->
                    let entries = entriesFrom (int64 first) parts

                    let aggregate = {
                        Sum.aggregate with
                            Events = codec
                            Decider = { Sum.decider with Evolve = evolve }
                    }

                    let start = { State = aggregate.Decider.Initial; Version = int64 first }
                    let expected = partsOf (slow aggregate start entries)

                    expected = partsOf (Replay.fold aggregate start entries)
                    && expected = partsOf (inPlace aggregate start entries)))

        for name, codec in [ "arrays", Sum.codec; "spans", ofSpans ] do
            testProperty
                $"what is left of a stream and the newest snapshot above the gap give the whole state: {name}"
                (forAll cutStream (fun (deltas, floor, taken) ->
                    let aggregate = { Sum.aggregate with Events = codec }
                    let whole = recorded deltas
                    let entries = entriesOf stream whole
                    let snapshots = taken |> List.map (snapshotAt aggregate deltas whole entries)
                    let left = entries |> List.filter (fun entry -> entry.Version > int64 floor)

                    let history = {
                        Stream = stream
                        Highest = int64 deltas.Length
                        Floor = int64 floor
                        HeadAt = fun position -> Journal.headAt position whole
                        ReadFrom = fun version -> left |> Seq.filter (fun entry -> entry.Version >= version)
                    }

                    let usable = taken |> List.filter (fun version -> version >= floor)

                    match Snapshot.load aggregate history snapshots with
                    | Error(HistoryError.HistoryDropped(_, upTo, _)) -> floor > 0 && usable.IsEmpty && upTo = int64 floor
                    | Ok loaded ->
                        (floor = 0 || not usable.IsEmpty)
                        && loaded.FromVersion = (if usable.IsEmpty then 0L else int64 (List.max usable))
                        && loaded.Fold.State = stateAfter aggregate deltas deltas.Length
                        && loaded.Fold.Version = int64 deltas.Length
                        && loaded.Fold.Applied = int64 deltas.Length - loaded.FromVersion
                        && loaded.Fold.Divergence.IsNone))

        testProperty
            "what is left of a stream is no fold from its beginning, nor from any state that is not the one before it"
            (forAll (Gen.zip cutStream (Gen.choose (0, 100))) (fun ((deltas, floor, _), other) ->
                let entries =
                    entriesOf stream (recorded deltas) |> List.filter (fun entry -> entry.Version > int64 floor)

                let start = { State = Sum.decider.Initial; Version = int64 (other % (deltas.Length + 1)) }
                let report = Replay.fold Sum.aggregate start entries

                if start.Version = int64 floor || entries.IsEmpty then
                    report.Matched && report.Applied = int64 entries.Length
                else
                    let cause = report.Divergence |> Option.map (fun found -> found.Cause, found.Version)

                    let expected =
                        if start.Version < int64 floor then DivergenceCause.Missing else DivergenceCause.Unexpected

                    cause = Some(expected, int64 floor + 1L) && report.Applied = 0L && report.State = Sum.decider.Initial))
    ]

// Gates against a plain reading of their rules: traces of random sets, their JSON, and passes among random appends.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.GateProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Properties.Generators
open Refold.Properties.JournalGenerators
open Refold.Support

/// What a gate does when it is asked.
type private Does =
    | Permits
    | Denies
    /// It passes on the denial of another.
    | Tells of other: string
    | Throws

exception private Broken

let private denialOf name (text: string) = GateDenial(name, "NO", text).With(text, text).With("", text)

let private gateOf text (name: string, does: Does) : Gate<unit> =
    Gate.create name text (fun () ->
        match does with
        | Permits -> Ok()
        | Denies -> Error(denialOf name text)
        | Tells other -> Error(denialOf other text)
        | Throws -> raise Broken)

let private plans: Gen<(string * Does) list> =
    let does =
        Gen.frequency [
            6, Gen.constant Permits
            2, Gen.constant Denies
            1, Gen.constant (Tells "g1")
            1, Gen.constant (Tells "elsewhere")
            1, Gen.constant Throws
        ]

    Gen.listOf does |> Gen.resize 8 |> Gen.map (List.mapi (fun index does -> "g" + string index, does))

let private setOf text plan = plan |> List.fold (fun set gate -> GateSet.add (gateOf text gate) set) (GateSet.empty<unit> "set")

let private proposals = request |> Gen.filter (fun request -> Result.isOk (Append.encode request))

let private anEntry = EntryData.create (StreamId.Create "a") Role.Event "t" (Bytes.OfText "1")

let private encode request =
    match Append.encode request with
    | Ok batch -> batch
    | Error error -> failtest (string error)

// As the rules say it, for gates that are asked until one denies, or all.
let private expected isAll (plan: (string * Does) list) =
    let isIn name = List.exists (fun (other, _) -> other = name) plan

    let rec lines isDenied rest =
        match rest with
        | [] -> [], []
        | (name, _) :: rest when isDenied && not isAll ->
            let own, strangers = lines true rest
            (name, GateOutcome.Skipped, None) :: own, strangers
        | (name, does) :: rest ->
            let denier =
                match does with
                | Permits -> None
                | Denies
                | Throws -> Some name
                | Tells other -> Some other

            let own, strangers = lines (isDenied || denier.IsSome) rest

            match denier with
            | None -> (name, GateOutcome.Permit, None) :: own, strangers
            | Some denier when isIn denier -> (name, GateOutcome.Deny, Some denier) :: own, strangers
            | Some denier -> (name, GateOutcome.Deny, None) :: own, (denier, GateOutcome.Deny, Some denier) :: strangers

    let own, strangers = lines false plan
    own @ strangers

let private denierOf (line: GateEvaluation) =
    match line.Denial with
    | null -> None
    | denial -> Some denial.Gate

let private linesOf (trace: GateTrace) = [ for line in trace.Evaluations -> line.Gate, line.Outcome, denierOf line ]

let private traceOf answer =
    match answer with
    | Ok(pass: GatePass) -> pass.Trace
    | Error trace -> trace

let private isThrown (plan: (string * Does) list) =
    match plan |> List.tryFind (fun (_, does) -> does <> Permits) with
    | Some(_, Throws) -> true
    | _ -> false

/// Appends with one of few passes, or none, as a test of what happens to each.
[<NoComparison>]
type private Attempt = { Proposal: int; Pass: int option; Expects: ExpectedVersion option }

let private attempts: Gen<Attempt list> =
    gen {
        let! proposal = Gen.choose (0, 2)
        let! pass = Gen.optionOf (Gen.choose (0, 5))
        let! expects = Gen.optionOf (Gen.elements [ ExpectedVersion.NoStream; ExpectedVersion.Exists ])
        return { Proposal = proposal; Pass = pass; Expects = expects }
    }
    |> Gen.listOf

[<Tests>]
let tests =
    properties "Gates" [
        testProperty
            "asked until one denies, or all: a line for each gate in order, and strangers behind them"
            (forAll plans (fun plan ->
                forAll proposals (fun proposal ->
                    let set, batch = setOf "" plan, encode proposal
                    let all = traceOf (GateSet.evaluateAll () batch set)
                    equal (expected true plan) (linesOf all)
                    equal (List.forall (fun (_, does) -> does = Permits) plan) all.IsPassed

                    if isThrown plan then
                        throws<Broken>(fun () -> GateSet.evaluate () batch set |> ignore) |> ignore<Broken>
                    else
                        let first = traceOf (GateSet.evaluate () batch set)
                        equal (expected false plan) (linesOf first)
                        equal all.IsPassed first.IsPassed)))

        testProperty
            "the JSON of a trace is canonical and read back, whatever the texts are"
            (forAll texts (fun text ->
                forAll plans (fun plan ->
                    let trace = traceOf (GateSet.evaluateAll () (encode (Append.request [ anEntry ])) (setOf text plan))
                    let json = trace.ToJson()
                    equal (Ok(Bytes.Wrap json)) (Canonical.ofJson json)
                    equal trace (GateTrace.Parse json)
                    equal (Ok(Bytes.Wrap(trace.EvaluationsToJson()))) (Canonical.ofJson (trace.EvaluationsToJson())))))

        testProperty
            "a trace with one byte changed is another trace, or none, and nothing is thrown"
            (forAll plans (fun plan (place: uint16) (replacement: byte) ->
                let trace = traceOf (GateSet.evaluateAll () (encode (Append.request [ anEntry ])) (setOf "t" plan))
                let bytes = trace.ToJson().ToArray()
                let index = int place % bytes.Length
                let isChanged = bytes[index] <> replacement
                bytes[index] <- replacement

                match GateTrace.TryParse(ReadOnlyMemory bytes) with
                | true, read -> read = trace <> isChanged
                | false, read -> isNull read && isChanged))

        testProperty
            "a pass lets through exactly the entries it was made for, by their canonical bytes"
            (forAll proposals (fun left ->
                forAll proposals (fun right ->
                    let set = setOf "" []
                    let bare request = { request with Expected = []; Condition = None }
                    let left, right = bare left, bare right

                    match GateSet.evaluate () (encode left) set with
                    | Error trace -> failtest (string trace)
                    | Ok pass ->
                        let isSame = (encode left).Bytes.Span.SequenceEqual((encode right).Bytes.Span)

                        match GateSet.append set (Some pass) right Journal.empty with
                        | Ok _ -> isSame && pass.IsUsed
                        | Error(AppendError.PassRefused("set", PassFault.OtherProposal)) -> not isSame && not pass.IsUsed
                        | Error _ -> false)))

        testProperty
            "however appends go, a pass is used by the one that commits, and by no other"
            (forAll attempts (fun attempts ->
                let set = setOf "" [ "a", Permits ]
                let name = StreamId.Create "a"

                let proposal index = Append.request [ { anEntry with Stream = name; Payload = Bytes.OfText(string index) } ]

                let passes = [|
                    for index in 0..5 ->
                        match GateSet.evaluate () (encode (proposal (index % 3))) set with
                        | Ok pass -> pass
                        | Error trace -> failtest (string trace)
                |]

                let mutable used = Set.empty
                let mutable journal = Journal.empty

                for attempt in attempts do
                    let request = {
                        proposal attempt.Proposal with
                            Expected = attempt.Expects |> Option.map (fun expected -> name, expected) |> Option.toList
                    }

                    let isMet =
                        attempt.Expects |> Option.forall (fun expected -> expected.IsMetBy(Journal.highestVersion name journal))

                    let wanted =
                        match attempt.Pass with
                        | None -> Some PassFault.Missing
                        | Some pass when pass % 3 <> attempt.Proposal -> Some PassFault.OtherProposal
                        | Some pass when used.Contains pass -> Some PassFault.Used
                        | Some _ -> None

                    let pass = attempt.Pass |> Option.map (fun index -> passes[index])

                    match GateSet.append set pass request journal, wanted with
                    | Ok(_, after), None when isMet ->
                        used <- used.Add attempt.Pass.Value
                        journal <- after
                    | Error(AppendError.Conflict _), None when not isMet -> ()
                    | Error(AppendError.PassRefused("set", fault)), Some wanted -> equal wanted fault
                    | answer, _ -> failtest $"{answer} where {wanted} was expected"

                    for index in 0..5 do
                        equal (used.Contains index) passes[index].IsUsed

                equal (int64 used.Count) (Journal.head journal).Position))
    ]

// Steps and runs: what is appended, under which ids, and what never is.
// Run by `dotnet test`.
module Refold.Core.Tests.RunTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support.Recording
open Refold.Support

let private table = StreamId.Create "game/1"

let private ok (result: Result<'Value, StepError>) =
    match result with
    | Ok value -> value
    | Error error -> failwith (error.ToString())

let private runStream (recorder: Recorder) = entriesOf recorder.Context.Run.Stream recorder.Journal

[<Tests>]
let tests =
    testList "Runs / runs" [
        testCase "starting a run appends one control entry, once" (fun () ->
            let recorder = start "r"
            let started = runStream recorder |> List.exactlyOne
            equal (Role.Control, "$run.started") (started.Data.Role, started.Data.Type)
            equal (Ok(pin, RngState.FromSeed 42UL)) (Run.tryReadStart started)
            startsWith """{"pin":{"model":"games",""" (started.Data.Payload.ToText())

            match Journal.append (Run.start recorder.Context None) recorder.Journal with
            | Error(AppendError.Conflict(_, expected, 1L)) when expected = ExpectedVersion.NoStream -> ()
            | other -> failwith $"{other}")

        testCase "a start that cannot be read is an error, never an exception" (fun () ->
            let started = start "r" |> runStream |> List.head
            let read change = Run.tryReadStart { started with Data = change started.Data }
            let isError result = Result.isError (result: Result<RunPin * RngState, CodecError>)
            isTrue (isError (read (fun data -> { data with Type = "other" })))
            isTrue (isError (read (fun data -> { data with SchemaVersion = 2 })))

            for payload in
                [
                    ""
                    "{"
                    "[]"
                    "{}"
                    """{"pin":1,"root":2}"""
                    """{"pin":{}}"""
                    "\"\\ud800\""
                ] do
                isTrueFor payload (isError (read (fun data -> { data with Payload = Bytes.OfText payload }))))

        testCase "ending a run records the state hash, or null" (fun () ->
            let recorder = start "r"
            let hash = StateHash.ofRun [ table, 1L, Hash.Zero ]
            let ended stateHash = (finishWith stateHash [ table ] recorder).Journal
            let read journal = entriesOf recorder.Context.Run.Stream journal |> List.last |> Run.tryReadEnd
            equal (Ok(Some hash)) (read (ended (Some hash)))
            equal (Ok None) (read (ended None)))

        testCase "an accepted step appends the command in the run's stream and the events in theirs, in one batch" (fun () ->
            let recorder =
                start "r" |> execute Game.aggregate table Game.Open |> execute Game.aggregate table (Game.Roll 2)

            let command = runStream recorder |> List.last
            let event = entriesOf table recorder.Journal |> List.last
            equal (Role.Command, "game.command", 3L) (command.Data.Role, command.Data.Type, command.Version)
            equal """{"stream":"game/1","data":{"case":"roll","dice":2}}""" (command.Data.Payload.ToText())
            equal (Some 2UL) command.Data.Drawn
            equal (Role.Event, "game.event", 2L) (event.Data.Role, event.Data.Type, event.Version)
            equal [ "dice"; "roll" ] (event.Data.Tags |> List.map _.Value)
            equal (command.Position + 1L) event.Position
            equal command.Batch event.Batch

            // Ids follow from run, stream and version; they are not given.
            let commandId = Entry.derivedId (Some recorder.Context.Run) recorder.Context.Run.Stream 3L
            equal commandId (Entry.id command)
            equal (None, None) (command.Data.Id, event.Data.Id)
            equal (Some commandId, None) (command.Data.CorrelationId, command.Data.CausationId)
            equal (Some commandId, Some commandId) (event.Data.CorrelationId, event.Data.CausationId)
            equal (Some recorder.Context.Run, command.Data.Time) (event.Data.Run, event.Data.Time))

        testCase "a refused step appends the command and one refusal, in the run's stream" (fun () ->
            let recorder = start "r" |> execute Game.aggregate table Game.Close
            let refusal = runStream recorder |> List.last

            equal (Role.Refusal, "\"not open\"", 3L) (refusal.Data.Role, refusal.Data.Payload.ToText(), refusal.Version)

            isEmpty (entriesOf table recorder.Journal)
            equal 3L recorder.RunVersion)

        testCase "a step without events leaves the state as it was, in every mode" (fun () ->
            for mode, batches in [ RecordMode.Off, 0; RecordMode.Record, 1 ] do
                let recorder = startIn Journal.empty mode "r" |> execute Game.aggregate table Game.Open
                let result = stepOf Game.aggregate table Game.Look recorder |> ok
                equal batches (result.Batch |> Option.count)
                equal (1L, true) (result.Position.Version, result.Position.State.IsOpen)
                equal (recorder.RunVersion + 1L) result.Position.RunVersion)

        testCase "given correlation, causation and key are kept" (fun () ->
            let recorder = start "r"

            let correlation, causation =
                Guid.Parse "11111111-1111-8111-8111-111111111111", Guid.Parse "22222222-2222-8222-8222-222222222222"

            let result =
                Run.step recorder.Context Game.aggregate (positionOf Game.aggregate table recorder) {
                    stepInput table Game.Open recorder with
                        Now = DateTimeOffset(2024, 5, 1, 14, 0, 0, TimeSpan.FromHours 2.0)
                        CorrelationId = Some correlation
                        CausationId = Some causation
                        Key = Some "once"
                }
                |> ok

            let batch = Option.get result.Batch
            equal (Some "once") batch.Request.Key
            let command, event = Array.head batch.Entries, Array.last batch.Entries
            equal (Some correlation, Some causation) (command.CorrelationId, command.CausationId)
            equal (Some correlation) event.CorrelationId
            equal (Some(DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero))) event.Time
            equal TimeSpan.Zero ((Option.get event.Time).Offset))

        testCase "a step decided on an old version conflicts" (fun () ->
            let recorder = start "r"
            let stale = stepOf Game.aggregate table Game.Open recorder |> ok
            let journal = (execute Game.aggregate table Game.Open recorder).Journal
            isTrue (Result.isError (Journal.append (Option.get stale.Batch) journal)))

        testCase "if decide, evolve, a codec or the tagging throws, nothing is appended" (fun () ->
            let recorder = start "r"
            let fail _ = invalidOp "broken"
            let throwing: Codec<'Value> = { Encode = fail; Decode = fail }

            let cases = [
                Game.ruledBy (fun _ _ _ -> fail ())
                {
                    Game.aggregate with
                        Decider = { Game.decider with Evolve = fun _ _ -> fail () }
                }
                { Game.aggregate with Commands = throwing }
                { Game.aggregate with Events = throwing }
                { Game.aggregate with Tags = fail }
            ]

            for aggregate in cases do
                match stepOf aggregate table Game.Open recorder with
                | Error(StepError.Threw(_, (:? InvalidOperationException))) -> ()
                | Error other -> failwith (other.ToString())
                | Ok _ -> failwith "an error was expected"

            match stepOf { Game.aggregate with Errors = throwing } table Game.Close recorder with
            | Error(StepError.Threw _) -> ()
            | _ -> failwith "an error was expected")

        testCase "what a codec refuses is an error of the step, and so is an entry that breaks a rule" (fun () ->
            let recorder = start "r"

            let refusing: Codec<Game.Event> = {
                Game.events with
                    Encode = fun _ -> Error(CodecError.Unencodable("game.event", "no"))
            }

            match stepOf { Game.aggregate with Events = refusing } table Game.Open recorder with
            | Error(StepError.Codec(_, CodecError.Unencodable _)) -> ()
            | _ -> failwith "an error was expected"

            let nameless = {
                Game.events with
                    Encode = fun _ -> Ok { Type = ""; SchemaVersion = 1; Payload = Bytes.Empty }
                    Decode = fun _ -> Ok Game.Closed
            }

            match stepOf { Game.aggregate with Events = nameless } table Game.Open recorder with
            | Error(StepError.Invalid(ValueError.Empty _)) -> ()
            | _ -> failwith "an error was expected")

        testCase "a decide that answers null is an error of the step, and of a replay" (fun () ->
            let silent = Game.ruledBy (fun _ _ _ -> Unchecked.defaultof<_>)
            let listless = Game.ruledBy (fun _ _ _ -> Ok(Unchecked.defaultof<_>))

            for aggregate in [ silent; listless ] do
                match stepOf aggregate table Game.Open (start "r") with
                | Error(StepError.Threw("decide", error)) -> containsText "answered null" error.Message
                | _ -> failwith "an error was expected"

            let recorder = start "r" |> execute Game.aggregate table Game.Open
            equal DivergenceCause.Threw ((verify silent recorder).Divergence |> Option.get |> _.Cause))

        testCase "a step's generator follows from the run's root, the stream and the version before" (fun () ->
            let recorder = start "r" |> execute Game.aggregate table Game.Open
            let random = SeededRng((RngState.FromSeed 42UL).Named("game/1").Named("1"))
            let faces = Game.face random + Game.face random

            match (stepOf Game.aggregate table (Game.Roll 2) recorder |> ok).Outcome with
            | Ok [ Game.Rolled(2, rolled) ] -> equal faces rolled
            | other -> failwith $"{other}"

            // Frozen: the dice of this seed, whatever changes.
            equal 8L faces)

        testCase "the generator of a step ends with it" (fun () ->
            let mutable kept = None

            let keeping =
                Game.ruledBy (fun step _ _ ->
                    kept <- Some step.Random
                    Ok [])

            stepOf keeping table Game.Open (start "r") |> ok |> ignore
            throws<ObjectDisposedException>(fun () -> (Option.get kept).NextUInt32() |> ignore) |> ignore)

        testCase "words drawn from children are recorded with the command" (fun () ->
            let drawing =
                Game.ruledBy (fun step _ _ ->
                    step.Random.NextUInt64() |> ignore
                    (step.Random.Split()).NextUInt32() |> ignore
                    (step.Random.Named "x").NextUInt64() |> ignore
                    Ok [])

            equal 5UL ((stepOf drawing table Game.Open (start "r") |> ok).Drawn))

        testCase "a retried refusal rolls the same dice" (fun () ->
            let rolls = ResizeArray<int64>()

            let rule =
                Game.ruledBy (fun step _ _ ->
                    rolls.Add(Game.face step.Random)
                    Error Game.NotOpen)

            start "r" |> executeAll rule table [ Game.Close; Game.Close; Game.Close ] |> ignore
            equal 3 rolls.Count
            single (Seq.distinct rolls) |> ignore)

        testCase "a changed number of draws in one step leaves the next alone" (fun () ->
            let last commands = start "r" |> executeAll Game.aggregate table commands |> _.Journal |> entriesOf table |> List.last

            let few = last [ Game.Open; Game.Roll 1; Game.Roll 2 ]
            let many = last [ Game.Open; Game.Roll 50; Game.Roll 2 ]
            equal few.Data.Payload many.Data.Payload)

        testCase "an envelope gives back the payload byte for byte, JSON or not" (fun () ->
            for payload in [ "{\"a\" : 1}"; "1"; "\"x\""; " 1"; "{\"a\":\n1}"; ""; "no json"; "1 2" ] do
                let bytes = Bytes.OfText payload
                equal (Ok(table, bytes)) (Envelope.tryRead (Envelope.write table bytes))

            containsText "\"data\":{\"a\" : 1}" ((Envelope.write table (Bytes.OfText "{\"a\" : 1}")).ToText())
            containsText "\"dataBase64\":\"IDE=\"" ((Envelope.write table (Bytes.OfText " 1")).ToText()))

        testCase "what is no envelope is an error" (fun () ->
            let inputs = [
                ""
                "{}"
                "[]"
                """{"stream":"a"}"""
                """{"data":1,"stream":"a"}"""
                """{"stream":"","data":1}"""
                """{"stream":1,"data":1}"""
                """{"stream":"a","dataBase64":"*"}"""
                """{"stream":"a","data":1,"more":2}"""
                """{"stream":"a","data":1} x"""
            ]

            for input in inputs do
                isTrueFor input (Result.isError (Envelope.tryRead (Bytes.OfText input))))
    ]

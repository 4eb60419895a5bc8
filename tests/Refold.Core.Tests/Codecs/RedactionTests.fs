// Redaction by JSON path in F#: what is written, what is read, what a run makes of it.
// Run by `dotnet test`.
module Refold.Core.Tests.RedactionTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Support
open Refold.Support.Recording

type Card = { number: string; holder: string }

type Pay = { card: Card; amount: int }

type Paid = { number: string; digits: int }

let private secret = "4929/s3cr3t"

let private pay = { card = { number = secret; holder = "Ada" }; amount = 5 }

let private pays = Codec.json<Pay> "pay"

let private paids = Codec.json<Paid> "paid"

let private text (result: Result<Encoded, CodecError>) =
    match result with
    | Ok encoded -> encoded.Payload.ToText()
    | Error error -> error.ToString()

let private wallet commands events : Aggregate<string, Pay, Paid, string> =
    let decide _ _ (pay: Pay) =
        match pay.amount with
        | 0 -> Error "nothing"
        | _ -> Ok [ { number = pay.card.number; digits = pay.card.number.Length } ]

    {
        Aggregate.create
            "wallet"
            { Initial = ""; Decide = decide; Evolve = fun _ (event: Paid) -> event.number }
            commands
            events
            (Codec.text "refused") with
            State = Some(Codec.text "state")
    }

let private redacted =
    wallet (Codec.redact [ "$.card.number" ] pays) (Codec.redact [ "$.number" ] paids)

let private stream = StreamId.Create "wallet/1"

[<Tests>]
let tests =
    testList "Codecs / redaction" [
        testCase "what lies at a path is replaced, and the payload says so" (fun () ->
            let codec = Codec.redact [ "$.card.number"; "$.none" ] pays
            let written = """{"$redacted":{"amount":5,"card":{"holder":"Ada","number":"[redacted]"}}}"""
            equal written (text (codec.Encode pay))
            let back = codec.Encode pay |> Result.bind codec.Decode
            equal (Ok { pay with card = { pay.card with number = "[redacted]" } }) back
            equal written (text (Result.bind codec.Encode back))
            equal (text (pays.Encode pay)) (text ((Codec.redact [ "$.none" ] pays).Encode pay)))

        testCase "upcasts and functions see what the payload holds, in whatever order they are added" (fun () ->
            let older =
                (Codec.redact [ "$.card.number" ] pays).Encode pay
                |> Result.defaultWith (fun error -> failwith (error.ToString()))

            let more (payload: Bytes) =
                Ok(Bytes.OfText(payload.ToText().Replace("\"amount\":5", "\"amount\":6", StringComparison.Ordinal)))

            let raised codec = codec |> Codec.withVersion "pay" 2 |> Codec.withUpcast "pay" 1 more

            for codec in
                [
                    pays |> Codec.redact [ "$.card.number" ] |> raised
                    pays |> raised |> Codec.redact [ "$.card.number" ]
                ] do
                equal (Ok 6) (codec.Decode older |> Result.map _.amount)

                equal
                    (Ok 5)
                    ((Codec.map _.amount (fun amount -> { pay with amount = amount }) codec).Encode 5
                     |> Result.bind codec.Decode
                     |> Result.map _.amount))

        testCase "one case of several is redacted, the others are not" (fun () ->
            let case codec name pick make = Codec.case name pick make codec

            let codec =
                Codec.union [
                    case
                        (Codec.redact [ "$.card.number" ] pays)
                        "pay"
                        (function
                        | Choice1Of2 pay -> Some pay
                        | _ -> None)
                        Choice1Of2
                    case
                        paids
                        "paid"
                        (function
                        | Choice2Of2 paid -> Some paid
                        | _ -> None)
                        Choice2Of2
                ]

            isTrueFor "the first" (text(codec.Encode(Choice1Of2 pay)).StartsWith("{\"$redacted\":", StringComparison.Ordinal))
            equal """{"digits":1,"number":"1"}""" (text (codec.Encode(Choice2Of2 { number = "1"; digits = 1 }))))

        testCase "what is no path is refused, and what is no JSON is not written" (fun () ->
            for path in [ ""; "a"; "$"; "$.a..b"; "$.a[0]" ] do
                throws<ArgumentException>(fun () -> Codec.redact [ path ] pays |> ignore) |> ignore

            let lines = Codec.redact [ "$.a" ] (Codec.text "text")
            isTrueFor "it says why" ((text (lines.Encode secret)).Contains("no JSON", StringComparison.Ordinal))
            isTrueFor "and not what" (not ((text (lines.Encode secret)).Contains(secret, StringComparison.Ordinal))))

        testCase "a redacted command is decided as it was given, folded when the run is verified, and never matched" (fun () ->
            let recorder = start "r" |> executeAll redacted stream [ pay; { pay with amount = 0 } ]
            let folded = Replay.fold redacted (Replay.beginning redacted) (entriesOf stream recorder.Journal)
            equal ("[redacted]", 1L, true) (folded.State, folded.Redacted, folded.Matched)
            let report = verify redacted recorder
            equal (ReplayVerdict.Incomplete, 2L, None) (report.Verdict, report.NotRedecidable, report.Divergence)

            let other = {
                redacted with
                    Decider = { redacted.Decider with Decide = fun _ _ _ -> Ok [] }
            }

            equal ReplayVerdict.Incomplete (verify other recorder).Verdict)

        testCase "a run of which events only are redacted is decided again" (fun () ->
            let aggregate = wallet pays (Codec.redact [ "$.number" ] paids)

            let report =
                start "r" |> executeAll aggregate stream [ pay; { pay with amount = 0 } ] |> verify aggregate

            equal (ReplayVerdict.Matched, 0L) (report.Verdict, report.NotRedecidable))

        testCase "what a codec with redaction is made a part of redacts as it does" (fun () ->
            let one = Codec.redact [ "$.card.number" ] pays
            let both = Codec.union [ Codec.case "pay" Some id one ]

            for codec in
                [
                    Codec.map id id one
                    Codec.withVersion "pay" 2 one
                    both
                    Codec.map id id both
                    Codec.redact [ "$.card.holder" ] one
                    Codec.redact [ "$.card.holder" ] (Codec.map id id one)
                    Codec.redact [ "$.none" ] both
                    Codec.withUpcast "pay" 1 Ok (Codec.withVersion "pay" 2 one)
                ] do
                let told = ResizeArray<string>()
                let tell (json: ReadOnlyMemory<byte>) = told.Add(Text.Encoding.UTF8.GetString json.Span)
                let recorded = CodecEncode.by codec.Encode (Writing.Recorded tell) pay
                isTrueFor "it redacts" (CodecEncode.redacts codec)
                isTrueFor "what it replaces is told" (told.Contains("\"" + secret + "\""))
                equal (text (codec.Encode pay)) (text recorded)
                isTrueFor "nothing of it is written" (not ((text recorded).Contains(secret, StringComparison.Ordinal)))
                equal (text (pays.Encode pay)) (text (CodecEncode.by codec.Encode Writing.Whole pay))
                let value result = Result.defaultWith (fun (error: CodecError) -> failwith (error.ToString())) result
                let encoded = value recorded

                let unreplaced = {
                    encoded with
                        Payload = Redaction.wrap (value (pays.Encode pay)).Payload.Memory
                }

                isTrueFor "its mark is known" (CodecEncode.isRedacted codec encoded)

                isTrueFor "another is not" (not (CodecEncode.isRedacted codec unreplaced))

                let aggregate = wallet codec (Codec.redact [ "$.number" ] paids)
                let report = start "r" |> executeAll aggregate stream [ pay ] |> verify aggregate
                equal (ReplayVerdict.Incomplete, 1L) (report.Verdict, report.NotRedecidable))

        testCase "every member of an object is meant by a star, as every item of an array" (fun () ->
            let redact path (json: string) =
                let paths = [ Redaction.tryPath path |> Option.get ]

                match Redaction.apply ignore paths (Bytes.OfText json).Memory with
                | Ok(ValueSome replaced) -> Text.Encoding.UTF8.GetString replaced.Span
                | _ -> json

            let mark = "\"[redacted]\""
            equal ("{\"a\":{\"x\":" + mark + ",\"y\":" + mark + "}}") (redact "$.a[*]" """{"a":{"x":1,"y":[2]}}""")
            equal ("{\"a\":{\"x\":{\"s\":" + mark + ",\"t\":1}}}") (redact "$.a.*.s" """{"a":{"x":{"s":1,"t":1}}}""")
            equal ("[{\"s\":" + mark + "}]") (redact "$.*.s" """[{"s":1}]"""))

        testCase "the form of redacted payloads is refused to values of users, by every codec" (fun () ->
            let raw =
                Codec.create "raw" 1 (fun (text: string) -> Ok(Bytes.OfText text)) (fun payload -> Ok(payload.ToText()))

            let honest = """{"$redacted":{"a":1}}"""

            for codec in
                [
                    raw
                    Codec.map id id raw
                    Codec.redact [ "$.a" ] raw
                    Codec.redact [ "$.b" ] raw
                ] do
                match CodecEncode.record codec honest with
                | Error(CodecError.Unencodable("raw", _)) -> ()
                | other -> failtest (text other)

            // Others look like it only.
            for json in [ """{"$redacted":1,"a":2}"""; """{ "$redacted":1}"""; """[{"$redacted":1}]""" ] do
                equal json (text (CodecEncode.record raw json))

            let aggregate =
                Aggregate.create
                    "raw"
                    {
                        Initial = ""
                        Decide = (fun _ _ text -> Ok [ text ])
                        Evolve = fun _ text -> text
                    }
                    raw
                    raw
                    raw

            match stepOf aggregate (StreamId.Create "raw/1") honest (start "r") with
            | Error(StepError.Codec("the command", CodecError.Unencodable _)) -> ()
            | other -> failtest $"{other}")

        testCase "a mark on a payload of a codec that redacts nothing there is a difference, not an excuse" (fun () ->
            let recorder = start "r" |> executeAll (wallet pays paids) stream [ { pay with amount = 7 } ]

            let mark (data: EntryData) =
                match (JsonReader data.Payload.Memory).Members() with
                | [ "data", command; "stream", _ ]
                | [ "stream", _; "data", command ] ->
                    let encoded = { Type = data.Type; SchemaVersion = 1; Payload = Redaction.wrap command }
                    { data with Payload = Envelope.write stream encoded.Payload }
                | _ -> failwith "no command"

            for commands in [ pays; Codec.redact [ "$.none" ] pays; Codec.redact [ "$.card.number" ] pays ] do
                let report = recorder |> changedAt 2L mark |> verify (wallet commands paids)
                equal ReplayVerdict.Diverged report.Verdict)
    ]

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
    ]

// Verifying runs that send: every message is made again and compared, and one that is missing, added or changed is named.
// Run by `dotnet test`.
module Refold.Core.Tests.MessageVerifyTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Core.Tests.DivergenceTests
open Refold.Support.Recording
open Refold.Support

/// Positions: 1 started; 2 command, 3 event, 4 payment, 5 mail; 6 command, 7 mail; 8 command (shop/2), 9 event, 10 payment, 11 mail;
/// 12 command, 13 event, 14 and 15 mails; 16 command, 17 refusal.
let private recorded () =
    start "r"
    |> executeAll Shop.aggregate Shop.shop [ Shop.Buy 3; Shop.Remind ]
    |> execute Shop.aggregate Shop.other (Shop.Buy 4)
    |> executeAll Shop.aggregate Shop.shop [ Shop.Ship 2; Shop.Ship 1 ]

let private change position change = recorded () |> changedAt position change |> differs Shop.aggregate

let private without position (recorder: Recorder) =
    let gone =
        Journal.readAll 1L Int32.MaxValue recorder.Journal |> List.find (fun entry -> entry.Position = position)

    let rewrite (entry: Entry) =
        if entry.Position = position then
            None
        elif entry.Data.Stream.Equals gone.Data.Stream && entry.Version > gone.Version then
            Some { entry with Version = entry.Version - 1L }
        else
            Some entry

    { recorder with Journal = rewritten rewrite recorder.Journal }

let private mailOf recorder index = entriesOf Shop.mailStream recorder.Journal |> List.item index

[<Tests>]
let tests =
    testList "Delivery / verification" [
        testCase "messages of several streams, interleaved, are made again and match" (fun () ->
            let report = verify Shop.aggregate (recorded ())
            equal ReplayVerdict.Matched report.Verdict
            // Three events, a refusal, seven messages.
            equal (11L, 5L) (report.Derived, report.External)
            let hash = report.StateHash
            let ended = recorded () |> finishWith hash [ Shop.shop; Shop.other ]
            let report = verify Shop.aggregate ended
            equal (ReplayVerdict.Matched, []) (report.Verdict, report.Findings))

        testCase "messages of other runs between them are neither compared nor counted" (fun () ->
            let one = recorded ()
            let two = startIn one.Journal RecordMode.Record "s" |> execute Shop.aggregate Shop.other Shop.Remind
            let back = { one with Journal = two.Journal } |> execute Shop.aggregate Shop.shop Shop.Remind
            equal (ReplayVerdict.Matched, 12L) (let report = verify Shop.aggregate back in report.Verdict, report.Derived)
            equal (ReplayVerdict.Matched, 1L) (let report = verify Shop.aggregate two in report.Verdict, report.Derived))

        testCase "a changed message is named with its position, its field, expected and actual" (fun () ->
            let replaced (older: string) (newer: string) (data: EntryData) = {
                data with
                    Payload = Bytes.OfText(data.Payload.ToText().Replace(older, newer))
            }

            let found = change 10L (replaced "\"Charge\":4" "\"Charge\":5")
            equal (DivergenceCause.Payload, 10L, "/data/data/Charge") (place found)
            equal ("5", "4") (found.Expected, found.Actual)
            equal Shop.paymentStream found.Stream
            isTrue found.Command.IsSome
            equal (DivergenceCause.Payload, 4L, "/data/recipient") (place (change 4L (replaced "bank" "tank")))
            equal (DivergenceCause.Payload, 5L, "/data/deliverAfter") (place (change 5L (replaced "13:00" "14:00")))
            equal (DivergenceCause.Payload, 14L, "/data/ordinal") (place (change 14L (replaced "\"ordinal\":1" "\"ordinal\":7")))
            equal (DivergenceCause.Type, 4L, "/type") (place (change 4L (fun data -> { data with Type = "x" })))
            equal (DivergenceCause.Type, 4L, "/role") (place (change 4L (fun data -> { data with Role = Role.Event })))
            equal (DivergenceCause.Type, 4L, "/role") (place (change 4L (fun data -> { data with Role = Role.Fact })))
            equal (DivergenceCause.Tagging, 4L, "/tags/0") (place (change 4L (fun data -> { data with Tags = [ Tag.Create "t" ] })))
            equal (DivergenceCause.Header, 4L, "/run") (place (change 4L (fun data -> { data with Run = None })))
            equal (DivergenceCause.Header, 4L, "/causationId") (place (change 4L (fun data -> { data with CausationId = None })))
            equal (DivergenceCause.Header, 4L, "/time") (place (change 4L (fun data -> { data with Time = None })))
            equal (DivergenceCause.Header, 4L, "/id") (place (change 4L (fun data -> { data with Id = None })))
            equal (DivergenceCause.Header, 4L, "/schemaVersion") (place (change 4L (fun data -> { data with SchemaVersion = 2 }))))

        testCase "a message in another outbox than it was sent through is named" (fun () ->
            let elsewhere = StreamId.Create "$outbox/other"
            let found = change 4L (fun data -> { data with Stream = elsewhere })
            equal (DivergenceCause.Header, 4L, "/stream") (place found)
            let found = change 4L (fun data -> { data with Stream = StreamId.Create "elsewhere" })
            equal (DivergenceCause.Unexpected, 4L) (found.Cause, found.Position))

        testCase "a missing message is named where it was" (fun () ->
            let found = recorded () |> without 14L |> differs Shop.aggregate
            equal (DivergenceCause.Unexpected, 15L, "") (place found)
            equal ("absent", Shop.mailStream) (found.Expected, found.Stream)
            isTrue (found.Actual.Contains "\"ordinal\":1")
            // A whole outbox.
            let found = recorded () |> without 4L |> without 10L |> differs Shop.aggregate
            equal (DivergenceCause.Unexpected, 5L) (found.Cause, found.Position))

        testCase "an added message under the run's name is named, whatever it says of its cause" (fun () ->
            let recorder = recorded ()
            let genuine = (mailOf recorder 0).Data

            let added change = recorder |> appendOwn [ change genuine ] |> differs Shop.aggregate
            equal (DivergenceCause.Unexpected, 18L, "") (place (added id))
            let stray = added (fun data -> { data with CausationId = None; Id = None })
            equal (DivergenceCause.Unexpected, 18L, "") (place stray)
            equal "no command made it" stray.Actual

            equal
                (DivergenceCause.Unexpected, 18L)
                (let found = added (fun data -> { data with CausationId = Some(Guid.NewGuid()) }) in found.Cause, found.Position)
            // One of nobody is nobody's.
            isTrue (recorder |> appendOwn [ { genuine with Run = None; CausationId = None } ] |> verify Shop.aggregate).Matched)

        testCase "a rule that sends otherwise, more or nothing is told" (fun () ->
            let ruled change step state command =
                let decision = Shop.decide step state command
                Decision.withMessages (change decision.Messages) decision

            let under change = recorded () |> differs (Shop.ruledBy (ruled change))
            equal (DivergenceCause.Missing, 4L, "") (place (under (fun _ -> [])))
            equal (DivergenceCause.Missing, 5L, "") (place (under (List.truncate 1)))
            let found = under (fun messages -> messages @ List.truncate 1 messages)
            equal (DivergenceCause.Unexpected, 5L) (found.Cause, found.Position)
            equal (DivergenceCause.Header, 4L, "/stream") (place (under List.rev)))

        testCase "a decision that sends otherwise each time is unstable" (fun () ->
            let mutable asked = 0

            let unstable _ _ _ =
                asked <- asked + 1
                Decision.accept [] |> Decision.send Shop.mails (string<int> asked)

            equal DivergenceCause.Unstable (recorded () |> differs (Shop.ruledBy unstable)).Cause)

        testCase "a message of an older schema version is compared as its codec writes it now" (fun () ->
            let upgraded =
                Codec.json<Shop.Payment> "payment"
                |> Codec.withVersion "payment" 2
                |> Codec.withUpcast "payment" 1 (fun payload -> Ok(Bytes.OfText(payload.ToText().Replace("bought", "sold"))))

            let outbox = Outbox.create "payments" upgraded

            let decide (step: Step) state command : Decision<Shop.Event, Shop.Refusal> =
                match command with
                | Shop.Buy amount ->
                    Decision.accept [ Shop.Bought amount ]
                    |> Decision.send outbox { Shop.Charge = amount; Shop.Note = "sold" }
                    |> Decision.toRecipient "bank"
                    |> Decision.causedBy 0
                    |> Decision.send Shop.mails "thank you"
                    |> Decision.deliverAfter (step.Now.AddHours 1.0)
                | _ -> Shop.decide step state command

            let report = recorded () |> verify (Shop.ruledBy decide)
            equal ReplayVerdict.Matched report.Verdict

            isTrue (
                report.Findings
                |> List.exists (function
                    | ReplayFinding.NotCompared("bytes of an older schema version", 2L, _) -> true
                    | _ -> false)
            ))

        testCase "messages that were deleted with the beginning of their outbox are listed as not compared" (fun () ->
            let recorder = recorded ()
            let deleted = { recorder with Journal = Journal.deleteTo Shop.mailStream 2L recorder.Journal }
            let report = verify Shop.aggregate deleted
            equal ReplayVerdict.Matched report.Verdict
            isTrue (List.contains "deleted messages of 2 entries were not compared: position 2, 6" (report.Findings |> List.map string))

            let all = {
                recorder with
                    Journal = Journal.deleteTo Shop.mailStream 99L recorder.Journal
            }

            equal ReplayVerdict.Matched (verify Shop.aggregate all).Verdict
            // Behind what was deleted nothing may be missing.
            equal DivergenceCause.Unexpected (deleted |> without 15L |> differs Shop.aggregate).Cause)

        testCase "messages of a redacted command stand as recorded, and what is wrong with them is still found" (fun () ->
            let hiding = {
                Shop.aggregate with
                    Commands = Shop.aggregate.Commands |> Codec.redact [ "$.amount" ]
            }

            let recorder = start "r" |> executeAll hiding Shop.shop [ Shop.Buy 3; Shop.Remind ]
            let report = verify hiding recorder
            equal (ReplayVerdict.Incomplete, 1L) (report.Verdict, report.NotRedecidable)
            let changed = recorder |> changedAt 4L (fun data -> { data with CorrelationId = None })
            equal (DivergenceCause.Header, 4L, "/correlationId") (place (differs hiding changed))
            let garbage = recorder |> changedAt 4L (fun data -> { data with Payload = Bytes.OfText "7" })
            equal (DivergenceCause.Undecodable, 4L) (let found = differs hiding garbage in found.Cause, found.Position)

            let later (data: EntryData) = {
                data with
                    Payload = Bytes.OfText(data.Payload.ToText().Replace("\"ordinal\":1", "\"ordinal\":3"))
            }

            equal (DivergenceCause.Payload, 4L, "/data/ordinal") (place (recorder |> changedAt 4L later |> differs hiding)))

        testCase "messages of commands before a given snapshot are passed over with them" (fun () ->
            let recorder = recorded ()
            let run = InMemoryRun.startIn recorder.Journal Shop.aggregate pin "t"

            let stepped =
                run
                |> InMemoryRun.execute Shop.shop recorder.Clock (Shop.Buy 7)
                |> InMemoryRun.execute Shop.shop recorder.Clock Shop.Remind

            isTrue (InMemoryRun.verify (InMemoryRun.finish stepped)).Matched)

        testCase "folding an aggregate's stream never meets a message, and one there is counted, not applied" (fun () ->
            let recorder = recorded ()
            let message = { (mailOf recorder 0).Data with Stream = Shop.shop; Run = None }

            let folded =
                Replay.fold Shop.aggregate (Replay.beginning Shop.aggregate) (entriesOf Shop.shop (appendOwn [ message ] recorder).Journal)

            equal (1L, None) (folded.Checked, folded.Divergence))
    ]

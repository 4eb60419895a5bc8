// What a reader found who tried to get wrong runs through, and honest ones accused.
// Run by `dotnet test`.
module Refold.Core.Tests.MessageBreakTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Core.Tests.DivergenceTests
open Refold.Support.Recording
open Refold.Support

let private hiding = {
    Shop.aggregate with
        Commands = Shop.aggregate.Commands |> Codec.redact [ "$.amount" ]
}

let private hidingMany = {
    Shop.aggregate with
        Commands = Shop.aggregate.Commands |> Codec.redact [ "$.many" ]
}

/// The journal with entries appended again one by one in another order, each a batch of its own; places are given anew.
let private reordered (order: Entry list -> Entry list) (recorder: Recorder) : Recorder =
    let entries = Journal.readAll 1L Int32.MaxValue recorder.Journal |> order
    let append journal (entry: Entry) = appendRequest (Append.request [ entry.Data ]) journal
    { recorder with Journal = List.fold append Journal.empty entries }

[<Tests>]
let tests =
    testList "Delivery / found by a reader" [
        testCase "a message that lies before its command is named" (fun () ->
            let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Remind; Shop.Remind ]
            // 1 started; 2 command, 3 mail; 4 command, 5 mail. The second mail comes before its command.
            let earlier (entries: Entry list) = [ for index in [ 0; 1; 2; 4; 3 ] -> entries[index] ]
            isTrue (verify Shop.aggregate (reordered id recorder)).Matched
            equal ReplayVerdict.Diverged (verify Shop.aggregate (reordered earlier recorder)).Verdict)

        testCase "a message that lies before the run's start is named" (fun () ->
            let recorder = start "r" |> execute Shop.aggregate Shop.shop Shop.Remind
            let earlier (entries: Entry list) = [ for index in [ 2; 0; 1 ] -> entries[index] ]
            equal ReplayVerdict.Diverged (verify Shop.aggregate (reordered earlier recorder)).Verdict)

        testCase "a redacted command is not accused where one of its outboxes was deleted" (fun () ->
            let recorder = start "r" |> executeAll hiding Shop.shop [ Shop.Buy 3; Shop.Buy 4; Shop.Buy 5 ]
            equal ReplayVerdict.Incomplete (verify hiding recorder).Verdict

            let deleted = {
                recorder with
                    Journal = Journal.deleteTo Shop.paymentStream 1L recorder.Journal
            }

            equal None (verify hiding deleted).Divergence
            // The payment of the third lies behind the first that is left, and so must be there: its mail at 13 tells.
            let lacking =
                deleted.Journal |> rewritten (fun entry -> if entry.Position = 12L then None else Some entry)

            let found = (verify hiding { deleted with Journal = lacking }).Divergence.Value
            equal (13L, "/data/ordinal") (found.Position, found.Path))

        testCase "deleted messages of a redacted command are listed as not compared, where those behind them tell" (fun () ->
            let recorder = start "r" |> executeAll hiding Shop.shop [ Shop.Buy 3; Shop.Buy 4 ]

            let deleted = {
                recorder with
                    Journal = Journal.deleteTo Shop.paymentStream 1L recorder.Journal
            }

            let report = verify hiding deleted
            equal None report.Divergence
            isTrue (report.Findings |> List.exists (fun found -> found.ToString().Contains "nothing vouches for what they sent"))

            isTrue (
                report.Findings
                |> List.exists (function
                    | ReplayFinding.NotCompared("deleted messages", 1L, _) -> true
                    | _ -> false)
            ))

        testCase "a message of a redacted command that was refused is named: a refusal sends nothing" (fun () ->
            let recorder = start "r" |> execute hidingMany Shop.shop (Shop.Ship 2)
            let refused = verify hidingMany recorder
            equal ReplayVerdict.Incomplete refused.Verdict
            let commanded = entriesOf recorder.Context.Run.Stream recorder.Journal |> List.item 1
            let command = Entry.id commanded

            let content: MessageContent = {
                Ordinal = 1
                Recipient = None
                DeliverAfter = None
                Event = None
                Data = Bytes.OfText "forged"
            }

            let forged = {
                EntryData.create Shop.mailStream Role.Message "mail" (MessageContent.write content) with
                    Time = commanded.Data.Time
                    Run = Some recorder.Context.Run
                    CausationId = Some command
                    CorrelationId = Some command
                    Id = Some(MessageContent.idOf command 1 Shop.shop 0L commanded.Data.Time.Value)
            }

            equal ReplayVerdict.Diverged (recorder |> appendOwn [ forged ] |> verify hidingMany).Verdict)

        testCase "a run that sends is not accused where its messages are not looked for" (fun () ->
            let recorder = start "r" |> execute Shop.aggregate Shop.shop (Shop.Buy 3)
            let read stream = Seq.ofList (entriesOf stream recorder.Journal)
            let input = Replay.input recorder.Context.Run (read recorder.Context.Run.Stream) read
            let report = Replay.verify [ Replay.verifier Shop.aggregate ] input
            equal None report.Divergence
            isTrue (List.contains "messages of 1 entry was not compared: position 2" (report.Findings |> List.map string))
            // One that was looked for and has none is another thing.
            let none = Replay.verify [ Replay.verifier Shop.aggregate ] { input with Scan = Seq.empty }
            equal ReplayVerdict.Diverged none.Verdict)

        testCase "upcast messages are counted where one before them was deleted" (fun () ->
            let upgraded =
                Outbox.create "mails" (Codec.text "mail" |> Codec.withVersion "mail" 2 |> Codec.withUpcast "mail" 1 Ok)

            let decide (step: Step) state command : Decision<Shop.Event, Shop.Refusal> =
                match command with
                | Shop.Buy amount ->
                    Decision.accept [ Shop.Bought amount ]
                    |> Decision.send Shop.payments { Shop.Charge = amount; Shop.Note = "bought" }
                    |> Decision.toRecipient "bank"
                    |> Decision.causedBy 0
                    |> Decision.send upgraded "thank you"
                    |> Decision.deliverAfter (step.Now.AddHours 1.0)
                | _ -> Shop.decide step state command

            let recorder = start "r" |> execute Shop.aggregate Shop.shop (Shop.Buy 3)

            let deleted = {
                recorder with
                    Journal = Journal.deleteTo Shop.paymentStream 1L recorder.Journal
            }

            let report = verify (Shop.ruledBy decide) deleted
            equal ReplayVerdict.Matched report.Verdict

            isTrue (
                report.Findings
                |> List.exists (function
                    | ReplayFinding.NotCompared("bytes of an older schema version", 1L, _) -> true
                    | _ -> false)
            ))

        testCase "an outbox that began anew: its command does not choose which store's numbers it gets" (fun () ->
            let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Buy 3; Shop.Remind; Shop.Ship 2 ]
            isTrue (verify Shop.aggregate (reordered id recorder)).Matched)

        testCase "a message whose codec renamed its type with a new schema version is compared as it is written now" (fun () ->
            let plain = Codec.text "letter" |> Codec.withVersion "letter" 2

            let renamed = {
                plain with
                    Decode =
                        fun encoded ->
                            if encoded.Type = "mail" && encoded.SchemaVersion = 1 then
                                Ok(encoded.Payload.ToText())
                            else
                                plain.Decode encoded
            }

            let outbox = Outbox.create "mails" renamed

            let decide (step: Step) state command : Decision<Shop.Event, Shop.Refusal> =
                match command with
                | Shop.Remind -> Decision.accept [] |> Decision.send outbox "think of us"
                | _ -> Shop.decide step state command

            let recorder = start "r" |> execute Shop.aggregate Shop.shop Shop.Remind
            equal None (verify (Shop.ruledBy decide) recorder).Divergence)

        testCase "control: an event whose codec renamed its type with a new schema version is compared as it is written now" (fun () ->
            let plain = Codec.json<Shop.Event> "event"
            let first = start "r" |> execute Shop.aggregate Shop.shop (Shop.Buy 1)
            let was = (entriesOf Shop.shop first.Journal).Head.Data.Type

            let renamed = {
                Encode =
                    fun event -> plain.Encode event |> Result.map (fun encoded -> { encoded with Type = "renamed"; SchemaVersion = 2 })
                Decode =
                    fun encoded ->
                        if (encoded.Type = was && encoded.SchemaVersion = 1) || encoded.Type = "renamed" then
                            plain.Decode { encoded with Type = was; SchemaVersion = 1 }
                        else
                            plain.Decode encoded
            }

            equal None (verify { Shop.aggregate with Events = renamed } first).Divergence)

        testCase "a run is not accused after an export and an import of what is left of its outboxes: part of one" (fun () ->
            let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Remind; Shop.Remind ]
            let deleted = Journal.deleteTo Shop.mailStream 1L recorder.Journal
            isTrue (verify Shop.aggregate { recorder with Journal = rewritten Some deleted }).Matched)

        testCase "a run is not accused after an export and an import of what is left of its outboxes: nothing" (fun () ->
            let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Remind; Shop.Remind ]
            let deleted = Journal.deleteTo Shop.mailStream 2L recorder.Journal
            isTrue (verify Shop.aggregate { recorder with Journal = deleted }).Matched
            isTrue (verify Shop.aggregate { recorder with Journal = rewritten Some deleted }).Matched)

        testCase
            "a message that is missing behind one of its own step that was kept is named: the beginning was deleted before it"
            (fun () ->
                // Mails: 5 of Buy; 8 and 9 of Ship. The first is deleted by retention, the last by somebody.
                let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Buy 3; Shop.Ship 2 ]
                let deleted journal = Journal.deleteTo Shop.mailStream 1L journal
                isTrue (verify Shop.aggregate { recorder with Journal = deleted recorder.Journal }).Matched
                equal [ 8L; 9L ] (entriesOf Shop.mailStream (deleted recorder.Journal) |> List.map _.Position)
                let lacking = rewritten (fun entry -> if entry.Position = 9L then None else Some entry) recorder.Journal
                equal ReplayVerdict.Diverged (verify Shop.aggregate { recorder with Journal = deleted lacking }).Verdict)

        testCase "numbers are not used again after an export and an import" (fun () ->
            let recorder = start "r" |> executeAll Shop.aggregate Shop.shop [ Shop.Remind; Shop.Remind ]
            let deleted = Journal.deleteTo Shop.mailStream 2L recorder.Journal

            let next =
                { recorder with Journal = rewritten Some deleted } |> execute Shop.aggregate Shop.shop Shop.Remind

            equal 3L (entriesOf Shop.mailStream next.Journal |> List.last).Version)
    ]

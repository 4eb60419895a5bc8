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
            let recorder = start "r" |> executeAll hiding Shop.shop [ Shop.Buy 3 ]
            equal ReplayVerdict.Incomplete (verify hiding recorder).Verdict

            let deleted = {
                recorder with
                    Journal = Journal.deleteTo Shop.paymentStream 1L recorder.Journal
            }

            equal None (verify hiding deleted).Divergence)

        testCase "deleted messages of a redacted command are listed as not compared" (fun () ->
            let recorder = start "r" |> executeAll hiding Shop.shop [ Shop.Buy 3 ]

            let deleted = {
                recorder with
                    Journal = Journal.deleteTo Shop.mailStream 1L recorder.Journal
            }

            let report = verify hiding deleted
            equal None report.Divergence

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
            equal None (Replay.verify [ Replay.verifier Shop.aggregate ] input).Divergence)

        testCase "upcast messages are counted where one before them was deleted" (fun () ->
            let upgraded = Outbox.create "mails" (Codec.text "mail" |> Codec.withVersion "mail" 2 |> Codec.withUpcast "mail" 1 Ok)

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
                    fun event ->
                        plain.Encode event
                        |> Result.map (fun encoded -> { encoded with Type = "renamed"; SchemaVersion = 2 })
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

        testCase "a message that is missing behind one of its own step that was kept is named: the beginning was deleted before it" (fun () ->
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

let private interleaved () =
    let run name journal = startIn journal RecordMode.Record name
    let r = run "r" Journal.empty
    let s = run "s" r.Journal
    let on (other: Recorder) (recorder: Recorder) = { recorder with Journal = other.Journal }
    let does stream command recorder = execute Shop.aggregate stream command recorder
    let r = r |> on s |> does Shop.shop (Shop.Buy 3)
    let s = s |> on r |> does Shop.other (Shop.Buy 3)
    let r = r |> on s |> does Shop.shop Shop.Remind
    let s = s |> on r |> does Shop.shop Shop.Remind
    let s = s |> does Shop.other (Shop.Ship 0)
    let r = r |> on s |> does Shop.shop (Shop.Ship 2)
    let r = r |> does Shop.other (Shop.Ship 1)
    let s = s |> on r |> does Shop.shop (Shop.Buy 3)
    let r = r |> on s |> does Shop.shop Shop.Remind
    r.Journal

let private verdict name (journal: Journal) =
    (Replay.verify [ Replay.verifier Shop.aggregate ] (inputOf (RunId.Create name) journal)).Verdict

// Places anew: positions dense, versions in order; batches as `batchOf` says, by place.
let private placed (batchOf: int -> Entry -> int64) (entries: Entry list) : Journal =
    let highest = System.Collections.Generic.Dictionary<StreamId, int64>()

    entries
    |> List.mapi (fun index entry ->
        let version = (match highest.TryGetValue entry.Data.Stream with | true, found -> found | false, _ -> 0L) + 1L
        highest[entry.Data.Stream] <- version
        { entry with Position = int64 index + 1L; Version = version; Batch = batchOf index entry })
    |> List.groupBy _.Batch
    |> List.fold
        (fun journal (_, batch) ->
            match Journal.restore batch journal with
            | Ok(_, journal) -> journal
            | Error error -> failwith (error.ToString()))
        Journal.empty

let private alone index (_: Entry) = int64 index + 1L
let private together _ (_: Entry) = 1L

// As it was, for edits that keep the number of entries.
let private asBefore (_: int) (entry: Entry) = entry.Batch

[<Tests>]
let edits =
    testList "Delivery / every edit of every message" [
        testCase "honest forms match" (fun () ->
            let entries = Journal.readAll 1L Int32.MaxValue (interleaved ())

            for form in [ alone; together; asBefore ] do
                for name in [ "r"; "s" ] do
                    equal ReplayVerdict.Matched (verdict name (placed form entries)))

        testCase "every edit is found in the run whose it is, and in no other" (fun () ->
            let entries = Journal.readAll 1L Int32.MaxValue (interleaved ())
            let wrong = ResizeArray<string>()
            let mutable tried = 0

            let check what form owner (mayBlameOther: bool) (edited: Entry list) =
                tried <- tried + 1
                let other = if owner = "r" then "s" else "r"

                match (try Ok(placed form edited) with error -> Error error.Message) with
                | Error _ -> ()
                | Ok journal ->
                    if verdict owner journal <> ReplayVerdict.Diverged then
                        wrong.Add(what + ": not found in " + owner)

                    if not mayBlameOther && verdict other journal <> ReplayVerdict.Matched then
                        wrong.Add(what + ": " + other + " accused")

            let messages = entries |> List.filter (fun entry -> entry.Data.Role = Role.Message)

            for at in messages do
                let data = at.Data
                let owner = data.Run.Value.Value
                let other = if owner = "r" then "s" else "r"
                let set data = entries |> List.map (fun entry -> if entry.Position = at.Position then { entry with Data = data } else entry)
                let text = data.Payload.ToText()

                let fields = [
                    for index in 0 .. text.Length - 1 do
                        "payload byte " + string<int> index,
                        false,
                        { data with Payload = Bytes.OfText(text.Remove(index, 1).Insert(index, (if text[index] = 'x' then "y" else "x"))) }
                    "type", false, { data with Type = data.Type + "x" }
                    "schema 2", false, { data with SchemaVersion = 2 }
                    "tags", false, { data with Tags = [ Tag.Create "t" ] }
                    "no time", false, { data with Time = None }
                    "time", false, { data with Time = Some(data.Time.Value.AddTicks 1L) }
                    "no id", false, { data with Id = None }
                    "id", false, { data with Id = Some(Guid.NewGuid()) }
                    "correlation", false, { data with CorrelationId = Some(Guid.NewGuid()) }
                    "no correlation", false, { data with CorrelationId = None }
                    "causation", false, { data with CausationId = Some(Guid.NewGuid()) }
                    "no causation", false, { data with CausationId = None }
                    "no run", false, { data with Run = None }
                    "other run", true, { data with Run = Some(RunId.Create other) }
                    "unknown run", false, { data with Run = Some(RunId.Create "t") }
                    "no run, no causation", false, { data with Run = None; CausationId = None }
                    for role in Role.all do
                        if role <> Role.Message then
                            "role " + Role.name role, false, { data with Role = role }
                            "role " + Role.name role + ", no causation", false, { data with Role = role; CausationId = None }
                            "role " + Role.name role + ", no run", false, { data with Role = role; Run = None }
                    for stream in [ "$outbox/x"; "$outbox-log/mails"; "$run/r"; "$run/s"; "$fx/r"; "$fx/s"; "shop/1"; "shop/2"; "else"; "$outbox/mails"; "$outbox/payments" ] do
                        if stream <> data.Stream.Value then
                            "stream " + stream, stream.EndsWith other || stream.StartsWith "shop", { data with Stream = StreamId.Create stream }
                ]

                for form, formName in [ asBefore, "as before"; alone, "alone"; together, "together" ] do
                    let what name = formName + ", message at " + string<int64> at.Position + ": " + name

                    for name, mayBlame, changed in fields do
                        check (what name) form owner mayBlame (set changed)

                for form, formName in [ alone, "alone"; together, "together" ] do
                    let what name = formName + ", message at " + string<int64> at.Position + ": " + name
                    let without = entries |> List.filter (fun entry -> entry.Position <> at.Position)
                    check (what "deleted") form owner false without

                    // Its window: behind its command, before the run's next entry.
                    let command = entries |> List.find (fun entry -> Some(Entry.id entry) = data.CausationId)

                    let until =
                        entries
                        |> List.tryFind (fun entry -> entry.Position > command.Position && entry.Data.Stream = command.Data.Stream)
                        |> Option.map _.Position
                        |> Option.defaultValue Int64.MaxValue

                    let step =
                        messages
                        |> List.filter (fun entry -> entry.Data.CausationId = data.CausationId && entry.Position <> at.Position)

                    for target in 0 .. without.Length do
                        let before, behind = List.splitAt target without
                        let isBehind position = before |> List.exists (fun (entry: Entry) -> entry.Position = position)
                        let isOutside = not (isBehind command.Position) || (until < Int64.MaxValue && isBehind until)

                        let isMisordered =
                            step |> List.exists (fun other -> (other.Position < at.Position) <> isBehind other.Position)

                        if isOutside || isMisordered then
                            check (what ("moved to " + string<int> target)) form owner false (before @ [ at ] @ behind)

                    for target in 0 .. entries.Length do
                        let before, behind = List.splitAt target entries
                        check (what ("doubled at " + string<int> target)) form owner false (before @ [ at ] @ behind)

                    for other in messages do
                        if other.Position > at.Position && other.Data.Run = data.Run then
                            let swapped =
                                entries
                                |> List.map (fun entry ->
                                    if entry.Position = at.Position then other
                                    elif entry.Position = other.Position then at
                                    else entry)

                            check (what ("swapped with " + string<int64> other.Position)) form owner false swapped

                // What is left behind a deletion is compared as ever.
                for stream in [ Shop.mailStream; Shop.paymentStream ] do
                    for floor in 1L .. 7L do
                        let deleted edited = Journal.deleteTo stream floor (placed asBefore edited)

                        if at.Position = messages.Head.Position then
                            for name in [ "r"; "s" ] do
                                if verdict name (deleted entries) <> ReplayVerdict.Matched then
                                    wrong.Add(sprintf "%s accused, %O deleted to %d" name stream floor)

                        if not (data.Stream.Equals stream && at.Version <= floor) then
                            for name, _, changed in fields do
                                if not (name.StartsWith "payload byte") || name.EndsWith "5" then
                                    tried <- tried + 1
                                    let journal = deleted (set changed)
                                    // A message that was put into what was deleted is gone with it.
                                    if (Journal.tryEntry at.Position journal).IsSome && verdict owner journal <> ReplayVerdict.Diverged then
                                        wrong.Add(sprintf "%O deleted to %d, message at %d: %s" stream floor at.Position name)

            printfn "tried %d, wrong %d" tried wrong.Count
            isTrue (tried > 5000)
            equal [] (wrong |> Seq.truncate 60 |> List.ofSeq))
    ]

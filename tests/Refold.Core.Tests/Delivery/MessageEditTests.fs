// Every edit of every message of two runs that send into each other's outboxes is found in the run whose it is, and in no other.
// Run by `dotnet test`.
module Refold.Core.Tests.MessageEditTests

open System
open Expecto
open Refold
open Refold.Core
open Refold.Core.Tests.DivergenceTests
open Refold.Support.Recording
open Refold.Support

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
        let version =
            (match highest.TryGetValue entry.Data.Stream with
             | true, found -> found
             | false, _ -> 0L)
            + 1L

        highest[entry.Data.Stream] <- version

        {
            entry with
                Position = int64 index + 1L
                Version = version
                Batch = batchOf index entry
        })
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

                match
                    (try
                        Ok(placed form edited)
                     with error ->
                         Error error.Message)
                with
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

                let set data =
                    entries |> List.map (fun entry -> if entry.Position = at.Position then { entry with Data = data } else entry)

                let text = data.Payload.ToText()

                let fields = [
                    for index in 0 .. text.Length - 1 do
                        "payload byte " + string<int> index,
                        false,
                        {
                            data with
                                Payload = Bytes.OfText(text.Remove(index, 1).Insert(index, (if text[index] = 'x' then "y" else "x")))
                        }
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
                    for stream in
                        [
                            "$outbox/x"
                            "$outbox-log/mails"
                            "$run/r"
                            "$run/s"
                            "$fx/r"
                            "$fx/s"
                            "shop/1"
                            "shop/2"
                            "else"
                            "$outbox/mails"
                            "$outbox/payments"
                        ] do
                        if stream <> data.Stream.Value then
                            "stream " + stream,
                            stream.EndsWith other || stream.StartsWith "shop",
                            { data with Stream = StreamId.Create stream }
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
                                    if
                                        (Journal.tryEntry at.Position journal).IsSome && verdict owner journal <> ReplayVerdict.Diverged
                                    then
                                        wrong.Add(sprintf "%O deleted to %d, message at %d: %s" stream floor at.Position name)

            isTrue (tried > 5000)
            equal [] (wrong |> Seq.truncate 60 |> List.ofSeq))
    ]

// Laws of messages: whatever decisions send, the run verifies; a byte of a message that was changed, and a message that is gone, is found.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.MessageProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Support.Recording
open Refold.Support

/// What a command has sent: the outbox, the text, and what is said of it.
type private Sent = { Outbox: int; Text: string; Recipient: bool; Hours: int; IsCaused: bool }

/// What a command comes to.
type private Command = { Events: int; Sent: Sent list; IsRefused: bool }

let private outboxes = [|
    for name in [ "a"; "b"; "c/d" ] -> Outbox.create name (Codec.text ("mail-" + name))
|]

let private decide (step: Step) (_: int) (command: Command) : Decision<int, string> =
    let send (decision: Decision<int, string>) sent =
        let decision = decision |> Decision.send outboxes[sent.Outbox] sent.Text
        let decision = if sent.Recipient then Decision.toRecipient "somebody" decision else decision

        let decision =
            if sent.Hours > 0 then
                Decision.deliverAfter (step.Now.AddHours(float sent.Hours)) decision
            else
                decision

        if sent.IsCaused && command.Events > 0 then
            Decision.causedBy (command.Events - 1) decision
        else
            decision

    if command.IsRefused then
        Decision.refuse "no"
    else
        List.fold send (Decision.accept [ 1 .. command.Events ]) command.Sent

// Commands are told apart by their text alone, so that the codec is one of text.
let private commandText (command: Command) =
    let sent (sent: Sent) = String.Join(",", sent.Outbox, sent.Text, sent.Recipient, sent.Hours, sent.IsCaused)

    String.Join(";", string<int> command.Events :: string<bool> command.IsRefused :: List.map sent command.Sent)

let private commandOf (text: string) : Command =
    match List.ofArray (text.Split ';') with
    | events :: refused :: sent -> {
        Events = int events
        IsRefused = Boolean.Parse refused
        Sent = [
            for text in sent do
                let parts = text.Split ','

                {
                    Outbox = int parts[0]
                    Text = parts[1]
                    Recipient = Boolean.Parse parts[2]
                    Hours = int parts[3]
                    IsCaused = Boolean.Parse parts[4]
                }
        ]
      }
    | _ -> failwith text

let private aggregate =
    let commands = Codec.text "command" |> Codec.map commandOf commandText
    let events = Codec.int64 "event" |> Codec.map int int64
    Aggregate.create "post" (Decider.sending 0 decide (fun state _ -> state + 1)) commands events (Codec.text "refusal")

let private sent =
    gen {
        let! outbox = Gen.choose (0, outboxes.Length - 1)
        let! text = Gen.elements [ ""; "x"; "a longer one"; "1"; "{\"a\":1}"; "\"é\"" ]
        let! recipient = Gen.elements [ true; false ]
        let! hours = Gen.choose (0, 2)
        let! caused = Gen.elements [ true; false ]

        return {
            Outbox = outbox
            Text = text.Replace(",", "").Replace(";", "")
            Recipient = recipient
            Hours = hours
            IsCaused = caused
        }
    }

let private command =
    gen {
        let! events = Gen.choose (0, 3)
        let! messages = Gen.choose (0, 4) |> Gen.bind (fun count -> Gen.listOfLength count sent)
        let! refused = Gen.frequency [ 5, Gen.constant false; 1, Gen.constant true ]
        return { Events = events; Sent = messages; IsRefused = refused }
    }

let private commands =
    Gen.listOf (Gen.zip (Gen.elements [ "post/1"; "post/2" ] |> Gen.map StreamId.Create) command)

let private forAll generator law = Prop.forAll (Arb.fromGen generator) law

// Two runs that send by turns through the same outboxes.
let private record (commands: (StreamId * Command) list) : Recorder =
    let folder (recorder: Recorder, other: Recorder) (stream, command) =
        let recorder = execute aggregate stream command recorder

        let other =
            { other with Journal = recorder.Journal } |> execute aggregate (StreamId.Create "post/3") command

        { recorder with Journal = other.Journal }, other

    let first = start "r"
    let other = startIn first.Journal RecordMode.Record "other"
    List.fold folder ({ first with Journal = other.Journal }, other) commands |> fst

let private messagesOf (recorder: Recorder) =
    Journal.readAll 1L Int32.MaxValue recorder.Journal
    |> List.filter (fun entry -> entry.Data.Role = Role.Message && entry.Data.Run = Some recorder.Context.Run)

[<Tests>]
let tests =
    testList "Messages" [
        testProperty
            "what decisions send is verified, and numbers of an outbox have no gap"
            (forAll commands (fun commands ->
                let recorder = record commands
                let report = verify aggregate recorder

                let numbers (stream: StreamId) = entriesOf stream recorder.Journal |> List.map _.Version
                let isDense numbers = numbers = [ for number in 1 .. List.length numbers -> int64 number ]

                (commands.IsEmpty || report.Matched)
                && outboxes |> Array.forall (fun outbox -> isDense (numbers outbox.Stream))
                && (messagesOf recorder |> List.map Entry.id |> List.distinct |> List.length) = (messagesOf recorder).Length))

        testProperty
            "one changed byte of a message is found, at that message"
            (forAll (Gen.zip commands (Gen.choose (0, 1_000_000))) (fun (commands, pick) ->
                let recorder = record commands
                let made = messagesOf recorder

                made.IsEmpty
                || (let chosen = made[pick % made.Length]
                    let index = pick / 7 % chosen.Data.Payload.Length

                    let flip (data: EntryData) =
                        let bytes = data.Payload.Span.ToArray()
                        bytes[index] <- bytes[index] ^^^ 1uy
                        { data with Payload = Bytes.Wrap(ReadOnlyMemory bytes) }

                    match (verify aggregate (changedAt chosen.Position flip recorder)).Divergence with
                    | Some found -> found.Position = chosen.Position
                    | None -> false)))

        testProperty
            "a message that is gone is found, and one that is under the run's name and no command sent"
            (forAll (Gen.zip commands (Gen.choose (0, 1_000_000))) (fun (commands, pick) ->
                let recorder = record commands
                let made = messagesOf recorder

                made.IsEmpty
                || (let chosen = made[pick % made.Length]

                    let without (entry: Entry) =
                        if entry.Position = chosen.Position then
                            None
                        elif entry.Data.Stream.Equals chosen.Data.Stream && entry.Version > chosen.Version then
                            Some { entry with Version = entry.Version - 1L }
                        else
                            Some entry

                    let gone = { recorder with Journal = rewritten without recorder.Journal }
                    let more = recorder |> appendOwn [ { chosen.Data with Id = None } ]

                    (verify aggregate gone).Divergence.IsSome
                    && (match (verify aggregate more).Divergence with
                        | Some found -> found.Position = (Journal.head more.Journal).Position
                        | None -> false))))
    ]

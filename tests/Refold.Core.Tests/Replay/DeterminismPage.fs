// The page core/determinism.md as the tests read it: sections, and the divergences each of them promises.
// Called by the tests that provoke them, one for each section and under its name.
module Refold.Core.Tests.DeterminismPage

open System
open System.Text.Json
open System.Text.RegularExpressions
open Refold
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support

/// The page's sections: heading and text.
let sections: (string * string) list =
    Regex.Split(Resources.text "determinism.md", "^## ", RegexOptions.Multiline)
    |> Array.skip 1
    |> Array.map (fun section ->
        let heading = section.Split('\n')[0]
        heading.Trim(), section.Substring heading.Length)
    |> List.ofArray

/// Whether a section says that one machine cannot show its divergence.
let cannotBeProvoked (section: string) = section.Contains("Cannot be provoked on one machine.", StringComparison.Ordinal)

/// Whether a section says that the step fails, and nothing is appended.
let isRefusedAtStep (section: string) = section.Contains("Refused at the step.", StringComparison.Ordinal)

/// Whether a section says that live and replayed state agree, and that a check of codecs finds what is lost.
let isFoundByCheckCodecs (section: string) = section.Contains("Found by `CheckCodecs`.", StringComparison.Ordinal)

/// The divergences that a section promises: cause and path, sorted.
let promised (section: string) : (string * string) list =
    [
        for found in Regex.Matches(section, "`([a-z-]+)` at (?:`([^`]+)`|the entry)") -> found.Groups[1].Value, found.Groups[2].Value
    ]
    |> List.sort

let private found (report: ReplayReport) =
    match report.Divergence with
    | Some divergence -> divergence.Cause.Name, divergence.Path
    | None -> failwith ("no divergence: " + report.ToString())

/// Checks that the reports are what the section with the heading promises: all of it, and nothing else.
let promises (heading: string) (reports: ReplayReport list) : unit =
    match List.tryFind (fun (name, _) -> name = heading) sections with
    | None -> failwith ("The page has no section '" + heading + "'.")
    | Some(_, section) -> equal (promised section) (reports |> List.map found |> List.sort)

let pin = RunPin("notes", "house", "1.0", 42UL, [ Collections.Generic.KeyValuePair("choices", "2") ])

let notes = StreamId.Create "notes/1"

let private time = DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero)

/// A codec of one JSON value.
let jsonText typeName (write: 'Value -> string) (read: string -> 'Value option) : Codec<'Value> =
    textCodec typeName write (fun text ->
        try
            read text
        with :? JsonException ->
            None)

/// Text as one JSON string.
let words typeName : Codec<string> =
    jsonText typeName JsonSerializer.Serialize (fun text -> Option.ofObj (JsonSerializer.Deserialize<string> text))

/// An aggregate over notes of any form, whose state is the list of them.
let notesOf (events: Codec<'Note>) (decide: Step -> 'Note list -> string -> Result<'Note list, string>) =
    { Aggregate.create
          "notes"
          { Initial = []; Decide = decide; Evolve = fun notes note -> notes @ [ note ] }
          (words "ask")
          events
          (words "no") with
        State =
            Some(
                jsonText "notes" (fun (state: 'Note list) -> JsonSerializer.Serialize state) (fun text ->
                    JsonSerializer.Deserialize<'Note list> text |> Option.ofObj)
            )
    }

/// An aggregate that answers every command with one note.
let saying (say: Step -> string) = notesOf (words "note") (fun step _ _ -> Ok [ say step ])

/// A run of two commands, finished.
let record aggregate =
    InMemoryRun.start aggregate pin "run"
    |> InMemoryRun.execute notes time "first"
    |> InMemoryRun.execute notes (time.AddSeconds 1.0) "second"
    |> InMemoryRun.finish

/// Records a run and verifies it with the same program.
let recordAndVerify aggregate = record aggregate |> InMemoryRun.verify

let private textOf (heading: string) = sections |> List.find (fun (name, _) -> name = heading) |> snd

let private step settings (aggregate: Aggregate<_, string, _, _>) =
    let context = Run.context (RunId.Create "run") pin RecordMode.Record
    let before = { Version = 0L; State = aggregate.Decider.Initial; RunVersion = 1L }
    RunStep.make settings context aggregate before (Recording.stepInput notes "first" (Recording.start "run"))

/// Checks that a section says what is so: a step with this aggregate fails at its codec, and the run is as it was.
let isRefused (heading: string) aggregate : unit =
    isTrueFor heading (isRefusedAtStep (textOf heading))
    throws<InvalidOperationException>(fun () -> record aggregate |> ignore) |> ignore

    match step RunStep.plain aggregate with
    | Error(StepError.Codec("the event", CodecError.Unencodable("note", _))) -> ()
    | Error error -> failwith (error.ToString())
    | Ok _ -> failwith "an error was expected"

/// Checks that a section says what is so: the run matches, as live state is replayed state, and checking codecs names the event.
let isFoundByChecking (heading: string) aggregate : unit =
    isTrueFor heading (isFoundByCheckCodecs (textOf heading))
    let run = record aggregate
    isTrueFor heading (InMemoryRun.verify run).Matched
    let folded = Replay.fold aggregate (Replay.beginning aggregate) (InMemoryRun.entries notes run)
    equal folded.State (InMemoryRun.state notes run).State

    match step { RunStep.plain with CheckCodecs = true } aggregate with
    | Error(StepError.Codec("the event", CodecError.Unencodable("note", _))) -> ()
    | Error error -> failwith (error.ToString())
    | Ok _ -> failwith "an error was expected"

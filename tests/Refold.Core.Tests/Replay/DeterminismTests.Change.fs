// What changes in a program between recording and replay, each provoked. The names are core/determinism.md's sections.
// Run by `dotnet test`.
module Refold.Core.Tests.DeterminismChangeTests

open Expecto
open Refold.Core
open Refold.Core.Tests.DeterminismPage
open Refold.Support

let private plain = saying (fun _ -> "a note")

let private deciding decide = notesOf (words "note") (fun _ state command -> decide state command)

// A finished run whose second decision depends on the state.
let private counting =
    deciding (fun (state: string list) _ -> Ok [ if state.IsEmpty then "none" else "some" ])

let private changed change aggregate = { aggregate with Decider = change aggregate.Decider }

[<Tests>]
let tests =
    testList "Replay / what changes between recording and replay" [
        testCase "A changed number of draws" (fun () ->
            let draw words =
                saying (fun step ->
                    for _ in 1..words do
                        step.Random.NextUInt32() |> ignore<uint32>

                    "a note")

            promises "A changed number of draws" [ record (draw 1) |> InMemoryRun.verifyAs (draw 2) ])

        testCase "A changed rule without a new pin version" (fun () ->
            let otherType = notesOf (words "remark") (fun _ _ _ -> Ok [ "a note" ])
            let verifiedAs aggregate = record plain |> InMemoryRun.verifyAs aggregate

            promises "A changed rule without a new pin version" [
                verifiedAs (deciding (fun _ _ -> Ok [ "another note" ]))
                verifiedAs otherType
                verifiedAs (deciding (fun _ _ -> Error "no"))
                verifiedAs (deciding (fun _ _ -> Ok []))
                verifiedAs (deciding (fun _ _ -> Ok [ "a note"; "a note" ]))
            ])

        testCase "Another pin" (fun () ->
            let run = record plain
            let read stream = Seq.ofList (InMemoryRun.entries stream run)

            let verifyUnder pin ignorePin =
                Replay.verify [ Replay.verifier plain ] {
                    Replay.input run.Context.Run (read run.Context.Run.Stream) read with
                        CurrentPin = Some pin
                        IgnorePin = ignorePin
                }

            isTrue ((verifyUnder pin false).Matched)
            isTrue ((verifyUnder (pin.With("choices", "3")) true).Matched)
            promises "Another pin" [ verifyUnder (pin.With("choices", "3")) false ])

        testCase "A changed evolve" (fun () ->
            let forgetful aggregate = aggregate |> changed (fun decider -> { decider with Evolve = fun state _ -> state })

            promises "A changed evolve" [
                record counting |> InMemoryRun.verifyAs (forgetful counting)
                record plain |> InMemoryRun.verifyAs (forgetful plain)
            ])

        testCase "A changed state codec" (fun () ->
            let reversed = {
                plain with
                    State =
                        plain.State
                        |> Option.map (fun codec -> { codec with Encode = List.rev >> List.append [ "" ] >> codec.Encode })
            }

            promises "A changed state codec" [ record plain |> InMemoryRun.verifyAs reversed ])

        testCase "Changed tags" (fun () ->
            let tagged (tag: string) = { plain with Tags = fun _ -> [ Tag.Create tag ] }
            promises "Changed tags" [ record (tagged "paper") |> InMemoryRun.verifyAs (tagged "pencil") ])

        testCase "Renamed types" (fun () ->
            let verifiedAs aggregate = record plain |> InMemoryRun.verifyAs aggregate

            promises "Renamed types" [
                verifiedAs { plain with Events = words "remark" }
                verifiedAs { plain with Commands = words "request" }
            ])

        testCase "A new form without a new schema version" (fun () ->
            // The same JSON with an escape where there was none.
            let escaped typeName =
                let codec = words typeName

                {
                    codec with
                        Encode =
                            codec.Encode
                            >> Result.map (fun encoded -> {
                                encoded with
                                    Payload = Bytes.OfText(encoded.Payload.ToText().Replace("o", @"\u006f"))
                            })
                }

            let verifiedAs aggregate =
                InMemoryRun.start plain pin "run"
                |> InMemoryRun.execute notes System.DateTimeOffset.UnixEpoch "one"
                |> InMemoryRun.verifyAs aggregate

            promises "A new form without a new schema version" [
                verifiedAs { plain with Events = escaped "note" }
                verifiedAs { plain with Commands = escaped "ask" }
            ])

        testCase "A payload from a newer program" (fun () ->
            let ofVersion version (codec: Codec<string>) = {
                codec with
                    Encode = codec.Encode >> Result.map (fun encoded -> { encoded with SchemaVersion = version })
            }

            let newer (codec: Codec<string>) = {
                ofVersion 2 codec with
                    Decode = fun encoded -> codec.Decode { encoded with SchemaVersion = 1 }
            }

            let verified newer = promises "A payload from a newer program" [ record newer |> InMemoryRun.verifyAs plain ]
            verified { plain with Commands = newer plain.Commands }
            verified { plain with Events = newer plain.Events })

        testCase "A journal changed behind the run's back" (fun () ->
            let run = record plain
            let note = InMemoryRun.entries notes run |> List.last
            let verify journal = Recording.inputOf run.Context.Run journal |> Replay.verify [ Replay.verifier plain ]

            let later (entry: Entry) =
                let data = {
                    entry.Data with
                        Time = entry.Data.Time |> Option.map (fun time -> time.AddDays 1.0)
                }

                Some(if entry.Position = note.Position then { entry with Data = data } else entry)

            // Nothing that the step makes shows what caused its command: only the run's end vouches for it.
            let causedByAnother (entry: Entry) =
                let data = {
                    entry.Data with
                        CausationId = Some(System.Guid.Parse "11111111-1111-8111-8111-111111111111")
                }

                Some(if entry.Data.Role = Role.Command then { entry with Data = data } else entry)

            promises "A journal changed behind the run's back" [
                Recording.appendRequest (Append.request [ { note.Data with CausationId = None } ]) run.Journal |> verify
                Recording.rewritten later run.Journal |> verify
                Recording.rewritten causedByAnother run.Journal |> verify
            ])
    ]

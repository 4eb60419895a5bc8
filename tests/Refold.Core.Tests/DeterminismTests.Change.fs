// What changes in a program between recording and replay, each provoked. The names are core/determinism.md's sections.
// Run by `dotnet test`.
namespace Refold.Core.Tests

open Refold.Core
open Refold.Format
open Refold.Core.Tests.DeterminismPage
open Xunit

/// Programs that are not the one that recorded.
type DeterminismChangeTests() =

    let plain = saying (fun _ -> "a note")
    let deciding decide = notesOf (words "note") (fun _ state command -> decide state command)

    // A finished run whose second decision depends on the state.
    let counting = deciding (fun (state: string list) _ -> Ok [ if state.IsEmpty then "none" else "some" ])

    let changed change aggregate = { aggregate with Decider = change aggregate.Decider }

    [<Fact>]
    member _.``A changed number of draws``() =
        let draw words =
            saying (fun step ->
                for _ in 1..words do
                    step.Random.NextUInt32() |> ignore<uint32>

                "a note")

        Page.Promises [ record (draw 1) |> InMemoryRun.verifyAs (draw 2) ]

    [<Fact>]
    member _.``A changed rule without a new pin version``() =
        let otherType = notesOf (words "remark") (fun _ _ _ -> Ok [ "a note" ])
        let verifiedAs aggregate = record plain |> InMemoryRun.verifyAs aggregate

        Page.Promises
            [
                verifiedAs (deciding (fun _ _ -> Ok [ "another note" ]))
                verifiedAs otherType
                verifiedAs (deciding (fun _ _ -> Error "no"))
                verifiedAs (deciding (fun _ _ -> Ok []))
                verifiedAs (deciding (fun _ _ -> Ok [ "a note"; "a note" ]))
            ]

    [<Fact>]
    member _.``Another pin``() =
        let run = record plain
        let read stream = Seq.ofList (InMemoryRun.entries stream run)

        let verifyUnder pin ignorePin =
            Replay.verify
                [ Replay.verifier plain ]
                { Replay.input run.Context.Run (read run.Context.Run.Stream) read with
                    CurrentPin = Some pin
                    IgnorePin = ignorePin
                }

        Assert.True((verifyUnder pin false).Matched)
        Assert.True((verifyUnder (pin.With("choices", "3")) true).Matched)
        Page.Promises [ verifyUnder (pin.With("choices", "3")) false ]

    [<Fact>]
    member _.``A changed evolve``() =
        let forgetful aggregate = aggregate |> changed (fun decider -> { decider with Evolve = fun state _ -> state })

        Page.Promises
            [
                record counting |> InMemoryRun.verifyAs (forgetful counting)
                record plain |> InMemoryRun.verifyAs (forgetful plain)
            ]

    [<Fact>]
    member _.``A changed state codec``() =
        let reversed =
            { plain with
                State =
                    plain.State
                    |> Option.map (fun codec -> { codec with Encode = List.rev >> List.append [ "" ] >> codec.Encode })
            }

        Page.Promises [ record plain |> InMemoryRun.verifyAs reversed ]

    [<Fact>]
    member _.``Changed tags``() =
        let tagged (tag: string) = { plain with Tags = fun _ -> [ Tag.Create tag ] }
        Page.Promises [ record (tagged "paper") |> InMemoryRun.verifyAs (tagged "pencil") ]

    [<Fact>]
    member _.``Renamed types``() =
        let verifiedAs aggregate = record plain |> InMemoryRun.verifyAs aggregate

        Page.Promises
            [
                verifiedAs { plain with Events = words "remark" }
                verifiedAs { plain with Commands = words "request" }
            ]

    [<Fact>]
    member _.``A new form without a new schema version``() =
        // The same JSON with an escape where there was none.
        let escaped typeName =
            let codec = words typeName

            { codec with
                Encode =
                    codec.Encode
                    >> Result.map (fun encoded ->
                        { encoded with
                            Payload = Bytes.OfText(encoded.Payload.ToText().Replace("o", @"\u006f"))
                        })
            }

        let verifiedAs aggregate =
            InMemoryRun.start plain pin "run"
            |> InMemoryRun.execute notes System.DateTimeOffset.UnixEpoch "one"
            |> InMemoryRun.verifyAs aggregate

        Page.Promises
            [
                verifiedAs { plain with Events = escaped "note" }
                verifiedAs { plain with Commands = escaped "ask" }
            ]

    [<Fact>]
    member _.``A payload from a newer program``() =
        let ofVersion version (codec: Codec<string>) =
            { codec with
                Encode = codec.Encode >> Result.map (fun encoded -> { encoded with SchemaVersion = version })
            }

        Page.Promises
            [
                record { plain with Commands = ofVersion 2 plain.Commands } |> InMemoryRun.verifyAs plain
            ]

    [<Fact>]
    member _.``A journal changed behind the run's back``() =
        let run = record plain
        let note = InMemoryRun.entries notes run |> List.last
        let verify journal = Recording.inputOf run.Context.Run journal |> Replay.verify [ Replay.verifier plain ]

        let later (entry: Entry) =
            let data =
                { entry.Data with
                    Time = entry.Data.Time |> Option.map (fun time -> time.AddDays 1.0)
                }

            Some(if entry.Position = note.Position then { entry with Data = data } else entry)

        Page.Promises
            [
                Recording.append (Append.request [ { note.Data with CausationId = None } ]) run.Journal |> verify
                Recording.rewritten later run.Journal |> verify
            ]

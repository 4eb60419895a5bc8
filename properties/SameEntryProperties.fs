// Whether recorded entries are those that are made now, asked at once: the same as looking for the first difference and finding none.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.SameEntryProperties

open Expecto
open FsCheck
open FsCheck.FSharp
open Microsoft.FSharp.Reflection
open Refold.Core
open Refold.Properties.Generators
open Refold.Support.Aggregates

let private members = FSharpType.GetRecordFields typeof<EntryData>

// The same data in objects of its own, with perhaps one member of other data.
let private remade (data: EntryData) (other: EntryData) (memberNumber: int) : EntryData =
    let copy = (CanonicalBytes.tryRead (CanonicalBytes.ofData data).Memory).Value

    // By the type itself: a member that is added is among them.
    if memberNumber < members.Length then
        let values = FSharpValue.GetRecordFields copy
        values[memberNumber] <- (FSharpValue.GetRecordFields other)[memberNumber]
        FSharpValue.MakeRecord(typeof<EntryData>, values) :?> EntryData
    else
        copy

let private genMade (entry: Entry) : Gen<EntryData> =
    gen {
        let! other = EntryGenerator.data
        let! memberNumber = Gen.choose (0, members.Length + 4)
        return remade entry.Data other memberNumber
    }

let private genPair =
    gen {
        let! entry = EntryGenerator.entry
        let! made = genMade entry
        return entry, made
    }

// A step, what is made now, and how many words are drawn now. Most is the same, so that whole steps are.
let private genStep =
    gen {
        let! command = EntryGenerator.entry
        let! outcome = Gen.choose (0, 3) |> Gen.bind (fun count -> Gen.listOfLength count EntryGenerator.entry)

        let copied (entry: Entry) =
            Gen.frequency [
                4, Gen.constant (remade entry.Data entry.Data members.Length)
                1, genMade entry
            ]

        let! made = Gen.collectToList copied (command :: outcome)
        let! isShorter = Gen.frequency [ 9, Gen.constant false; 1, Gen.constant true ]
        let! others = Gen.choose64 (0L, 3L)
        let! words = Gen.elements [ command.Data.Drawn |> Option.defaultValue 0UL; uint64 others ]

        let step: RecordedStep = {
            Command = command
            VersionBefore = 0L
            Outcome = outcome
            Messages = []
            Known = {
                AreLookedFor = true
                MayBeDeleted = fun _ _ -> false
                MayLack = false
            }
        }

        return step, (if isShorter && made.Length > 1 then List.take (made.Length - 1) made else made), words
    }

[<Tests>]
let tests =
    properties "Replay / the same entry" [
        testProperty
            "is the same where no difference is found"
            (forAll genPair (fun (entry, made) ->
                (SameEntry.isSame entry made && entry.Data.Drawn = made.Drawn) = (StepComparison.whole entry made).IsNone))

        testProperty
            "a step is the same only where no difference is found, and nothing is older"
            (forAll genStep (fun (step, made, words) ->
                not (StepComparison.isSame step (Array.ofList made) [] words)
                || ((StepComparison.find Game.aggregate step made [] words).IsNone && (StepComparison.olderThan step made).IsEmpty)))

        testProperty
            "a step that is made as it was recorded is the same"
            (forAll genStep (fun (step, _, _) ->
                let command = {
                    step.Command with
                        Data = { step.Command.Data with Role = Role.Command; Drawn = Some 7UL }
                }

                let outcome = step.Outcome |> List.filter (fun entry -> entry.Data.Role <> Role.Message)

                let made = command :: outcome |> List.map (fun entry -> remade entry.Data entry.Data members.Length)
                let recorded = { step with Command = command; Outcome = outcome }
                StepComparison.isSame recorded (Array.ofList made) [] 7UL))
    ]

// Entries read with texts that were met before: what is read without them, of right bytes and of changed ones.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.KnownEntriesProperties

open System
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold

// Few entries, so that their texts are met again, in any order; of each time perhaps one bit is another.
let private genReads =
    gen {
        let! entries = Gen.choose (1, 3) |> Gen.bind (fun count -> Gen.listOfLength count EntryGenerator.data)
        let bytes = entries |> List.map (fun data -> (CanonicalBytes.ofData data).Memory.ToArray())

        let genRead =
            gen {
                let! which = Gen.choose (0, bytes.Length - 1)
                let! isChanged = Gen.elements [ false; false; true ]
                let! place = Gen.choose (0, bytes[which].Length - 1)
                let! bit = Gen.choose (0, 7)
                let read = Array.copy bytes[which]

                if isChanged then
                    read[place] <- read[place] ^^^ (1uy <<< bit)

                return read
            }

        let! count = Gen.choose (1, 20)
        return! Gen.listOfLength count genRead
    }

[<Tests>]
let tests =
    properties "Journal / entries met before" [
        testProperty
            "as without"
            (forAll genReads (fun reads ->
                let known = KnownEntries()

                reads
                |> List.forall (fun bytes ->
                    let memory = ReadOnlyMemory bytes

                    match known.TryRead memory, CanonicalBytes.tryRead memory with
                    | ValueNone, None -> true
                    | ValueSome found, Some expected -> found = expected && CanonicalBytes.ofData found = CanonicalBytes.ofData expected
                    | _ -> false)))
    ]

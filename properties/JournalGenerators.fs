// Random histories: appends of every kind, some of which fail, and deletions.
// Called by the properties of the journal.
module Refold.Properties.JournalGenerators

open FsCheck
open FsCheck.FSharp
open Refold.Core

/// What happens to a journal.
[<NoComparison>]
type Action =
    | Append of AppendRequest
    | DeleteTo of StreamId * int64

let streams = [ "a"; "b"; "\uFF5E"; "\U0001F600" ] |> List.map StreamId.Create

let private tags = [ "x"; "y"; "z" ] |> List.map Tag.Create

let private subset (values: 'Value list) = Gen.subListOf values |> Gen.map List.ofSeq

let private data =
    gen {
        let! stream = Gen.elements streams
        let! role = Gen.elements Role.all
        let! typeName = Gen.elements [ "t"; "u" ]
        let! chosen = subset tags
        let! payload = Gen.choose (0, 3)
        // Now and then so long that leaves are cut.
        let! length = Gen.frequency [ 9, Gen.constant 1; 1, Gen.choose (5_000, 20_000) ]

        return
            { EntryData.create stream role typeName (Bytes.OfText(String.replicate length (string payload))) with
                Tags = chosen
            }
    }

let query =
    let item =
        gen {
            let! chosen = subset tags
            let! types = subset [ "t"; "u"; "v" ]
            let! kind = Gen.elements [ None; None; Some EntryKind.External; Some EntryKind.Derived ]
            return { Types = types; Tags = chosen; Kind = kind }
        }

    Gen.choose (0, 3)
    |> Gen.bind (fun count -> Gen.listOfLength count item)
    |> Gen.map (fun items -> { Items = items })

let private expected =
    Gen.frequency
        [
            4, Gen.constant ExpectedVersion.Any
            2, Gen.constant ExpectedVersion.NoStream
            2, Gen.constant ExpectedVersion.Exists
            4, Gen.choose (1, 6) |> Gen.map (int64 >> ExpectedVersion.Exactly)
        ]

let private condition =
    gen {
        let! query = query
        let! asOf = Gen.choose (-1, 20)
        return { Query = query; AsOf = int64 asOf }
    }

let request =
    gen {
        let! count = Gen.choose (1, 5)
        let! entries = Gen.listOfLength count data
        let! expected = Gen.zip (Gen.elements streams) expected |> Gen.listOf |> Gen.resize 1
        let! condition = Gen.frequency [ 3, Gen.constant None; 1, Gen.map Some condition ]
        let! key = Gen.frequency [ 3, Gen.constant None; 1, Gen.elements [ "k"; "l"; "m" ] |> Gen.map Some ]
        return { Entries = entries; Expected = expected; Condition = condition; Key = key }
    }

let private deletion =
    gen {
        let! stream = Gen.elements streams
        let! version = Gen.choose (0, 8)
        return DeleteTo(stream, int64 version)
    }

let actions = Gen.frequency [ 9, Gen.map Append request; 1, deletion ] |> Gen.listOf |> Gen.resize 15

let appends = Gen.map Append request |> Gen.listOf |> Gen.resize 15

let apply (journal: Journal) (action: Action) : Journal =
    match action with
    | Append request ->
        match Journal.appendRequest request journal with
        | Ok(_, after) -> after
        | Error _ -> journal
    | DeleteTo(stream, version) -> Journal.deleteTo stream version journal

let journalOf (actions: Action list) : Journal = List.fold apply Journal.empty actions

// Generators of valid entries that reach every member and the borders of text.
// Called by property files that need entries.
module Refold.Properties.EntryGenerator

open System
open FsCheck
open FsCheck.FSharp
open Refold.Core

// Letters, what JSON escapes, two, three and four bytes of UTF-8; no control characters.
let private pieces =
    [
        "a"
        "Z"
        "0"
        " "
        "/"
        "\""
        "\\"
        "~"
        "é"
        "ı"
        "€"
        "\ufb33"
        "\U0001F600"
    ]

/// A name of 1 to 12 characters that every name accepts.
let name: Gen<string> =
    Gen.choose (1, 12)
    |> Gen.bind (fun length -> Gen.listOfLength length (Gen.elements pieces))
    |> Gen.map (String.concat "")

let private guid: Gen<Guid> = ArbMap.defaults |> ArbMap.generate<Guid>

let private time: Gen<DateTimeOffset> =
    Gen.choose64 (0L, DateTime.MaxValue.Ticks) |> Gen.map (fun ticks -> DateTimeOffset(ticks, TimeSpan.Zero))

let private json: Gen<string> =
    Gen.oneof
        [
            Gen.elements
                [
                    "null"
                    "true"
                    "-0.50"
                    "1e400"
                    "{}"
                    "[ 1 ,2]"
                    "{\"a\":1,\"a\":2}"
                    "\"\\ud800\""
                    "[1,\n2]"
                    " 1"
                ]
            name |> Gen.map (fun text -> "{\"text\":\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"}")
        ]

/// JSON, nearly JSON, and any bytes.
let payload: Gen<Bytes> =
    Gen.oneof
        [
            json |> Gen.map Bytes.OfText
            ArbMap.defaults |> ArbMap.generate<byte[]> |> Gen.map (fun bytes -> Bytes.Wrap(ReadOnlyMemory bytes))
        ]

/// Valid data in normal form.
let data: Gen<EntryData> =
    gen {
        let! role = Gen.elements Role.all
        let! stream = name
        let! typeName = name
        let! schemaVersion = Gen.frequency [ 3, Gen.constant 1; 1, Gen.choose (1, Int32.MaxValue) ]
        let! payload = payload
        let! tags = Gen.choose (0, 4) |> Gen.bind (fun count -> Gen.listOfLength count name)
        let! time = Gen.optionOf time
        let! id = Gen.optionOf guid
        let! correlationId = Gen.optionOf guid
        let! causationId = Gen.optionOf guid
        let! run = Gen.optionOf name
        let! drawn = Gen.optionOf (ArbMap.defaults |> ArbMap.generate<uint64>)
        let! key = Gen.optionOf name

        let made: EntryData =
            {
                Stream = StreamId.Create stream
                Role = role
                Type = typeName
                SchemaVersion = schemaVersion
                Payload = payload
                Tags = tags |> List.map Tag.Create
                Time = time
                Id = id
                CorrelationId = correlationId
                CausationId = causationId
                Run = run |> Option.map RunId.Create
                Drawn = (if role = Role.Command then drawn else None)
                Key = key
            }

        return
            match EntryData.validate made with
            | Ok valid -> valid
            | Error error -> failwith (error.ToString())
    }

/// Valid data at any place.
let entry: Gen<Entry> =
    gen {
        let! data = data
        let! batch = Gen.choose64 (1L, Int64.MaxValue / 2L)
        let! offset = Gen.choose64 (0L, 1000L)
        let! version = Gen.choose64 (1L, Int64.MaxValue)
        return { Position = batch + offset; Version = version; Batch = batch; Data = data }
    }

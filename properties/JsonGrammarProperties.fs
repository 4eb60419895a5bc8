// Laws of looking at JSON in place: the grammar is that of the reader and of System.Text.Json, and what is said to be canonical is.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.JsonGrammarProperties

open System
open System.Text
open System.Text.Json
open System.Text.Unicode
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Support

let private forAll generator property = (Prop.forAll (Arb.fromGen generator) property)

let private bytes (text: string) = Encoding.UTF8.GetBytes text

/// Texts that are JSON, nearly JSON, and anything.
let private texts: Gen<byte[]> =
    let pieces =
        [
            "{"
            "}"
            "["
            "]"
            ","
            ":"
            " "
            "\n"
            "\""
            "\\"
            "\"a\""
            "\"b\""
            "\"\\u000a\""
            "\"\\n\""
            "\"\\ud83d\""
            "0"
            "-"
            "1"
        ]
        @ [
            "1.5"
            "1e3"
            "1E+21"
            "1e21"
            "-0"
            "0.1"
            "true"
            "null"
            "fals"
            "\"\u20AC\""
            "\"\uFF5E\""
            "\"\U0001F600\""
            "\t"
            "123456789012345678"
        ]
        |> List.map bytes

    let pieced =
        Gen.choose (0, 12)
        |> Gen.bind (fun count -> Gen.listOfLength count (Gen.elements (pieces @ [ [| 0xFFuy |]; [| 0uy |]; [| 0x80uy |] ])))
        |> Gen.map Array.concat

    let names = Gen.elements [ "a"; "b"; "\u20AC"; "\uFF5E"; "\U0001F600"; "\uD7FF"; "" ]

    let objects =
        gen {
            let! count = Gen.choose (0, 4)

            let! members =
                Gen.listOfLength count (Gen.zip names (Gen.elements [ "0"; "-1.5"; "[]"; "{}"; "\"x\""; "1E2"; "[1,2]"; "[ ]" ]))

            return bytes ("{" + String.Join(",", members |> List.map (fun (name, value) -> "\"" + name + "\":" + value)) + "}")
        }

    let nested =
        Gen.elements [ 511; 512; 513 ] |> Gen.map (fun depth -> bytes (String('[', depth) + String(']', depth)))

    let broken =
        gen {
            let! whole =
                Gen.oneof [
                    objects
                    Gen.map Ndjson.write EntryGenerator.entry |> Gen.map (fun line -> line.Memory.ToArray())
                ]

            let! place = Gen.choose (0, max 0 (whole.Length - 1))
            let! piece = Gen.elements pieces
            let! cut = Gen.choose (0, 2)

            return
                Array.concat [
                    whole[.. place - 1]
                    piece
                    Array.skip (min whole.Length (place + cut)) whole
                ]
        }

    Gen.frequency [
        3, pieced
        3, objects
        3, broken
        1, nested
        1, Gen.map (fun (line: Bytes) -> line.Memory.ToArray()) (Gen.map Ndjson.write EntryGenerator.entry)
    ]

let private isReadBy (json: byte[]) : bool =
    match Json.attempt "" (fun () -> (JsonReader(ReadOnlyMemory json)).Slice().Length) with
    | Ok length -> length = json.Length
    | Error _ -> false

let private isReadByTheRuntime (json: byte[]) : bool =
    let isSpace (value: byte) = value = ' 'B || value = '\t'B || value = '\r'B || value = '\n'B

    json.Length > 0
    && not (isSpace json[0])
    && not (isSpace json[json.Length - 1])
    && Utf8.IsValid(ReadOnlySpan json)
    && (try
            let mutable reader = Utf8JsonReader(ReadOnlySpan json, JsonReaderOptions(MaxDepth = 512))

            while reader.Read() do
                ()

            true
        with :? JsonException ->
            false)

[<Tests>]
let tests =
    properties "Foundation / JSON in place" [
        testProperty
            "is a value where the reader reads one"
            (forAll texts (fun json -> JsonGrammar.isValue (ReadOnlySpan json) = isReadBy json))

        testProperty
            "is a value where the runtime's reader reads one"
            (forAll texts (fun json -> JsonGrammar.isValue (ReadOnlySpan json) = isReadByTheRuntime json))

        testProperty
            "what is surely canonical is what reading and writing gives"
            (forAll texts (fun json ->
                let written = Json.parse "" (ReadOnlyMemory json) |> Result.bind Canonical.write
                not (JsonGrammar.isSurelyCanonical (ReadOnlySpan json)) || written = Ok(Bytes.Wrap(ReadOnlyMemory json))))

        testProperty
            "the canonical form is surely canonical, where no name has an escape"
            (forAll texts (fun json ->
                match Json.parse "" (ReadOnlyMemory json) |> Result.bind Canonical.write with
                | Error _ -> not (JsonGrammar.isSurelyCanonical (ReadOnlySpan json))
                | Ok written -> JsonGrammar.isSurelyCanonical written.Span || written.Span.Contains '\\'B))
    ]

let private envelopes: Gen<byte[]> =
    gen {
        let! stream =
            Gen.elements [ "a"; "order/42"; ""; "\u20AC"; "a\\u0041"; "a\\n"; "a\"b"; "\\ud83d"; "a\tb" ]

        let! middle =
            Gen.elements [
                "\",\"data\":"
                "\",\"dataBase64\":\""
                "\",\"dataBase64\":"
                "\" ,\"data\": "
                "\",\"other\":"
                "\",\"data\":1,\"data\":"
            ]

        let! payload =
            Gen.oneof [
                Gen.map (fun (bytes: byte[]) -> Encoding.Latin1.GetString bytes) texts
                Gen.elements [ ""; "AQID"; "AQ=="; "AR=="; "AQ"; "A Q=="; "===="; "AQI="; "\"" ]
            ]

        let! closing = Gen.elements [ "}"; "\"}"; " }"; "\"} "; ""; "\"" ]
        return Encoding.Latin1.GetBytes("{\"stream\":\"" + Encoding.Latin1.GetString(bytes stream) + middle + payload + closing)
    }

[<Tests>]
let envelopeTests =
    properties "Runs / envelopes in place" [
        testProperty
            "a command's stream and payload are those that reading member by member gives"
            (forAll envelopes (fun json ->
                let payload = Bytes.Wrap(ReadOnlyMemory json)
                Envelope.tryRead payload = Envelope.read payload))

        testProperty
            "what was written is read back"
            (forAll (Gen.zip EntryGenerator.entry texts) (fun (entry, json) ->
                let payload = Bytes.Wrap(ReadOnlyMemory json)
                let written = Envelope.write entry.Data.Stream payload

                Envelope.tryRead written = Ok(entry.Data.Stream, payload)
                && Envelope.read written = Ok(entry.Data.Stream, payload)))

        testProperty
            "a command is written at once, and around its bytes, as it is member by member"
            (forAll (Gen.zip EntryGenerator.entry texts) (fun (entry, json) ->
                let stream, payload = entry.Data.Stream, Bytes.Wrap(ReadOnlyMemory json)
                let struct (before, behind) = Envelope.roomOf stream
                let room = Array.concat [ Array.zeroCreate before; json; Array.zeroCreate behind ]
                let within = Bytes.Wrap(ReadOnlyMemory(room, before, json.Length))
                let expected = Envelope.compose stream payload

                Envelope.write stream payload = expected && Envelope.writeAround stream within room = expected))
    ]

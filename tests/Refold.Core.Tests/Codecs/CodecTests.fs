// Codecs: versions, upcasting chains with a worked example, several types, primitives.
// Run by `dotnet test`.
module Refold.Core.Tests.CodecTests

open System
open System.Text
open Expecto
open Refold.Core
open Refold.Support

let private encoded typeName version (payload: string) = { Type = typeName; SchemaVersion = version; Payload = Bytes.OfText payload }

let private show (result: Result<Encoded, CodecError>) =
    match result with
    | Ok encoded -> encoded.Type, encoded.SchemaVersion, encoded.Payload.ToText()
    | Error error -> failwith (error.ToString())

// The worked example. Version 1 had a quantity only, version 2 names the unit, version 3 has the amount as a decimal.
type private Placed = { sku: string; amount: decimal; unit: string }

let private members (payload: Bytes) =
    match Canonical.parse payload.Memory with
    | Ok(JsonValue.Object members) -> Ok members
    | Ok _ -> Error "an object expected"
    | Error error -> Error(error.ToString())

let private write (members: (string * JsonValue) list) = Canonical.write (JsonValue.Object members) |> Result.mapError _.ToString()

let private nameTheUnit (payload: Bytes) =
    members payload |> Result.bind (fun members -> write (("unit", JsonValue.String "piece") :: members))

let private makeDecimal (payload: Bytes) =
    let amount (name, value) =
        match name, value with
        | "quantity", JsonValue.Number quantity -> "amount", JsonValue.String(string (decimal quantity))
        | other -> other

    members payload |> Result.bind (List.map amount >> write)

let private placed =
    Codec.json<Placed> "Placed"
    |> Codec.withVersion "Placed" 3
    |> Codec.withUpcast "Placed" 2 makeDecimal
    |> Codec.withUpcast "Placed" 1 nameTheUnit

// As programs of the years before wrote them; never to be changed.
let private frozen1 = encoded "Placed" 1 """{"quantity":3,"sku":"a-1"}"""

let private frozen2 = encoded "Placed" 2 """{"quantity":3,"sku":"a-1","unit":"piece"}"""

let private frozen3 = encoded "Placed" 3 """{"amount":"3","sku":"a-1","unit":"piece"}"""

type private Event =
    | Added of int64
    | Noted of string
    | Reset

let private events =
    Codec.union [
        Codec.case
            "Added"
            (function
            | Added delta -> Some delta
            | _ -> None)
            Added
            (Codec.int64 "Added")
        Codec.case
            "Noted"
            (function
            | Noted text -> Some text
            | _ -> None)
            Noted
            (Codec.text "Noted")
    ]

type private PlacedFirst = { sku: string; quantity: int }

type private PlacedSecond = { sku: string; quantity: int; unit: string }

type Silent() =
    inherit Exception()
    override _.Message = raise (InvalidOperationException "not even a message")

[<Tests>]
let tests =
    testList "Codecs / codecs" [
        testCase "payloads of every older version are read through the chain" (fun () ->
            let expected = { sku = "a-1"; amount = 3m; unit = "piece" }

            for payload in [ frozen1; frozen2; frozen3 ] do
                equal (Ok expected) (placed.Decode payload)

            equal ("Placed", 3, frozen3.Payload.ToText()) (show (placed.Encode expected)))

        testCase "the upcasts of a chain are added in any order" (fun () ->
            let expected = { sku = "a-1"; amount = 3m; unit = "piece" }
            let json = Codec.json<Placed> "Placed"
            let version = Codec.withVersion "Placed" 3
            let first, second = Codec.withUpcast "Placed" 1 nameTheUnit, Codec.withUpcast "Placed" 2 makeDecimal

            for codec in
                [
                    json |> version |> first |> second
                    json |> first |> version |> second
                    json |> second |> first |> version
                ] do
                for payload in [ frozen1; frozen2; frozen3 ] do
                    equal (Ok expected) (codec.Decode payload)

            let mapped =
                json
                |> version
                |> first
                |> Codec.map _.sku (fun sku -> { expected with sku = sku })
                |> Codec.withUpcast "Placed" 2 makeDecimal

            equal (Ok "a-1") (mapped.Decode frozen1)
            throws<ArgumentException>(fun () -> json |> version |> first |> second |> first |> ignore) |> ignore)

        testCase "a typed upcast reads the older form and writes the next" (fun () ->
            let codec =
                Codec.json<Placed> "Placed"
                |> Codec.withVersion "Placed" 3
                |> Codec.withTypedUpcast "Placed" 1 (Codec.json<PlacedFirst> "Placed") (Codec.json<PlacedSecond> "Placed") (fun first -> {
                    sku = first.sku
                    quantity = first.quantity
                    unit = "piece"
                })
                |> Codec.withTypedUpcast "Placed" 2 (Codec.json<PlacedSecond> "Placed") (Codec.json<Placed> "Placed") (fun second -> {
                    sku = second.sku
                    amount = decimal second.quantity
                    unit = second.unit
                })

            for payload in [ frozen1; frozen2; frozen3 ] do
                equal (Ok { sku = "a-1"; amount = 3m; unit = "piece" }) (codec.Decode payload)

            equal
                (Error "'Placed' cannot be decoded: upcast from schema version 1: 'Placed' cannot be decoded: the value must be an object")
                (codec.Decode { frozen1 with Payload = Bytes.OfText "[]" } |> Result.mapError _.ToString()))

        testCase "decoding never throws: a function that does says that the payload cannot be decoded" (fun () ->
            let failing = fun _ -> raise (InvalidOperationException "no way")
            let says reason (codec: Codec<'Value>) = equal (Error reason) (codec.Decode frozen1 |> Result.map ignore)
            Codec.create "Placed" 1 Ok failing |> says (CodecError.Undecodable("Placed", "no way"))

            Codec.json<Placed> "Placed"
            |> Codec.withVersion "Placed" 2
            |> Codec.withUpcast "Placed" 1 failing
            |> says (CodecError.Undecodable("Placed", "upcast from schema version 1: no way"))

            Codec.bytes "Placed" |> Codec.map failing id |> says (CodecError.Undecodable("Placed", "no way"))

            Codec.create "Placed" 1 Ok (fun _ -> raise (Silent()))
            |> says (CodecError.Undecodable("Placed", typeof<Silent>.ToString())))

        testCase "a payload newer than the codec is refused" (fun () ->
            equal (Error(CodecError.NewerSchema("Placed", 4, 3))) (placed.Decode { frozen3 with SchemaVersion = 4 }))

        testCase "a missing link of the chain is named" (fun () ->
            let broken =
                Codec.json<Placed> "Placed" |> Codec.withVersion "Placed" 3 |> Codec.withUpcast "Placed" 1 nameTheUnit

            equal (Error(CodecError.MissingUpcast("Placed", 2))) (broken.Decode frozen1)
            equal (Error(CodecError.MissingUpcast("Placed", 2))) (broken.Decode frozen2))

        testCase "an upcast that fails says from which version" (fun () ->
            equal
                (Error(CodecError.Undecodable("Placed", "upcast from schema version 1: an object expected")))
                (placed.Decode { frozen1 with Payload = Bytes.OfText "[]" }))

        testCase "another type is unknown, and no upcast touches it" (fun () ->
            equal (Error(CodecError.UnknownType "Shipped")) (placed.Decode { frozen1 with Type = "Shipped" }))

        testCase "several types in one codec: the entry type says which one reads" (fun () ->
            for event in [ Added -3L; Noted "x" ] do
                let written = events.Encode event
                equal (Ok event) (Result.bind events.Decode written)

            equal ("Noted", 1, "x") (show (events.Encode(Noted "x")))
            equal (Error(CodecError.Unencodable("", "no case is for the value"))) (events.Encode Reset)
            equal (Error(CodecError.UnknownType "Reset")) (events.Decode(encoded "Reset" 1 ""))
            equal (Error(CodecError.NewerSchema("Noted", 2, 1))) (events.Decode(encoded "Noted" 2 "")))

        testCase "a case whose codec writes another type cannot be encoded, two cases of one name cannot be built" (fun () ->
            let wrong: Codec<string> = Codec.union [ Codec.case "A" Some id (Codec.text "B") ]
            equal (Error(CodecError.Unencodable("A", "its codec writes the type 'B'"))) (wrong.Encode "x")
            let case: CodecCase<string> = Codec.case "A" Some id (Codec.text "A")
            throws<ArgumentException>(fun () -> Codec.union [ case; case ] |> ignore) |> ignore)

        testCase "the primitives have the bytes they are named for" (fun () ->
            let payload (result: Result<Encoded, CodecError>) =
                match result with
                | Ok encoded -> encoded.Payload
                | Error error -> failwith (error.ToString())

            equal "fdffffffffffffff" ((payload ((Codec.int64 "Delta").Encode -3L)).ToHex())
            equal "c3a9" ((payload ((Codec.text "T").Encode "é")).ToHex())
            equal "00ff" ((payload ((Codec.bytes "B").Encode(Bytes.OfHex "00ff"))).ToHex()))

        testCase "broken primitives are refused, not repaired" (fun () ->
            let decode (codec: Codec<'Value>) typeName hex =
                codec.Decode { Type = typeName; SchemaVersion = 1; Payload = Bytes.OfHex hex } |> Result.mapError _.ToString()

            equal (Error "'D' cannot be decoded: 8 bytes expected, not 2") (decode (Codec.int64 "D") "D" "0000")
            equal (Error "'T' cannot be decoded: invalid UTF-8") (decode (Codec.text "T") "T" "ff")
            isTrue (Result.isError ((Codec.text "T").Encode(String(char 0xDC00, 1))))
            isTrue (Result.isError ((Codec.text "T").Encode Unchecked.defaultof<string>)))

        testCase "a mapped codec reads and writes through both functions" (fun () ->
            let codec =
                Codec.text "Upper" |> Codec.map (fun text -> text.Length) (fun length -> String('x', length))

            equal ("Upper", 1, "xxx") (show (codec.Encode 3))
            equal (Ok 4) (codec.Decode(encoded "Upper" 1 "abcd")))

        testCase "a codec without a name or a version cannot be built" (fun () ->
            let fails (build: unit -> Codec<Bytes>) = throws<ArgumentException>(build >> ignore) |> ignore
            fails (fun () -> Codec.bytes "")
            fails (fun () -> Codec.bytes "a\nb")
            fails (fun () -> Codec.bytes (String('x', 257)))
            fails (fun () -> Codec.create "T" 0 Ok Ok)
            fails (fun () -> Codec.bytes "T" |> Codec.withVersion "T" 0)
            fails (fun () -> Codec.bytes "T" |> Codec.withUpcast "T" 0 Ok))

        testCase "the version of one type leaves the others alone" (fun () ->
            let raised =
                events
                |> Codec.withVersion "Noted" 2
                |> Codec.withUpcast "Noted" 1 (fun old -> Ok(Bytes.OfText(old.ToText() + "!")))

            equal ("Noted", 2, "x") (show (raised.Encode(Noted "x")))
            equal (Ok(Noted "x!")) (raised.Decode(encoded "Noted" 1 "x"))
            equal (Ok(Noted "x")) (raised.Decode(encoded "Noted" 2 "x"))
            equal (Ok(Added 1L)) (raised.Encode(Added 1L) |> Result.bind raised.Decode))
    ]

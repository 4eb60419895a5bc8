// Laws of codecs over spans: the same bytes, values and errors as the codec over arrays has, under everything that is made of codecs.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.SpanCodecProperties

open System
open System.Buffers
open Expecto
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support

type private Sent =
    | Moved of string
    | Kept of string
    | Other

// Text in capitals, so that not all bytes are a payload; some texts have no payload, and one is a mistake.
let private write (value: string) : Result<byte[], string> =
    if value.Contains '7' then Error "seven has no form"
    elif value.Contains '8' then invalidOp "eight is a mistake"
    else Ok(Text.Encoding.UTF8.GetBytes(value.ToUpperInvariant()))

let private read (payload: ReadOnlySpan<byte>) : Result<string, string> =
    let text = Text.Encoding.UTF8.GetString payload

    if text.Contains '9' then invalidOp "nine is a mistake"
    elif text <> text.ToUpperInvariant() then Error "capitals expected"
    else Ok(text.ToLowerInvariant())

let private ofArrays =
    Codec.create "moved" 1 (fun value -> write value |> Result.map (fun bytes -> Bytes.Wrap(ReadOnlyMemory bytes))) (fun payload ->
        read payload.Span)

// In parts of three bytes, each with more room than it takes.
let private ofSpans =
    Codec.overSpans
        "moved"
        1
        (fun value (writer: IBufferWriter<byte>) ->
            write value
            |> Result.map (fun bytes ->
                for part in Array.chunkBySize 3 bytes do
                    part.CopyTo(writer.GetMemory 5)
                    writer.Advance part.Length))
        (SpanDecode(fun payload -> read payload))

// Into one array, again and again.
let private ofOneArray =
    let array = Array.zeroCreate<byte> 4096

    Codec.create
        "moved"
        1
        (fun value ->
            write value
            |> Result.map (fun bytes ->
                bytes.CopyTo(array, 0)
                Bytes.Wrap(ReadOnlyMemory(array, 0, bytes.Length))))
        (fun payload -> read payload.Span)

// What a codec becomes, as a codec of text.
let private changes: (string * (Codec<string> -> Codec<string>)) list =
    let shorten: Bytes -> Result<Bytes, string> =
        fun payload ->
            match payload.Length with
            | 0 -> Error "nothing"
            | 1 -> invalidOp "one is a mistake"
            | _ -> Ok(Bytes.Copy(payload.Span.Slice 1))

    let case name (codec: Codec<string>) =
        Codec.case
            name
            (function
            | Moved text when name = "moved" -> Some text
            | Kept text when name <> "moved" -> Some text
            | _ -> None)
            (if name = "moved" then Moved else Kept)
            codec

    let several (codec: Codec<string>) =
        Codec.union [ case "moved" codec; case "kept" (Codec.text "kept") ]
        |> Codec.map
            (function
            | Moved text -> text
            | Kept text -> "k" + text
            | Other -> "")
            (fun text ->
                if text = "" then Other
                elif text.StartsWith 'k' then Kept(text.Substring 1)
                else Moved text)

    let mapped =
        Codec.map (fun (text: string) -> if text.Contains 'm' then invalidOp "m is a mistake" else text + "!") (fun text ->
            if text = "" then text else text.Substring(0, text.Length - 1))

    let raised =
        Codec.withVersion "moved" 3 >> Codec.withUpcast "moved" 2 shorten >> Codec.withUpcast "moved" 1 shorten

    [
        "as it is", id
        "mapped", mapped
        "of another version", Codec.withVersion "moved" 2
        "upcasting", raised
        "of several types", several
        "redacting", Codec.redact [ "$.a" ]
        "redacting nothing", Codec.redact []
        "mapped, upcasting, of several types", raised >> mapped >> several
        "upcasting and redacting", raised >> Codec.redact [ "$.a"; "$.b" ]
        "of several types, mapped, of another version", several >> mapped >> Codec.withVersion "moved" 2
    ]

let private text =
    Gen.frequency [
        8, Gen.listOf (Gen.elements [ "a"; "k"; "é"; "0"; "m" ])
        1, Gen.listOf (Gen.elements [ "a"; "7"; "8"; "9" ])
        1,
        Gen.elements [
            [ """{"$redacted":{"a":"[redacted]"}}""" ]
            [ """{"$REDACTED":1}""" ]
            [ """{"a":"x"}""" ]
        ]
    ]
    |> Gen.map (String.concat "")

let private encoded =
    gen {
        let! typeName = Gen.frequency [ 6, Gen.constant "moved"; 1, Gen.elements [ "kept"; "unknown"; "" ] ]
        let! version = Gen.choose (1, 4)
        let! payload = text
        let! isUpper = Gen.frequency [ 4, Gen.constant true; 1, Gen.constant false ]

        return {
            Type = typeName
            SchemaVersion = version
            Payload = Bytes.OfText(if isUpper then payload.ToUpperInvariant() else payload)
        }
    }

// The answer, or what is thrown.
let private outcome (answer: unit -> 'Answer) : Result<'Answer, string> =
    try
        Ok(answer ())
    with error ->
        Error(error.GetType().Name + ": " + error.Message)

let private told (result: Result<Result<'Value, CodecError>, string>) =
    result |> Result.map (Result.mapError (fun error -> error.GetType().Name + ": " + error.ToString()))

// A payload in memory that is another one as soon as it was read: whoever kept the span has something else.
let private readWhereItLies (codec: Codec<string>) (encoded: Encoded) : Result<string, CodecError> =
    let rented = encoded.Payload.Span.ToArray()
    let mutable value = ""

    let error =
        Decoding.readSpan codec.Decode (encoded.Type, encoded.SchemaVersion, ReadOnlySpan rented, &value)

    Array.Fill(rented, 0uy)

    match error with
    | null -> Ok value
    | error -> Error error

[<Tests>]
let tests =
    properties "Codecs / codecs over spans" [
        for name, change in changes do
            testProperty
                $"a codec over spans writes what the codec over arrays writes, {name}"
                (forAll text (fun value ->
                    let arrays, spans = change ofArrays, change ofSpans
                    let written codec = told (outcome (fun () -> CodecEncode.record codec value))
                    let alone (codec: Codec<string>) = told (outcome (fun () -> codec.Encode value))
                    written arrays = written spans && alone arrays = alone spans))

            testProperty
                $"a codec over spans reads what the codec over arrays reads, {name}"
                (forAll encoded (fun encoded ->
                    let arrays, spans = change ofArrays, change ofSpans
                    let expected = told (outcome (fun () -> arrays.Decode encoded))

                    [ arrays; spans ]
                    |> List.forall (fun codec ->
                        told (outcome (fun () -> codec.Decode encoded)) = expected
                        && told (outcome (fun () -> readWhereItLies codec encoded)) = expected)))

            testProperty
                $"what was written stays, whatever is written next, {name}"
                (forAll (Gen.zip (Gen.elements [ ofSpans; ofOneArray ]) (Gen.listOf text)) (fun (made, values) ->
                    let codec = change made
                    let written = values |> List.map (fun value -> outcome (fun () -> codec.Encode value))

                    let copies =
                        written
                        |> List.map (fun answer ->
                            match answer with
                            | Ok(Ok(encoded: Encoded)) -> Bytes.Copy encoded.Payload.Span
                            | _ -> Bytes.Empty)

                    values |> List.iter (fun value -> outcome (fun () -> codec.Encode(value + "zz")) |> ignore)

                    List.forall2
                        (fun answer copy ->
                            match answer with
                            | Ok(Ok(encoded: Encoded)) -> encoded.Payload = copy
                            | _ -> true)
                        written
                        copies))
    ]

// Laws of JSON codecs: what is written is read back, equal values have equal bytes, no culture is seen.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.CodecProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Support

type Suit =
    | Clubs = 0
    | Hearts = 1

type Item = { Name: string; Price: decimal; Count: int; Weight: float option; Suit: Suit }

type Expression =
    | Constant of value: int64
    | Pair of Expression * Expression
    | Call of name: string * arguments: Expression list

type Rich = {
    Items: Item list
    ByName: Map<string, Item>
    ByNumber: Map<int, string voption>
    Seen: Set<Guid>
    Tree: Expression
    Tuple: int * string * bool
    Raw: byte[]
    Numbers: struct (byte * sbyte * uint16 * uint64 * float32)
    Time: DateTimeOffset
    Span: TimeSpan
    Outcome: Result<char, unit>
}

let private codec = Codec.json<Rich> "Rich"

let private fits (text: string | null) = not (isNull text) && Result.isOk (Canonical.write (JsonValue.String(nonNull text)))

/// Texts that have a JSON form: FsCheck makes null and lone surrogates too.
let private text = ArbMap.defaults |> ArbMap.arbitrary<string> |> Arb.filter fits

let private character =
    ArbMap.defaults |> ArbMap.arbitrary<char> |> Arb.filter (fun value -> not (Char.IsSurrogate value))

let private rich =
    ArbMap.defaults |> ArbMap.mergeArb text |> ArbMap.mergeArb character |> ArbMap.arbitrary<Rich>

// NaN is not equal to itself, and offsets do not count for equality: what is compared is what is written.
let private bytes (value: Rich) =
    match codec.Encode value with
    | Ok encoded -> encoded
    | Error error -> failwith (error.ToString())

let private hasNaN (value: Rich) =
    let items = value.Items @ List.ofSeq value.ByName.Values
    let struct (_, _, _, _, single) = value.Numbers
    Single.IsNaN single || items |> List.exists (fun item -> Option.exists Double.IsNaN item.Weight)

let private broken =
    gen {
        let! value = rich.Generator
        let payload = (bytes value).Payload.Memory.ToArray()
        let! place = Gen.choose (0, payload.Length - 1)
        let! replacement = Gen.elements (List.ofSeq "{}[]\",:0-\\nt\000"B)
        payload[place] <- replacement
        return Bytes.Wrap(ReadOnlyMemory payload)
    }

[<Tests>]
let tests =
    properties "Codecs / codecs" [
        testProperty
            "what a JSON codec wrote it reads back, and writes again with the same bytes"
            (Prop.forAll rich (fun value ->
                let encoded = bytes value

                match codec.Decode encoded with
                | Ok read -> bytes read = encoded && (hasNaN value || read = value)
                | Error _ -> false))

        testProperty
            "a JSON codec writes canonical JSON, the same in every culture"
            (Prop.forAll rich (fun value ->
                let encoded = bytes value

                Canonical.ofJson encoded.Payload.Memory = Ok encoded.Payload
                && List.forall
                    (fun culture -> Culture.under culture (fun () -> bytes value = encoded && Result.isOk (codec.Decode encoded)))
                    [ "tr-TR"; "sv-SE"; "ar-SA" ]))

        testProperty
            "no payload makes a JSON codec throw"
            (Prop.forAll (Arb.fromGen broken) (fun payload ->
                match codec.Decode { Type = "Rich"; SchemaVersion = 1; Payload = payload } with
                | Ok read -> Result.isOk (codec.Encode read)
                | Error error -> error.ToString().StartsWith("'Rich' cannot be decoded: ", StringComparison.Ordinal)))
    ]

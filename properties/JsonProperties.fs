// Laws of the JSON forms: NDJSON reads back what it wrote, canonical JSON is a fixed point, readers never throw.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.JsonProperties

open System
open System.Globalization
open System.Text
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Support

let private forAll generator property = (Prop.forAll (Arb.fromGen generator) property)

let private json: Gen<JsonValue> =
    let rec sized size =
        let leaf =
            Gen.oneof [
                Gen.elements [ JsonValue.Null; JsonValue.Bool true; JsonValue.Bool false ]
                ArbMap.defaults |> ArbMap.generate<NormalFloat> |> Gen.map (fun value -> JsonValue.Number value.Get)
                EntryGenerator.name |> Gen.map JsonValue.String
            ]

        if size = 0 then
            leaf
        else
            let items (item: Gen<'Item>) = Gen.choose (0, 4) |> Gen.bind (fun count -> Gen.listOfLength count item)

            Gen.oneof [
                leaf
                items (sized (size / 3)) |> Gen.map JsonValue.Array
                items (Gen.zip EntryGenerator.name (sized (size / 3))) |> Gen.map (List.distinctBy fst >> JsonValue.Object)
            ]

    Gen.sized sized

let rec private reversed (value: JsonValue) : JsonValue =
    match value with
    | JsonValue.Object members -> JsonValue.Object(members |> List.rev |> List.map (fun (name, value) -> name, reversed value))
    | JsonValue.Array items -> JsonValue.Array(List.map reversed items)
    | other -> other

[<Tests>]
let tests =
    properties "Foundation / JSON" [
        testProperty
            "a written entry is read back, payload byte for byte"
            (forAll EntryGenerator.entry (fun entry ->
                let same (line: Bytes) =
                    match Ndjson.tryRead line.Memory with
                    | Ok read ->
                        read.Data = entry.Data
                        && read.Position = Some entry.Position
                        && read.Version = Some entry.Version
                        && read.Batch = Some entry.Batch
                    | Error _ -> false

                let line = Ndjson.write entry
                same line && same (Ndjson.writeRaw entry) && line.Span.IndexOfAny(byte '\n', byte '\r') < 0))

        testProperty
            "a line is JSON for System.Text.Json too"
            (forAll EntryGenerator.entry (fun entry ->
                let line = (Ndjson.write entry).ToText()
                use document = Json.JsonDocument.Parse line
                document.RootElement.GetProperty("stream").GetString() = entry.Data.Stream.Value))

        /// Reads the runtime's own formats, so that our number layout is checked against another writer.
        testProperty
            "a number's canonical form is the shortest that reads back"
            (forAll (ArbMap.defaults |> ArbMap.generate<uint64>) (fun bits ->
                let value = BitConverter.UInt64BitsToDouble bits

                match Canonical.write (JsonValue.Number value) with
                | Error _ -> not (Double.IsFinite value)
                | Ok bytes ->
                    let digits (text: string) = (text.Split('e', 'E')[0]).Replace(".", "", StringComparison.Ordinal).Trim('-').Trim('0')

                    let text = bytes.ToText()

                    Double.Parse(text, CultureInfo.InvariantCulture) = value
                    && digits text = digits (value.ToString("R", CultureInfo.InvariantCulture))))

        testProperty
            "canonical JSON is a fixed point and does not depend on the order of members"
            (forAll json (fun value ->
                match Canonical.write value with
                | Ok bytes -> Canonical.ofJson bytes.Memory = Ok bytes && Canonical.write (reversed value) = Ok bytes
                | Error _ -> false))

        testProperty
            "two texts have no difference exactly when their canonical forms are equal"
            (forAll (Gen.zip json json) (fun (left, right) ->
                match Canonical.write left, Canonical.write right with
                | Ok left, Ok right ->
                    (JsonDifference.first left.Memory right.Memory).IsNone = (left = right)
                    && (JsonDifference.first left.Memory left.Memory).IsNone
                | _ -> false))

        testProperty
            "no bytes make a reader throw"
            (let broken =
                gen {
                    let! entry = EntryGenerator.entry
                    let line = (Ndjson.write entry).Memory.ToArray()
                    let! place = Gen.choose (0, line.Length - 1)
                    let! replacement = ArbMap.defaults |> ArbMap.generate<byte>
                    let! length = Gen.elements [ line.Length; place ]
                    line[place] <- replacement
                    return Array.truncate length line
                }

             forAll broken (fun line ->
                 let memory = ReadOnlyMemory line
                 Ndjson.tryRead memory |> ignore
                 Canonical.ofJson memory |> ignore
                 JsonDifference.first memory memory |> ignore
                 true))
    ]

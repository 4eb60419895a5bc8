// JSON codecs of F# types: the form of every kind of value, strict reading, refusals when built.
// Run by `dotnet test`.
module Refold.Core.Tests.CodecJsonTests

open System
open System.Collections.Generic
open System.Numerics
open Expecto
open Refold.Core
open Refold.Support

type Colour =
    | Red = 1
    | Green = 2

type Line = {
    sku: string
    price: decimal
    note: string option
    [<JsonName "qty">]
    quantity: int
}

type Shape =
    | Circle of radius: float
    | Square of float
    | [<JsonName "nothing">] Empty

type Tree =
    | Leaf
    | Node of left: Tree * value: int * right: Tree

type Generic<'Item> = { items: 'Item list; best: 'Item voption }

[<CompilationRepresentation(CompilationRepresentationFlags.UseNullAsTrueValue)>]
type Nullish =
    | Nothing
    | Something of int

let private encode (value: 'Value) =
    (Codec.json<'Value> "T").Encode value |> Result.map _.Payload.ToText() |> Result.mapError _.ToString()

let private decode<'Value> (json: string) =
    (Codec.json<'Value> "T").Decode { Type = "T"; SchemaVersion = 1; Payload = Bytes.OfText json }
    |> Result.mapError _.ToString()

/// The form of the value, and the value back from it.
let private has (expected: string) (value: 'Value) =
    equal (Ok expected) (encode value)
    equal (Ok value) (decode<'Value> expected)

let private refused<'Value> (reason: string) (json: string) =
    match decode<'Value> json with
    | Ok value -> failtest $"read as %A{value}"
    | Error text -> containsText reason text

[<NoEquality; NoComparison>]
type private WithFunction = { run: int -> int }

[<NoEquality; NoComparison>]
type private WithSequence = { inner: {| numbers: seq<int> |} list }

type private WithNested = { choice: int option option }

type private Clash = {
    [<JsonName "b">]
    a: int
    b: int
}

type private Reserved = Reserved of case: int

type private Endless<'Item> = Endless of Endless<'Item * 'Item> list

let private fails<'Value> (reason: string) =
    let error = throws<ArgumentException>(fun () -> Codec.json<'Value> "T" |> ignore)
    containsText reason error.Message

type private Aliased =
    | One = 1
    | Uno = 1

[<Tests>]
let tests =
    testList "Codecs / JSON codecs" [
        testCase "numbers up to 32 bits are numbers, larger ones and decimals are strings" (fun () ->
            has "-128" SByte.MinValue
            has "255" Byte.MaxValue
            has "-32768" Int16.MinValue
            has "65535" UInt16.MaxValue
            has "-2147483648" Int32.MinValue
            has "4294967295" UInt32.MaxValue
            has "\"-9223372036854775808\"" Int64.MinValue
            has "\"18446744073709551615\"" UInt64.MaxValue
            has "\"-170141183460469231731687303715884105728\"" Int128.MinValue
            has "\"340282366920938463463374607431768211455\"" UInt128.MaxValue
            has "\"123456789012345678901234567890123456789012\"" (BigInteger.Parse "123456789012345678901234567890123456789012")
            has "\"1.10\"" 1.10m
            has "\"-79228162514264337593543950335\"" Decimal.MinValue

            equal (Ok "1.10") (decode<decimal> "\"1.10\"" |> Result.map _.ToString(Globalization.CultureInfo.InvariantCulture)))

        testCase "doubles are numbers, but for four that JSON has none for" (fun () ->
            has "0.1" 0.1
            has "1e+21" 1e21
            has "0" 0.0
            has "\"Infinity\"" infinity
            has "\"-Infinity\"" -infinity
            has "0.10000000149011612" 0.1f
            equal (Ok "\"-0\"") (encode -0.0)
            equal (Ok "\"NaN\"") (encode nan)
            equal (Ok true) (decode<float> "\"-0\"" |> Result.map Double.IsNegative)
            equal (Ok true) (decode<float> "\"NaN\"" |> Result.map Double.IsNaN)
            refused<float> "must be a number" "\"1\""
            refused<float32> "32 bits" "0.1")

        testCase "texts, times, ids and bytes are strings" (fun () ->
            has "\"a\\\"\\u0001é\"" "a\"\u0001é"
            has "\"x\"" 'x'
            has "true" true
            has "{}" ()
            has "\"00000000-0000-0000-0000-000000000000\"" Guid.Empty
            has "\"2024-01-02T03:04:05.5+02:00\"" (DateTimeOffset(2024, 1, 2, 3, 4, 5, 500, TimeSpan.FromHours 2.0))
            has "\"2024-01-02T03:04:05Z\"" (DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc))
            has "\"-1.02:03:04\"" (-TimeSpan(1, 2, 3, 4))
            has "\"2024-01-02\"" (DateOnly(2024, 1, 2))
            has "\"03:04:05.0000000\"" (TimeOnly(3, 4, 5))
            has "\"AP8=\"" (Bytes.OfHex "00ff")
            has "\"AP8=\"" [| 0uy; 255uy |]
            has "\"order/1\"" (StreamId.Create "order/1")
            has "\"Green\"" Colour.Green)

        testCase "an offset is kept, a time of unknown kind is refused" (fun () ->
            let time = DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours 2.0)
            equal (Ok true) (encode time |> Result.bind decode<DateTimeOffset> |> Result.map time.EqualsExact)
            isTrue (Result.isError (encode (DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Local))))
            isTrue (Result.isError (encode (DateTime(2024, 1, 2)))))

        testCase "records are objects in canonical order, absent options are left out" (fun () ->
            has """{"price":"1.10","qty":2,"sku":"a"}""" { sku = "a"; price = 1.10m; note = None; quantity = 2 }
            has """{"note":"n","price":"1","qty":2,"sku":"a"}""" { sku = "a"; price = 1m; note = Some "n"; quantity = 2 }
            has """{"a":1,"b":"x"}""" {| b = "x"; a = 1 |}
            equal (Ok None) (decode<Line> """{"price":"1","qty":2,"sku":"a"}""" |> Result.map _.note)
            refused<Line> "/note is null: what is absent is left out" """{"note":null,"price":"1","qty":2,"sku":"a"}""")

        testCase "unions name their case" (fun () ->
            has """{"case":"Circle","radius":1.5}""" (Circle 1.5)
            has """{"Item":2,"case":"Square"}""" (Square 2.0)
            has """{"case":"nothing"}""" Empty
            has """{"case":"Nothing"}""" Nothing
            has """{"Item":1,"case":"Something"}""" (Something 1)
            has """{"ResultValue":1,"case":"Ok"}""" (Ok 1: Result<int, string>)
            has """{"case":"Node","left":{"case":"Leaf"},"right":{"case":"Leaf"},"value":1}""" (Node(Leaf, 1, Leaf)))

        testCase "collections: sets and maps in the order of canonical keys" (fun () ->
            has "[1,2]" [ 1; 2 ]
            has "[1,2]" [| 1; 2 |]
            has "[1,null]" [ Some 1; None ]
            has "[1,\"x\",true]" (1, "x", true)
            has "[1,\"x\"]" (struct (1, "x"))
            has "[1,10,2]" (set [ 10; 2; 1 ])
            has """{"1":true,"10":true,"2":true}""" (Map.ofList [ 1L, true; 2L, true; 10L, true ])
            has """{"Green":1,"Red":2}""" (Map.ofList [ Colour.Red, 2; Colour.Green, 1 ])
            has "[[1,\"a\"],[10,\"b\"],[2,\"c\"]]" (Map.ofList [ 1, "a"; 10, "b"; 2, "c" ])
            has """{"a":{"b":[1]}}""" (Map.ofList [ "a", Map.ofList [ "b", [ 1 ] ] ])
            // By UTF-16 units, as RFC 8785 sorts: the emoji comes first.
            has "{\"\U0001F600\":1,\"\ufb33\":2}" (Map.ofList [ "\ufb33", 2; "\U0001F600", 1 ])
            has """{"best":"x","items":["x"]}""" { items = [ "x" ]; best = ValueSome "x" }
            has """{"items":[[1,[2]]]}""" { items = [ 1, [ 2 ] ]; best = ValueNone })

        testCase "an aggregate can keep a random state and a pin in its own state" (fun () ->
            has
                (RngState.toJson (RngState.FromSeed 7UL)
                 |> fun json ->
                     (match Canonical.ofJson (Bytes.OfText json).Memory with
                      | Ok bytes -> bytes.ToText()
                      | Error error -> error.ToString()))
                (RngState.FromSeed 7UL)

            has
                """{"model":"m","provider":"p","seed":"1","settings":{"k":"v"},"version":"1"}"""
                (RunPin("m", "p", "1", 1UL).With("k", "v")))

        testCase "reading is strict and names the place" (fun () ->
            refused<Line> "'T' cannot be decoded: the value has no member 'price'" """{"sku":"a","qty":1}"""
            refused<Line> "the value has an unknown member 'x'" """{"sku":"a","qty":1,"price":"1","x":1}"""
            refused<Line> "the value has an unknown member 'quantity'" """{"sku":"a","quantity":1,"price":"1"}"""

            refused<Line list>
                "/1/qty must be an integer of 32 bits"
                """[{"sku":"a","qty":1,"price":"1"},{"sku":"a","qty":1.5,"price":"1"}]"""

            refused<Line> "/price must be a decimal as it is written" """{"sku":"a","qty":1,"price":"01"}"""
            refused<Line> "/price must be a string with a decimal" """{"sku":"a","qty":1,"price":1}"""
            refused<Line> "/sku must be a string" """{"sku":null,"qty":1,"price":"1"}"""
            refused<Line> "'qty' occurs twice" """{"sku":"a","qty":1,"qty":1,"price":"1"}"""
            refused<Line> "nothing may follow" """{"sku":"a","qty":1,"price":"1"} 1"""
            refused<Shape> "has no member 'case'" """{"radius":1}"""
            refused<Shape> "unknown case 'Empty'" """{"case":"Empty"}"""
            refused<Shape> "has no member 'radius'" """{"case":"Circle"}"""
            refused<Set<int>> "has an item twice" "[1,1]"
            refused<Map<int, int>> "has an item twice" "[[1,1],[1,2]]"
            refused<Map<string, int>> "'a' occurs twice" """{"a":1,"a":2}"""
            refused<Map<int, int>> "/0 must be an array of key and value" "[[1]]"
            refused<int * int> "must be an array of 2 items" "[1]"
            refused<byte> "0 to 255" "256"
            refused<int> "32 bits" "1e300"
            refused<int64> "64-bit" "1"
            refused<int64> "64-bit" "\"+1\""
            refused<int64> "64-bit" "\"9223372036854775808\""
            refused<Guid> "UUID" "\"00000000-0000-0000-0000-00000000000A\""
            refused<Colour> "one of Red, Green" "\"Blue\""
            refused<Colour> "one of Red, Green" "1"
            refused<char> "one character" "\"ab\""
            refused<Bytes> "base64" "\"AP8\""
            refused<string> "lone surrogate" "\"\\ud800\""
            refused<DateTime> "UTC" "\"2024-01-02T03:04:05+01:00\""

            for text in [ "1.0"; "1e2"; "1E0"; "-0"; "-0.0"; "100e-2" ] do
                refused<int> "32 bits" text
                refused<sbyte> "-128 to 127" text
                refused<uint32> "0 to 4294967295" text

            refused<Set<int>> "another order" "[2,1]"
            refused<Set<int list>> "another order" "[[2],[1]]"
            refused<Map<int, int>> "another order" "[[2,1],[1,1]]"
            refused<Aliased> "one of One" "\"Uno\""
            refused<float> "must be a number" "-0"
            refused<RngState> "stream" ((RngState.toJson (RngState.FromSeed 7UL)).Replace("\"0\"", "\"00\""))
            refused<RngState> "as it is written" ((RngState.toJson (RngState.FromSeed 7UL)).Replace("\"0\"", "0")))

        testCase "what an author may write otherwise is read" (fun () ->
            equal (Ok 100.0) (decode<float> "1e2")
            equal (Ok 1.0) (decode<float> "1.0")
            equal (Ok 0.5f) (decode<float32> "5e-1")

            equal
                (Ok { sku = "a"; price = 1m; note = None; quantity = 2 })
                (decode<Line> " { \"sku\" : \"\\u0061\", \"price\":\"1\",\"qty\":2 }"))

        testCase "equal is not alike: scales and offsets are kept" (fun () ->
            has "\"1.0\"" 1.0m
            has "\"1.00\"" 1.00m
            notEqual (encode 1.0m) (encode 1.00m))

        testCase "values without a form are refused when they are written" (fun () ->
            let failing (reason: string) (result: Result<string, string>) =
                match result with
                | Ok json -> failtest ("written as " + json)
                | Error text -> containsText reason text

            failing "/0 is a value of an enumeration that has no name" (encode [ enum<Colour> 7 ])
            failing "lone surrogate" (encode (String(char 0xD800, 1)))
            failing "/0 is null" (encode [ Unchecked.defaultof<string> ])
            failing "the value is null" (encode Unchecked.defaultof<Line>)
            failing "the value is null" (encode Unchecked.defaultof<Shape>))

        testCase "depth is limited both ways, without a stack overflow" (fun () ->
            let rec deep tree levels = if levels = 0 then tree else deep (Node(tree, 0, Leaf)) (levels - 1)
            let limit = deep Leaf 511
            equal (Ok limit) (encode limit |> Result.bind decode<Tree>)
            equal (Error "'T' cannot be encoded: nested deeper than 512") (encode (deep Leaf 100_000))
            refused<Tree> "nested deeper than 512" (String.replicate 100_000 """{"left":"""))

        testCase "types without a form are refused when the codec is built" (fun () ->
            fails<WithFunction> ".run: a function cannot be recorded"
            fails<WithSequence> ".inner.numbers: a lazy sequence"
            fails<WithNested> ".choice: an option of an option"
            fails<int option voption> "an option of an option"
            fails<Clash> "two fields are called 'b'"
            fails<Reserved> "the name of the case"
            fails<obj> "an object says nothing"
            fails<IReadOnlyList<int>> "an interface says nothing"
            fails<Dictionary<string, int>> "it is no record"
            fails<Action> "a function cannot be recorded"
            fails<int[,]> "it is no record"
            fails<Endless<int>> "for ever"
            throws<ArgumentException>(fun () -> Codec.jsonUnion<Line>() |> ignore) |> ignore)

        testCase "the cases of a union can be entry types of their own" (fun () ->
            let codec = Codec.jsonUnion<Shape>() |> Codec.withVersion "Circle" 2

            let written (value: Shape) =
                match codec.Encode value with
                | Ok encoded -> encoded.Type, encoded.SchemaVersion, encoded.Payload.ToText()
                | Error error -> failwith (error.ToString())

            equal ("Circle", 2, """{"radius":1.5}""") (written (Circle 1.5))
            equal ("Square", 1, """{"Item":2}""") (written (Square 2.0))
            equal ("nothing", 1, "{}") (written Empty)

            for value in [ Circle 1.5; Square 2.0; Empty ] do
                equal (Ok value) (codec.Encode value |> Result.bind codec.Decode)

            equal (Error(CodecError.UnknownType "Empty")) (codec.Decode { Type = "Empty"; SchemaVersion = 1; Payload = Bytes.OfText "{}" }))
    ]

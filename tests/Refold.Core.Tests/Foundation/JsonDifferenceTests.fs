// Where two JSON texts differ first.
// Run by `dotnet test`.
module Refold.Core.Tests.JsonDifferenceTests

open System
open System.Text
open Expecto
open Refold.Core
open Refold.Support

let private utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

[<Tests>]
let tests =
    testList "Foundation / differences of JSON" [
        testTheory
            "the first difference has a pointer and both values"
            [
                ("{\"b\":1,\"a\":1}", "{\"a\":2,\"b\":2}", "/b", "1", "2")
                ("{\"a\":[1,{\"x\":true}]}", "{\"a\":[1,{\"x\":false}]}", "/a/1/x", "true", "false")
                ("[1,2]", "[1]", "/1", "2", "absent")
                ("[1]", "[1,null]", "/1", "absent", "null")
                ("{\"a\":1}", "{}", "/a", "1", "absent")
                ("{\"z\":1}", "{\"n\":0,\"z\":1}", "/n", "absent", "0")
                ("{\"a/b\":{\"~\":\"x\"}}", "{\"a/b\":{\"~\":\"y\"}}", "/a~1b/~0", "\"x\"", "\"y\"")
                ("{\"a\":{}}", "{\"a\":[]}", "/a", "{}", "[]")
                ("1", "\"1\"", "", "1", "\"1\"")
                ("{\"a\":{\"y\":1,\"x\":2}}", "{\"a\":7}", "/a", "{\"x\":2,\"y\":1}", "7")
                ("{\"\":1}", "{\"\":2}", "/", "1", "2")
            ]
            (fun (expected: string, actual: string, pointer: string, left: string, right: string) ->
                let difference: JsonDifference = { Pointer = pointer; Expected = left; Actual = right }
                equal (Some difference) (JsonDifference.first (utf8 expected) (utf8 actual)))

        testTheory
            "encoding only: the same meaning in other bytes"
            [
                ("{\"a\":1.0,\"b\":\"\\u0041\"}", "{\"b\":\"A\", \"a\":1}", true)
                ("{\"a\":1}", "{\"a\":1}", false)
                ("{\"a\":1}", "{\"a\":2}", false)
                ("{", "{", false)
                ("{\"a\":1,\"a\":1}", "{\"a\":1, \"a\":1}", false)
            ]
            (fun (left: string, right: string, expected: bool) ->
                equal expected (JsonDifference.encodingOnly (utf8 left) (utf8 right))
                isTrue (not expected || (JsonDifference.first (utf8 left) (utf8 right)).IsNone))

        testCase "what is not JSON has no difference with a pointer" (fun () ->
            equal None (JsonDifference.first (utf8 "[1") (utf8 "[1]"))
            equal None (JsonDifference.first (utf8 "[1]") (utf8 "")))
    ]

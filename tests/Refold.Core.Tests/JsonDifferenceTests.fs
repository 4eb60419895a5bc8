// Where two JSON texts differ first.
// Run by `dotnet test`.
module Refold.Core.Tests.JsonDifferenceTests

open System
open System.Text
open Refold.Core
open Xunit

let private utf8 (text: string) = ReadOnlyMemory(Encoding.UTF8.GetBytes text)

[<Theory>]
[<InlineData("{\"b\":1,\"a\":1}", "{\"a\":2,\"b\":2}", "/b", "1", "2")>]
[<InlineData("{\"a\":[1,{\"x\":true}]}", "{\"a\":[1,{\"x\":false}]}", "/a/1/x", "true", "false")>]
[<InlineData("[1,2]", "[1]", "/1", "2", "absent")>]
[<InlineData("[1]", "[1,null]", "/1", "absent", "null")>]
[<InlineData("{\"a\":1}", "{}", "/a", "1", "absent")>]
[<InlineData("{\"z\":1}", "{\"n\":0,\"z\":1}", "/n", "absent", "0")>]
[<InlineData("{\"a/b\":{\"~\":\"x\"}}", "{\"a/b\":{\"~\":\"y\"}}", "/a~1b/~0", "\"x\"", "\"y\"")>]
[<InlineData("{\"a\":{}}", "{\"a\":[]}", "/a", "{}", "[]")>]
[<InlineData("1", "\"1\"", "", "1", "\"1\"")>]
[<InlineData("{\"a\":{\"y\":1,\"x\":2}}", "{\"a\":7}", "/a", "{\"x\":2,\"y\":1}", "7")>]
[<InlineData("{\"\":1}", "{\"\":2}", "/", "1", "2")>]
let ``the first difference has a pointer and both values``
    (expected: string, actual: string, pointer: string, left: string, right: string)
    =
    let difference: JsonDifference = { Pointer = pointer; Expected = left; Actual = right }
    Assert.Equal(Some difference, JsonDifference.first (utf8 expected) (utf8 actual))

[<Theory>]
[<InlineData("{\"a\":1.0,\"b\":\"\\u0041\"}", "{\"b\":\"A\", \"a\":1}", true)>]
[<InlineData("{\"a\":1}", "{\"a\":1}", false)>]
[<InlineData("{\"a\":1}", "{\"a\":2}", false)>]
[<InlineData("{", "{", false)>]
[<InlineData("{\"a\":1,\"a\":1}", "{\"a\":1, \"a\":1}", false)>]
let ``encoding only: the same meaning in other bytes`` (left: string, right: string, expected: bool) =
    Assert.Equal(expected, JsonDifference.encodingOnly (utf8 left) (utf8 right))
    Assert.True((not expected || (JsonDifference.first (utf8 left) (utf8 right)).IsNone))

[<Fact>]
let ``what is not JSON has no difference with a pointer`` () =
    Assert.Equal(None, JsonDifference.first (utf8 "[1") (utf8 "[1]"))
    Assert.Equal(None, JsonDifference.first (utf8 "[1]") (utf8 ""))

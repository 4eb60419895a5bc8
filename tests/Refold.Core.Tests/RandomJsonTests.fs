// The JSON form of random states: own form, seed 000's form, and whatever is neither.
// Run by `dotnet test`.
module Refold.Core.Tests.RandomJsonTests

open System
open System.Text.Json
open Refold.Core
open Xunit

let private key = Array.init 32 (fun index -> byte (index * 7))

let private state =
    RngState.Create(ReadOnlySpan key, 18446744073709551615UL, (UInt128.One <<< 68) - UInt128.One, 3UL)

let private zeros = String('0', 64)

[<Fact>]
let ``the form has a fixed order and integers as strings`` () =
    let expected =
        """{"seed":"00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9","stream":"18446744073709551615","wordPosition":"295147905179352825855","splits":"3"}"""

    Assert.Equal(expected, RngState.toJson state)
    Assert.Equal(expected, state.ToJson())

[<Fact>]
let ``rng_state_serde_round_trips: a state read back is equal and draws and splits the same`` () =
    let rng = SeededRng.FromSeed 123UL
    rng.NextUInt64() |> ignore
    rng.Split() |> ignore
    let snapshot = rng.State

    match RngState.ofJson (snapshot.ToJson()) with
    | Error error -> Assert.Fail(error.ToString())
    | Ok restored ->
        Assert.Equal(snapshot, restored)
        let again = SeededRng restored
        Assert.Equal(rng.NextUInt64(), again.NextUInt64())
        Assert.Equal(rng.Split().NextUInt64(), again.Split().NextUInt64())

[<Fact>]
let ``seed 000's form is read: numbers, word_pos, no splits`` () =
    let numbers = String.Join(",", key)
    let json = $$"""{"seed":[{{numbers}}],"stream":1,"word_pos":12}"""
    let expected = RngState.Create(ReadOnlySpan key, 1UL, UInt128.op_Implicit 12UL, 0UL)
    Assert.Equal(Ok expected, RngState.ofJson json)

    let largest =
        $$"""{"seed":[{{numbers}}],"stream":18446744073709551615,"word_pos":295147905179352825855}"""

    Assert.Equal(Ok(RngState.Create(ReadOnlySpan key, UInt64.MaxValue, state.WordPosition, 0UL)), RngState.ofJson largest)

[<Fact>]
let ``a form without splits reads as none handed out, members come in any order`` () =
    let json = $$"""{ "wordPosition" : "5", "stream": "2", "seed": "{{zeros}}" }"""

    let expected =
        RngState.Create(ReadOnlySpan(Array.zeroCreate<byte> 32), 2UL, UInt128.op_Implicit 5UL, 0UL)

    Assert.Equal(expected, RngState.Parse json)

let private broken: string[] =
    let rest = "\"stream\":\"0\",\"wordPosition\":\"0\""
    let seed = "\"seed\":\"" + zeros + "\""
    let bytes count = String.Join(",", Array.create count "0")

    [|
        ""
        " "
        "null"
        "[]"
        "\"text\""
        "{"
        "{}"
        "{" + seed + "," + rest + "} x"
        "{" + rest + "}"
        "{" + seed + ",\"stream\":\"0\"}"
        "{" + seed + ",\"wordPosition\":\"0\"}"
        "{\"seed\":\"" + zeros.Substring 1 + "\"," + rest + "}"
        "{\"seed\":\"" + zeros.Substring 1 + "g\"," + rest + "}"
        "{\"seed\":[" + bytes 31 + "]," + rest + "}"
        "{\"seed\":[" + bytes 33 + "]," + rest + "}"
        "{\"seed\":[" + bytes 31 + ",256]," + rest + "}"
        "{\"seed\":[" + bytes 31 + ",-1]," + rest + "}"
        "{\"seed\":[" + bytes 31 + ",\"0\"]," + rest + "}"
        "{\"seed\":7," + rest + "}"
        "{" + seed + ",\"stream\":\"-1\",\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":\"18446744073709551616\",\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":1.5,\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":1e2,\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":\"\",\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":null,\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":\"0\",\"wordPosition\":\"295147905179352825856\"}"
        "{" + seed + "," + rest + ",\"word_pos\":0}"
        "{" + seed + "," + rest + ",\"splits\":null}"
        "{" + seed + "," + rest + ",\"split\":\"1\"}"
        "{" + seed + "," + rest + ",\"stream\":\"0\"}"
        "{" + seed + "," + rest + ",\"splits\":\"\\ud800\"}"
        "{" + seed + "," + rest + ",\"\\ud800\":\"1\"}"
        "{" + seed + "," + rest + ",\"" + String(char 0xD800, 1) + "\":\"1\"}"
        String.replicate 100000 "["
    |]

[<Fact>]
let ``whatever is no state is refused, with one exception and one only`` () =
    for json in broken do
        match RngState.ofJson json with
        | Ok read -> Assert.Fail(json + " was read as " + read.ToString())
        | Error error -> Assert.StartsWith("the random state ", error.ToString())

        let read, _ = RngState.TryParse json
        Assert.False(read, json)
        Assert.Throws<FormatException>(fun () -> RngState.Parse json |> ignore) |> ignore

[<Fact>]
let ``no text at all is refused like any other`` () =
    let nothing = Unchecked.defaultof<string>
    Assert.True(Result.isError (RngState.ofJson nothing))
    Assert.Throws<FormatException>(fun () -> RngState.Parse nothing |> ignore) |> ignore

[<Fact>]
let ``the form is JSON to others`` () =
    use document = JsonDocument.Parse(state.ToJson())
    Assert.Equal("3", document.RootElement.GetProperty("splits").GetString())

// The JSON form of random states: own form, seed 000's form, and whatever is neither.
// Run by `dotnet test`.
module Refold.Core.Tests.RandomJsonTests

open System
open System.Text.Json
open Expecto
open Refold.Core
open Refold.Support

let private key = Array.init 32 (fun index -> byte (index * 7))

let private state =
    RngState.Create(ReadOnlySpan key, 18446744073709551615UL, (UInt128.One <<< 68) - UInt128.One, 3UL)

let private zeros = String('0', 64)

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
        "{" + seed + "," + rest + "}\000"
        "{" + seed + ",\"stream\":\"007\",\"wordPosition\":\"0\"}"
        "{" + seed + ",\"stream\":\"0\",\"wordPosition\":\"007\"}"
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

[<Tests>]
let tests =
    testList "Random / states as JSON" [
        testCase "the form has a fixed order and integers as strings" (fun () ->
            let expected =
                ("""{"seed":"00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9","stream":"18446744073709551615","""
                 + """"wordPosition":"295147905179352825855","splits":"3"}""")

            equal expected (RngState.toJson state)
            equal expected (state.ToJson()))

        testCase "rng_state_serde_round_trips: a state read back is equal and draws and splits the same" (fun () ->
            let rng = SeededRng.FromSeed 123UL
            rng.NextUInt64() |> ignore
            rng.Split() |> ignore
            let snapshot = rng.State

            match RngState.ofJson (snapshot.ToJson()) with
            | Error error -> failtest (error.ToString())
            | Ok restored ->
                equal snapshot restored
                let again = SeededRng restored
                equal (rng.NextUInt64()) (again.NextUInt64())
                equal (rng.Split().NextUInt64()) (again.Split().NextUInt64()))

        testCase "seed 000's form is read: numbers, word_pos, no splits" (fun () ->
            let numbers = String.Join(",", key)
            let json = $$"""{"seed":[{{numbers}}],"stream":1,"word_pos":12}"""
            let expected = RngState.Create(ReadOnlySpan key, 1UL, UInt128.op_Implicit 12UL, 0UL)
            equal (Ok expected) (RngState.ofJson json)

            let largest =
                $$"""{"seed":[{{numbers}}],"stream":18446744073709551615,"word_pos":295147905179352825855}"""

            equal (Ok(RngState.Create(ReadOnlySpan key, UInt64.MaxValue, state.WordPosition, 0UL))) (RngState.ofJson largest))

        testCase "a form without splits reads as none handed out, members come in any order" (fun () ->
            let json = $$"""{ "wordPosition" : "5", "stream": "2", "seed": "{{zeros}}" }"""

            let expected =
                RngState.Create(ReadOnlySpan(Array.zeroCreate<byte> 32), 2UL, UInt128.op_Implicit 5UL, 0UL)

            equal expected (RngState.Parse json))

        testCase "whatever is no state is refused, with one exception and one only" (fun () ->
            for json in broken do
                match RngState.ofJson json with
                | Ok read -> failtest (json + " was read as " + read.ToString())
                | Error error -> startsWith "the random state " (error.ToString())

                let read, _ = RngState.TryParse json
                isFalseFor json read
                throws<FormatException>(fun () -> RngState.Parse json |> ignore) |> ignore)

        testCase "no text at all is refused like any other" (fun () ->
            let nothing = Unchecked.defaultof<string>
            isTrue (Result.isError (RngState.ofJson nothing))
            throws<FormatException>(fun () -> RngState.Parse nothing |> ignore) |> ignore)

        testCase "the form is JSON to others" (fun () ->
            use document = JsonDocument.Parse(state.ToJson())
            equal "3" (nonNull (document.RootElement.GetProperty("splits").GetString())))
    ]

// Every case of Rust rand_chacha 0.3.1 in tests/vectors/chacha20rng.json, and a few of them written here.
// Run by `dotnet test`.
module Refold.Core.Tests.RandomVectorTests

open System
open System.Globalization
open System.Text.Json
open Expecto
open Refold.Core
open Refold.Support

let private number (element: JsonElement) = UInt64.Parse(nonNull (element.GetString()), CultureInfo.InvariantCulture)

let private draws (name: string) (case: JsonElement) (rng: SeededRng) =
    let expected = [ for item in case.GetProperty(name).EnumerateArray() -> number item ]
    isNotEmpty expected
    equal expected [ for _ in expected -> rng.NextUInt64() ]

/// The vectors' states have no splits; whether they are right is seen by the draws of later children.
let private stands (name: string) (case: JsonElement) (rng: SeededRng) =
    let expected = RngState.Parse(case.GetProperty(name).GetRawText())
    equal expected (RngState.Create(rng.State.Key, rng.State.Stream, rng.State.WordPosition, 0UL))

let private begun (case: JsonElement) = SeededRng.FromSeed(number (case.GetProperty "from_seed"))

let private run (case: JsonElement) =
    let rng = begun case

    match case.GetProperty("case").GetString() with
    | "draws" ->
        stands "state_before" case rng
        draws "next_u64" case rng
        stands "state_after" case rng
    | "u32_then_u64" ->
        equal (number (case.GetProperty "next_u32")) (uint64 (rng.NextUInt32()))
        draws "next_u64" case rng
        stands "state_after" case rng
    | "fill_bytes_75" ->
        let bytes = Array.zeroCreate<byte> 75
        rng.Fill(Span bytes)
        equal (case.GetProperty("bytes").GetString()) (Convert.ToHexStringLower(ReadOnlySpan bytes))
        stands "state_after_fill" case rng
        draws "next_u64" case rng
    | "seek" ->
        let position =
            UInt128.Parse(nonNull (case.GetProperty("word_pos").GetString()), CultureInfo.InvariantCulture)

        let sought = SeededRng(rng.State.Seek position)
        draws "next_u64" case sought
        stands "state_after" case sought
    | "split" ->
        for _ in 1 .. case.GetProperty("draws_before").GetInt32() do
            rng.NextUInt64() |> ignore

        let first = rng.Split()
        let second = rng.Split()

        for child, name in [ first, "child1"; second, "child2"; first.Split(), "grandchild_of_child1" ] do
            let expected = case.GetProperty name

            if name <> "child1" then
                stands "state" expected child

            draws "next_u64" expected child

        stands "parent_state" case rng
        draws "parent_next_u64" case rng
    | other -> failtest ("an unknown case: " + string other)

[<Tests>]
let tests =
    testList "Random / vectors of rand_chacha" [
        testCase "every case of rand_chacha holds" (fun () ->
            use document = JsonDocument.Parse(Resources.text "vectors/chacha20rng.json")
            let cases = List.ofSeq (document.RootElement.EnumerateArray())
            let kinds = cases |> List.countBy (fun case -> string (case.GetProperty "case"))
            equal 68 cases.Length
            contains ("seek", 52) kinds
            List.iter run cases)

        testCase "a seed is expanded with PCG32, whatever seed 000's comment says" (fun () ->
            let state = RngState.FromSeed 0UL
            equal "ecf273f981b5cd4587f0467306ad6cadd0d0a3e33317e767f29bea72d78a7dfe" (Convert.ToHexStringLower state.Key)
            let rng = SeededRng state
            equal 449479075714955186UL (rng.NextUInt64())
            equal 18115028555707261608UL (rng.NextUInt64()))

        testCase "a first child follows seed 000's stream rule" (fun () ->
            let child = SeededRng.FromSeed(0UL).Split()
            equal 1UL child.State.Stream
            equal 4805290024704326708UL (child.NextUInt64())
            equal 11400714819323198486UL (child.Split().State.Stream))

        testCase "the key stream wraps after 2^68 words" (fun () ->
            let state = RngState.FromSeed 9UL
            let last = SeededRng(state.Seek((UInt128.One <<< 68) - UInt128.One))
            let first = SeededRng state
            last.NextUInt32() |> ignore
            equal UInt128.Zero last.State.WordPosition
            equal [ for _ in 1..200 -> first.NextUInt32() ] [ for _ in 1..200 -> last.NextUInt32() ]
            equal first.State last.State)
    ]

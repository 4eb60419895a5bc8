// Generators: one stream of words however it is drawn, restored at any moment, children that depend on what they should.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.RandomProperties

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support

/// What can be asked of a generator.
type Draw =
    | Word
    | Pair
    | Fill of length: byte
    | Split of wordsOfChild: byte

/// What it answers, as bytes; of a child, its state and its first words.
let private answer (rng: SeededRng) (draw: Draw) : byte[] =
    match draw with
    | Word -> BitConverter.GetBytes(rng.NextUInt32())
    | Pair -> BitConverter.GetBytes(rng.NextUInt64())
    | Fill length ->
        let bytes = Array.zeroCreate<byte>(int length)
        rng.Fill(Span bytes)
        bytes
    | Split count ->
        let child = rng.Split()
        let words = [| for _ in 1 .. int count -> child.NextUInt32() |]

        Array.append
            (child.State.ToJson() |> Text.Encoding.UTF8.GetBytes)
            (Array.collect (fun (word: uint32) -> BitConverter.GetBytes word) words)

[<Tests>]
let tests =
    properties "Random / generators" [
        testProperty
            "words, pairs and bytes in any order are one stream of words"
            (forAll states (fun state (draws: Draw list) ->
                let rng = SeededRng state

                let wordsOf draw =
                    match draw with
                    | Word -> 1
                    | Pair -> 2
                    | Fill length -> (int length + 3) / 4
                    | Split _ -> 0

                let total = List.sumBy wordsOf draws

                let stream =
                    ReferenceStream.words (state.Key.ToArray()) state.Stream state.WordPosition total
                    |> Array.collect (fun (word: uint32) -> BitConverter.GetBytes word)

                let mutable place = 0

                let same =
                    draws
                    |> List.forall (fun draw ->
                        let found = answer rng draw
                        let start = place
                        place <- place + 4 * wordsOf draw

                        match draw with
                        | Split _ -> true
                        | _ -> found = stream[start .. start + found.Length - 1])

                same
                && rng.State.WordPosition = state.Seek(state.WordPosition + UInt128.op_Implicit (uint32 total)).WordPosition))

        testProperty
            "restored at any moment, through its JSON form, a generator draws and splits the same"
            (forAll states (fun state (before: Draw list) (after: Draw list) ->
                let rng = SeededRng state
                List.iter (answer rng >> ignore) before
                let restored = SeededRng(RngState.Parse(rng.State.ToJson()))
                let expected = List.map (answer rng) after
                expected = List.map (answer restored) after && rng.State = restored.State))

        testProperty
            "a named child depends on key, stream and name alone"
            (forAll states (fun state ->
                forAll texts (fun name (before: Draw list) (others: byte list) ->
                    let rng = SeededRng state
                    List.iter (answer rng >> ignore) before

                    for other in List.distinct others do
                        rng.Named(name + string other) |> ignore

                    let expected = SeededRng(state.Named name)
                    let child = rng.Named name

                    let again =
                        try
                            rng.Named name |> ignore
                            false
                        with :? InvalidOperationException ->
                            true

                    again && child.State = expected.State && child.NextUInt64() = expected.NextUInt64())))

        testProperty
            "words drawn are those of the generator and of all its children"
            (forAll states (fun state (draws: Draw list) ->
                let rng = SeededRng state
                let named = rng.Named "child"
                List.iter (answer rng >> ignore) draws
                List.iter (answer named >> ignore) draws

                let wordsOf draw =
                    match draw with
                    | Word -> 1UL
                    | Pair -> 2UL
                    | Fill length -> (uint64 length + 3UL) / 4UL
                    | Split words -> uint64 words

                rng.WordsDrawn = 2UL * List.sumBy wordsOf draws && named.WordsDrawn = rng.WordsDrawn))

        testProperty
            "a state survives its JSON form, and seed 000's but for the splits"
            (forAll states (fun state ->
                let numbers = String.Join(",", state.Key.ToArray())
                let serde = $$"""{"seed":[{{numbers}}],"stream":{{state.Stream}},"word_pos":{{state.WordPosition}}}"""
                let withoutSplits = RngState.Create(state.Key, state.Stream, state.WordPosition, 0UL)
                RngState.ofJson (state.ToJson()) = Ok state && RngState.ofJson serde = Ok withoutSplits))

        testProperty
            "next functions draw what a generator draws"
            (forAll states (fun state (pairs: bool list) ->
                let rng = SeededRng state

                let folder (state, same) pair =
                    if pair then
                        let value, after = RngState.nextUInt64 state
                        after, same && value = rng.NextUInt64()
                    else
                        let value, after = RngState.nextUInt32 state
                        after, same && value = rng.NextUInt32()

                let last, same = List.fold folder (state, true) pairs
                same && last = rng.State))
    ]

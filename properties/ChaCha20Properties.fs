// The key stream is Bouncy Castle's, and the same however many blocks are made at once.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.ChaCha20Properties

open System
open Expecto
open FsCheck
open Refold.Core
open Refold.Properties.Generators
open Refold.Support

[<Tests>]
let tests =
    properties "Random / ChaCha20" [
        testProperty
            "any key, stream and position gives Bouncy Castle's words"
            (forAll states (fun state (count: byte) ->
                let rng = SeededRng state
                let expected = ReferenceStream.words (state.Key.ToArray()) state.Stream state.WordPosition (int count)
                expected = [| for _ in expected -> rng.NextUInt32() |]))

        testProperty
            "many blocks at once are those blocks one by one"
            (forAll states (fun state (count: byte) ->
                let counter: uint64 = UInt128.op_Explicit (state.WordPosition >>> 4)
                let many = Array.zeroCreate<uint32>(ChaCha20.blockWords * (int count &&& 63))
                ChaChaKernel.blocks ChaChaKernel.available state.Key counter state.Stream (Span many)
                let each = Array.zeroCreate<uint32> many.Length

                for index in 0 .. each.Length / ChaCha20.blockWords - 1 do
                    let place = Span(each, index * ChaCha20.blockWords, ChaCha20.blockWords)
                    ChaCha20.block state.Key (counter + uint64 index) state.Stream place

                each = many))
    ]

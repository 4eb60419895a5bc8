// Sampling agrees with its model over big integers, for any state and any bounds; the logarithm keeps its bound.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.SamplingProperties

open System
open System.Numerics
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support

/// Whether both give the same three times over, from as many words.
let private agree (state: RngState) draw (model: ReferenceStream.Reader -> 'Value) =
    let rng = SeededRng state
    let stream = ReferenceStream.Reader state

    List.forall (fun _ -> draw rng = model stream) [ 1..3 ] && rng.WordsDrawn = stream.Drawn

[<Tests>]
let tests =
    properties "Random / sampling" [
        testProperty
            "integers agree with big integers for any bounds"
            (forAll states (fun state ->
                forAll (Gen.two words) (fun (one, other) ->
                    let low, high = min one other, max one other
                    let low32, high32 = min (int one) (int other), max (int one) (int other)
                    let low64, high64 = min (int64 one) (int64 other), max (int64 one) (int64 other)

                    let wide (low: BigInteger) (high: BigInteger) stream = SamplingModel.betweenWide low high stream

                    agree state (Sample.between low32 high32) (SamplingModel.between low32 high32)
                    && agree state (Sample.betweenUInt64 low high >> BigInteger) (wide (BigInteger low) (BigInteger high))
                    && agree state (Sample.betweenInt64 low64 high64 >> BigInteger) (wide (BigInteger low64) (BigInteger high64)))))

        testProperty
            "orders and choices agree with the model"
            (forAll states (fun state (items: int list) (count: byte) ->
                let count = int count % (items.Length + 1)

                agree state (Sample.shuffle items >> List.ofArray) (SamplingModel.shuffle items)
                && agree state (Sample.pickDifferent count items >> List.ofArray) (SamplingModel.pickDifferent count items)))

        testProperty
            "weighted choices agree with the model"
            (forAll states (fun state (weights: NonEmptyArray<uint32>) ->
                let weights = weights.Get |> List.ofArray
                let integers = weights |> List.map int64
                let doubles = weights |> List.map (fun weight -> float weight / 7.0)

                List.sum integers = 0L
                || (agree state (Sample.weightedIndex integers) (SamplingModel.weightedIndex integers)
                    && agree state (Sample.weightedIndexDouble doubles) (SamplingModel.weightedIndexDouble doubles))))

        testProperty "GUIDs agree with the model" (forAll states (fun state -> agree state (Sample.guid >> string) SamplingModel.guid))

        testProperty
            "the logarithm of any positive double is off by less than 0.6 units in the last place"
            (forAll words (fun bits ->
                let value = abs (BitConverter.UInt64BitsToDouble bits)

                value = 0.0 || not (Double.IsFinite value) || ExactLogarithm.errorInUlps value (Logarithm.natural value) < 0.6))
    ]

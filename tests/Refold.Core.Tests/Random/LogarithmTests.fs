// The core's logarithm: its bound, its special values, a few frozen bits.
// Run by `dotnet test`.
module Refold.Core.Tests.LogarithmTests

open System
open Expecto
open Refold.Core
open Refold.Support

let private hasBound (value: float) =
    let error = ExactLogarithm.errorInUlps value (Logarithm.natural value)
    isTrueFor ($"ln {value:R} is off by {error} ulp") (error < 0.6)

[<Tests>]
let tests =
    testList "Random / the logarithm" [
        testCase "the reference itself is right: ln 2, ln 10, ln of the smallest double" (fun () ->
            equal 0.0 (ExactLogarithm.errorInUlps 1.0 0.0)
            inRange 0.0 0.5 (ExactLogarithm.errorInUlps 2.0 0.6931471805599453)
            inRange 0.0 0.5 (ExactLogarithm.errorInUlps 10.0 2.302585092994046)
            inRange 0.0 0.5 (ExactLogarithm.errorInUlps Double.Epsilon -744.4400719213812)
            inRange 0.5 1.5 (ExactLogarithm.errorInUlps 2.0 0.6931471805599454))

        testCase "the error is below 0.6 ulp where it is hardest" (fun () ->
            let root = sqrt 2.0

            for center in
                [
                    1.0
                    0.5
                    2.0
                    root
                    root / 2.0
                    4.0
                    Double.Epsilon * 4.0
                    2.2250738585072014e-308
                    1e308
                ] do
                let bits = BitConverter.DoubleToInt64Bits center

                for step in -200L .. 200L do
                    let value = BitConverter.Int64BitsToDouble(max 1L (bits + step))

                    if value <> 1.0 then
                        hasBound value

            hasBound Double.MaxValue
            hasBound Double.Epsilon)

        testCase "the error is below 0.6 ulp over the whole range, and close to 1 and below" (fun () ->
            let rng = SeededRng.FromSeed 31UL

            for _ in 1..4000 do
                hasBound (BitConverter.UInt64BitsToDouble(Sample.betweenUInt64 1UL 0x7FEFFFFFFFFFFFFFUL rng))
                hasBound (1.0 - Sample.double rng * 0.999999)
                hasBound (1.0 + (Sample.double rng + 1e-17) / 64.0))

        testCase "special values are those of every logarithm" (fun () ->
            equal (BitConverter.DoubleToInt64Bits 0.0) (BitConverter.DoubleToInt64Bits(Logarithm.natural 1.0))
            equal Double.NegativeInfinity (Logarithm.natural 0.0)
            equal Double.NegativeInfinity (Logarithm.natural -0.0)
            equal Double.PositiveInfinity (Logarithm.natural Double.PositiveInfinity)
            isTrue (Double.IsNaN(Logarithm.natural -1.0))
            isTrue (Double.IsNaN(Logarithm.natural Double.NaN))
            isTrue (Double.IsNaN(Logarithm.natural Double.NegativeInfinity)))

        testCase "an equal or larger number has an equal or larger logarithm" (fun () ->
            let rng = SeededRng.FromSeed 32UL

            for _ in 1..10000 do
                let value = Sample.double rng * 4.0 + 1e-300
                isTrue (Logarithm.natural value <= Logarithm.natural (Math.BitIncrement value)))
    ]

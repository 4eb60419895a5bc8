// The core's logarithm: its bound, its special values, a few frozen bits.
// Run by `dotnet test`.
module Refold.Core.Tests.LogarithmTests

open System
open Refold.Core
open Xunit

let private hasBound (value: float) =
    let error = ExactLogarithm.errorInUlps value (Logarithm.natural value)
    Assert.True(error < 0.6, $"ln {value:R} is off by {error} ulp")

[<Fact>]
let ``the reference itself is right: ln 2, ln 10, ln of the smallest double`` () =
    Assert.Equal(0.0, ExactLogarithm.errorInUlps 1.0 0.0)
    Assert.InRange(ExactLogarithm.errorInUlps 2.0 0.6931471805599453, 0.0, 0.5)
    Assert.InRange(ExactLogarithm.errorInUlps 10.0 2.302585092994046, 0.0, 0.5)
    Assert.InRange(ExactLogarithm.errorInUlps Double.Epsilon -744.4400719213812, 0.0, 0.5)
    Assert.InRange(ExactLogarithm.errorInUlps 2.0 0.6931471805599454, 0.5, 1.5)

[<Fact>]
let ``the error is below 0.6 ulp where it is hardest`` () =
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
    hasBound Double.Epsilon

[<Fact>]
let ``the error is below 0.6 ulp over the whole range, and close to 1 and below`` () =
    let rng = SeededRng.FromSeed 31UL

    for _ in 1..4000 do
        hasBound (BitConverter.UInt64BitsToDouble(Sample.betweenUInt64 1UL 0x7FEFFFFFFFFFFFFFUL rng))
        hasBound (1.0 - Sample.double rng * 0.999999)
        hasBound (1.0 + (Sample.double rng + 1e-17) / 64.0)

[<Fact>]
let ``special values are those of every logarithm`` () =
    Assert.Equal(BitConverter.DoubleToInt64Bits 0.0, BitConverter.DoubleToInt64Bits(Logarithm.natural 1.0))
    Assert.Equal(Double.NegativeInfinity, Logarithm.natural 0.0)
    Assert.Equal(Double.NegativeInfinity, Logarithm.natural -0.0)
    Assert.Equal(Double.PositiveInfinity, Logarithm.natural Double.PositiveInfinity)
    Assert.True(Double.IsNaN(Logarithm.natural -1.0))
    Assert.True(Double.IsNaN(Logarithm.natural Double.NaN))
    Assert.True(Double.IsNaN(Logarithm.natural Double.NegativeInfinity))

[<Fact>]
let ``an equal or larger number has an equal or larger logarithm`` () =
    let rng = SeededRng.FromSeed 32UL

    for _ in 1..10000 do
        let value = Sample.double rng * 4.0 + 1e-300
        Assert.True(Logarithm.natural value <= Logarithm.natural (Math.BitIncrement value))

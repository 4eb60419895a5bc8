// The natural logarithm in integers of 1/2^256: what the core's own is measured against.
// Called by LogarithmTests.fs, SamplingGoldenTests.fs and the properties.
module Refold.Support.ExactLogarithm

open System
open System.Numerics

let private bits = 256
let private one = BigInteger.One <<< bits

/// 2 atanh(numerator / denominator), by the Taylor series, for a ratio of at most 1/3 in size.
let private twiceAtanh (numerator: BigInteger) (denominator: BigInteger) =
    let ratio = (numerator <<< bits) / denominator
    let square = (ratio * ratio) >>> bits

    let rec add (power: BigInteger) (odd: int) (sum: BigInteger) =
        if BigInteger.Abs power <= BigInteger.One then
            sum
        else
            add ((power * square) >>> bits) (odd + 2) (sum + power / BigInteger odd)

    BigInteger 2 * add ratio 1 BigInteger.Zero

let private ln2 = twiceAtanh BigInteger.One (BigInteger 3)

/// A finite positive double as mantissa * 2^exponent, the mantissa having 53 bits.
let private parts (value: float) =
    let fields = BitConverter.DoubleToUInt64Bits value
    let fraction = fields &&& 0xFFFFFFFFFFFFFUL
    let exponent = int (fields >>> 52)

    let mantissa, exponent =
        if exponent = 0 then fraction, -1074 else fraction ||| 0x10000000000000UL, exponent - 1075

    let missing = BitOperations.LeadingZeroCount mantissa - 11
    BigInteger(mantissa <<< missing), exponent - missing

/// ln value, in units of 2^-256, off by less than 2^-240.
let ofDouble (value: float) : BigInteger =
    let mantissa, exponent = parts value
    let unit = BigInteger.One <<< 52
    twiceAtanh (mantissa - unit) (mantissa + unit) + BigInteger(exponent + 52) * ln2

/// How far `found` is from ln value, in units in the last place of `found`.
let errorInUlps (value: float) (found: float) : float =
    if found = 0.0 then
        if (ofDouble value).IsZero then 0.0 else Double.PositiveInfinity
    else
        let mantissa, exponent = parts (abs found)
        let shift = exponent + bits
        let magnitude = mantissa <<< shift
        let signed = if found < 0.0 then -magnitude else magnitude
        let error = BigInteger.Abs(signed - ofDouble value)
        // Four decimals are enough.
        float (error * BigInteger 10000 >>> shift) / 10000.0

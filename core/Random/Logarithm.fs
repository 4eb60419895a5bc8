// The natural logarithm from + - * / alone, so that it is the same on every platform; the runtime's own is not.
// Called by Sample.fs, and by deciders that need a logarithm.
namespace Refold.Core

open System

/// Logarithms that every machine computes alike.
[<RequireQualifiedAccess>]
module internal Logarithm =

    // ln 2 in two parts; the first has 32 bits, so that its product with any exponent is exact.
    let private ln2High = BitConverter.UInt64BitsToDouble 0x3FE62E42FEE00000UL
    let private ln2Low = BitConverter.UInt64BitsToDouble 0x3DEA39EF35793C76UL

    // Mantissas from here on are halved: the root of 2, rounded.
    let private rootOf2Bits = 0x6A09E667F3BCDUL
    let private mantissaBits = 0xFFFFFFFFFFFFFUL

    /// The sum and what rounding took from it (Knuth, TAOCP 2, section 4.2.2, theorem B).
    let inline private twoSum (x: float) (y: float) =
        let sum = x + y
        let shadow = sum - x
        struct (sum, (x - (sum - shadow)) + (y - shadow))

    /// The upper 26 bits (Veltkamp's splitting), for factors below 2^970.
    let inline private upperHalf (x: float) =
        let shifted = 134217729.0 * x
        shifted - (shifted - x)

    /// What rounding took from the product `x * y` (Dekker 1971).
    let inline private productError (product: float) (x: float) (y: float) =
        let xHigh = upperHalf x
        let yHigh = upperHalf y
        let xLow = x - xHigh
        let yLow = y - yHigh
        ((xHigh * yHigh - product) + xHigh * yLow + xLow * yHigh) + xLow * yLow

    /// The exponent, and the mantissa between the roots of 1/2 and 2.
    let private decompose (value: float) =
        let normal = value >= BitConverter.UInt64BitsToDouble 0x0010000000000000UL
        let bits = BitConverter.DoubleToUInt64Bits(if normal then value else value * 18014398509481984.0)
        let fraction = bits &&& mantissaBits
        let exponent = int (bits >>> 52) - 1023 - (if normal then 0 else 54)

        if fraction >= rootOf2Bits then
            struct (exponent + 1, BitConverter.UInt64BitsToDouble(fraction ||| 0x3FE0000000000000UL))
        else
            struct (exponent, BitConverter.UInt64BitsToDouble(fraction ||| 0x3FF0000000000000UL))

    /// 2 atanh(ratio) - 2 ratio, by the Taylor series to ratio^25; the ratio is at most 0.1716, which leaves less than 2^-65 of it out.
    let private seriesTail (ratio: float) =
        let square = ratio * ratio
        let mutable sum = 0.0

        for term in 12..-1..1 do
            sum <- (sum + 2.0 / float (2 * term + 1)) * square

        sum * ratio

    let private ofPositive (value: float) =
        let struct (exponent, mantissa) = decompose value
        // ln m = 2 atanh((m - 1) / (m + 1)): the numerator is exact, denominator and quotient are kept in two parts.
        let numerator = mantissa - 1.0
        let struct (denominator, denominatorError) = twoSum mantissa 1.0
        let ratio = numerator / denominator
        let product = ratio * denominator

        let remainder =
            (numerator - product) - productError product ratio denominator - ratio * denominatorError

        let ratioError = remainder / denominator
        let scale = float exponent
        let struct (sum, sumError) = twoSum (scale * ln2High) (2.0 * ratio)
        sum + (sumError + (seriesTail ratio + 2.0 * ratioError + scale * ln2Low))

    /// The natural logarithm, off by less than 0.6 units in the last place (0.54 is the most that was seen, against exact arithmetic).
    /// 0 gives negative infinity, infinity gives itself, a negative number or NaN gives NaN.
    let natural (value: float) : float =
        if value > 0.0 then
            if Double.IsPositiveInfinity value then value else ofPositive value
        elif value = 0.0 then
            Double.NegativeInfinity
        else
            Double.NaN

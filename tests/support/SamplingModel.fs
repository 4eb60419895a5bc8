// Sampling once more, over Bouncy Castle's key stream, big integers and exact logarithms: slow, and sharing nothing with the core.
// Called by SamplingGoldenTests.fs and by the properties.
module Refold.Support.SamplingModel

open System
open System.Numerics
open Refold.Support.ReferenceStream

/// A number below `count` from words of `bits` bits: the rejected ones are those whose lower half is below 2^bits mod count.
let rec private below (bits: int) (word: unit -> BigInteger) (count: BigInteger) : BigInteger =
    let range = BigInteger.One <<< bits
    let product = word () * count

    if product % range < range % count then below bits word count else product / range

let between (low: int) (high: int) (stream: Reader) : int =
    let count = BigInteger high - BigInteger low + BigInteger.One
    int (BigInteger low + below 32 (fun () -> BigInteger(stream.NextUInt32())) count)

/// Integers of 64 bits, signed or not.
let betweenWide (low: BigInteger) (high: BigInteger) (stream: Reader) : BigInteger =
    low + below 64 (fun () -> BigInteger(stream.NextUInt64())) (high - low + BigInteger.One)

let double (stream: Reader) : float = float (stream.NextUInt64() / 2048UL) / 9007199254740992.0

let bool (stream: Reader) : bool = (stream.NextUInt32() >>> 31) = 1u

/// Fisher-Yates without exchanges in place: maps from place to item.
let private exchange left right (places: Map<int, 'Item>) = places |> Map.add left places[right] |> Map.add right places[left]

let private ofItems (items: 'Item list) = items |> List.indexed |> Map.ofList

let shuffle (items: 'Item list) (stream: Reader) : 'Item list =
    let exchangeOne places place = exchange place (between 0 place stream) places
    List.fold exchangeOne (ofItems items) [ items.Length - 1 .. -1 .. 1 ] |> Map.values |> List.ofSeq

let pickDifferent (count: int) (items: 'Item list) (stream: Reader) : 'Item list =
    let exchangeOne places place = exchange place (between place (items.Length - 1) stream) places

    let places = List.fold exchangeOne (ofItems items) [ 0 .. count - 1 ]
    [ for place in 0 .. count - 1 -> places[place] ]

let weightedIndex (weights: int64 list) (stream: Reader) : int =
    let sums = weights |> List.map BigInteger |> List.scan (+) BigInteger.Zero |> List.tail
    let target = betweenWide BigInteger.Zero (List.last sums - BigInteger.One) stream
    sums |> List.findIndex (fun sum -> target < sum)

let weightedIndexDouble (weights: float list) (stream: Reader) : int =
    let sums = weights |> List.scan (+) 0.0 |> List.tail
    let target = double stream * List.last sums
    sums |> List.findIndex (fun sum -> target < sum)

/// ln value as the nearest double or the one beside it.
let private logarithm (value: float) = float (ExactLogarithm.ofDouble value) * BitConverter.UInt64BitsToDouble(uint64 (1023 - 256) <<< 52)

let exponential (mean: float) (stream: Reader) : float = -mean * logarithm (1.0 - double stream)

let rec normal (mean: float) (deviation: float) (stream: Reader) : float =
    let u = 2.0 * double stream - 1.0
    let v = 2.0 * double stream - 1.0
    let square = u * u + v * v

    if square > 0.0 && square < 1.0 then
        mean + deviation * u * sqrt (-2.0 * logarithm square / square)
    else
        normal mean deviation stream

/// The text of a version 4 GUID: hexadecimal digits in order, two of them replaced.
let guid (stream: Reader) : string =
    let digits =
        [ for _ in 1..4 -> BitConverter.GetBytes(stream.NextUInt32()) ] |> Array.concat |> Convert.ToHexStringLower

    let variant = "89ab"[Convert.ToInt32(string digits[16], 16) &&& 3]

    $"{digits[0..7]}-{digits[8..11]}-4{digits[13..15]}-{variant}{digits[17..19]}-{digits[20..31]}"

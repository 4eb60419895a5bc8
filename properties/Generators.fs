// What properties are made over: states of any key, stream and position, with the edges more often than chance would have it.
// Called by the property files.
module Refold.Properties.Generators

open System
open FsCheck
open FsCheck.FSharp
open Refold.Core

let private bytes count = Gen.arrayOfLength count (Gen.map byte (Gen.choose (0, 255)))

/// Any 64 bits; every other time close to 0, 2^32, 2^63 or 2^64.
let words: Gen<uint64> =
    let anywhere = Gen.map (fun bytes -> BitConverter.ToUInt64(bytes, 0)) (bytes 8)

    let close =
        Gen.map2
            (fun edge offset -> edge + uint64 (int64 (offset: int)))
            (Gen.elements [ 0UL; 1UL <<< 32; 1UL <<< 63 ])
            (Gen.choose (-40, 40))

    Gen.oneof [ anywhere; close ]

/// Any random state. The position is that of a word in any block, the last ones before the wrap included.
let states: Gen<RngState> =
    gen {
        let! key = bytes 32
        let! stream = words
        let! block = words
        let! offset = Gen.choose (0, 15)
        let! splits = words
        let position = (UInt128.op_Implicit block <<< 4) + UInt128.op_Implicit (uint32 offset)
        return RngState.Create(ReadOnlySpan key, stream, position, splits)
    }

/// Texts that have a UTF-8 form: any characters but surrogates, and pairs of those.
let texts: Gen<string> =
    let character =
        Gen.frequency
            [
                4, Gen.map (char >> string) (Gen.choose (0, 0xD7FF))
                1, Gen.map (char >> string) (Gen.choose (0xE000, 0xFFFF))
                1, Gen.map Char.ConvertFromUtf32 (Gen.choose (0x10000, 0x10FFFF))
            ]

    Gen.map (String.concat "") (Gen.listOf character)

/// A property over everything that a generator makes, without shrinking.
let forAll (generator: Gen<'Value>) (property: 'Value -> 'Testable) : Property = Prop.forAll (Arb.fromGen generator) property

// The key stream by somebody else's ChaCha20: Bouncy Castle's, with 64-bit counter and stream as in rand_chacha.
// Called by the tests and properties that compare with it.
module Refold.Support.ReferenceStream

open System
open System.Reflection
open Org.BouncyCastle.Crypto.Engines
open Org.BouncyCastle.Crypto.Parameters

/// `count` words from word `position` on.
let words (key: byte[]) (stream: uint64) (position: UInt128) (count: int) : uint32[] =
    let engine = ChaChaEngine 20
    engine.Init(true, ParametersWithIV(KeyParameter key, BitConverter.GetBytes stream))

    // The engine always starts at block 0 and has no public seek.
    let state =
        nonNull (typeof<Salsa20Engine>.GetField("engineState", BindingFlags.Instance ||| BindingFlags.NonPublic))

    let engineState = nonNull (state.GetValue engine) :?> uint32[]
    let block: uint64 = UInt128.op_Explicit (position >>> 4)
    engineState[12] <- uint32 block
    engineState[13] <- uint32 (block >>> 32)

    let skipped = int (UInt128.op_Explicit position: uint64) &&& 15
    let zeros = Array.zeroCreate<byte>(4 * (skipped + count))
    let output = Array.zeroCreate<byte> zeros.Length
    engine.ProcessBytes(zeros, 0, zeros.Length, output, 0)
    Array.init count (fun index -> BitConverter.ToUInt32(output, 4 * (skipped + index)))

/// An endless reader of the words from the start of a state.
type Reader(state: Refold.Core.RngState) =
    let key = state.Key.ToArray()
    let mutable position = state.WordPosition

    /// The next word.
    member _.NextUInt32() : uint32 =
        let word = (words key state.Stream position 1)[0]
        position <- position + UInt128.One
        word

    /// The next two words, the low one first.
    member this.NextUInt64() : uint64 =
        let low = this.NextUInt32()
        uint64 low ||| (uint64 (this.NextUInt32()) <<< 32)

    /// How many words were read.
    member _.Drawn: uint64 = UInt128.op_Explicit (position - state.WordPosition)

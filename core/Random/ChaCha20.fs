// The ChaCha20 block function (RFC 8439 section 2.3), over the four words that RFC 8439 calls counter and nonce, one block at a time.
// Called by RngState.fs and SeededRng.fs, which use a 64-bit counter and a 64-bit stream there, as rand_chacha does.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Numerics

/// ChaCha with 20 rounds: 16 key stream words a block. Arithmetic wraps on purpose, also the 64-bit counter.
[<RequireQualifiedAccess>]
module internal ChaCha20 =

    /// Words of a block.
    let blockWords = 16

    /// The constant words of the initial state: "expand 32-byte k".
    let constant (word: int) : uint32 =
        match word with
        | 0 -> 0x61707865u
        | 1 -> 0x3320646Eu
        | 2 -> 0x79622D32u
        | _ -> 0x6B206574u

    /// A word of the key.
    let keyWord (key: ReadOnlySpan<byte>) (word: int) : uint32 = BinaryPrimitives.ReadUInt32LittleEndian(key.Slice(4 * word, 4))

    let inline private quarterRound (a: uint32) (b: uint32) (c: uint32) (d: uint32) =
        let a = a + b
        let d = BitOperations.RotateLeft(d ^^^ a, 16)
        let c = c + d
        let b = BitOperations.RotateLeft(b ^^^ c, 12)
        let a = a + b
        let d = BitOperations.RotateLeft(d ^^^ a, 8)
        let c = c + d
        struct (a, BitOperations.RotateLeft(b ^^^ c, 7), c, d)

    /// The 16 words of one block into the front of `output`, word by word. `key` has 32 bytes; words 12 to 15 of the
    /// initial state are the counter's low and high half and the stream's low and high half.
    let block (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let words = output.Slice(0, blockWords)
        let mutable x0 = constant 0
        let mutable x1 = constant 1
        let mutable x2 = constant 2
        let mutable x3 = constant 3
        let mutable x4 = keyWord key 0
        let mutable x5 = keyWord key 1
        let mutable x6 = keyWord key 2
        let mutable x7 = keyWord key 3
        let mutable x8 = keyWord key 4
        let mutable x9 = keyWord key 5
        let mutable x10 = keyWord key 6
        let mutable x11 = keyWord key 7
        let mutable x12 = uint32 counter
        let mutable x13 = uint32 (counter >>> 32)
        let mutable x14 = uint32 stream
        let mutable x15 = uint32 (stream >>> 32)

        for _ in 1..10 do
            let struct (a0, a4, a8, a12) = quarterRound x0 x4 x8 x12
            let struct (a1, a5, a9, a13) = quarterRound x1 x5 x9 x13
            let struct (a2, a6, a10, a14) = quarterRound x2 x6 x10 x14
            let struct (a3, a7, a11, a15) = quarterRound x3 x7 x11 x15
            let struct (b0, b5, b10, b15) = quarterRound a0 a5 a10 a15
            let struct (b1, b6, b11, b12) = quarterRound a1 a6 a11 a12
            let struct (b2, b7, b8, b13) = quarterRound a2 a7 a8 a13
            let struct (b3, b4, b9, b14) = quarterRound a3 a4 a9 a14
            x0 <- b0
            x1 <- b1
            x2 <- b2
            x3 <- b3
            x4 <- b4
            x5 <- b5
            x6 <- b6
            x7 <- b7
            x8 <- b8
            x9 <- b9
            x10 <- b10
            x11 <- b11
            x12 <- b12
            x13 <- b13
            x14 <- b14
            x15 <- b15

        words[0] <- x0 + constant 0
        words[1] <- x1 + constant 1
        words[2] <- x2 + constant 2
        words[3] <- x3 + constant 3
        words[4] <- x4 + keyWord key 0
        words[5] <- x5 + keyWord key 1
        words[6] <- x6 + keyWord key 2
        words[7] <- x7 + keyWord key 3
        words[8] <- x8 + keyWord key 4
        words[9] <- x9 + keyWord key 5
        words[10] <- x10 + keyWord key 6
        words[11] <- x11 + keyWord key 7
        words[12] <- x12 + uint32 counter
        words[13] <- x13 + uint32 (counter >>> 32)
        words[14] <- x14 + uint32 stream
        words[15] <- x15 + uint32 (stream >>> 32)

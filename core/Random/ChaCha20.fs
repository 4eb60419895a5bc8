// The ChaCha20 block function (RFC 8439 section 2.3), over the four words that RFC 8439 calls counter and nonce.
// Called by RngState.fs and SeededRng.fs, which use a 64-bit counter and a 64-bit stream there, as rand_chacha does.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Numerics
open System.Runtime.Intrinsics

/// ChaCha with 20 rounds: 16 key stream words a block. Arithmetic wraps on purpose, also the 64-bit counter.
[<RequireQualifiedAccess>]
module internal ChaCha20 =

    /// Words of a block.
    let blockWords = 16

    /// Blocks that the vector path makes at once.
    let wideBlocks = 4

    let private keyWord (key: ReadOnlySpan<byte>) word = BinaryPrimitives.ReadUInt32LittleEndian(key.Slice(4 * word, 4))

    let inline private quarterRound (state: Span<uint32>) a b c d =
        state[a] <- state[a] + state[b]
        state[d] <- BitOperations.RotateLeft(state[d] ^^^ state[a], 16)
        state[c] <- state[c] + state[d]
        state[b] <- BitOperations.RotateLeft(state[b] ^^^ state[c], 12)
        state[a] <- state[a] + state[b]
        state[d] <- BitOperations.RotateLeft(state[d] ^^^ state[a], 8)
        state[c] <- state[c] + state[d]
        state[b] <- BitOperations.RotateLeft(state[b] ^^^ state[c], 7)

    /// Adds the initial state to the words, so that no copy of it is needed: on zeros it makes the initial state itself.
    let private addInitial (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (words: Span<uint32>) =
        words[0] <- words[0] + 0x61707865u
        words[1] <- words[1] + 0x3320646Eu
        words[2] <- words[2] + 0x79622D32u
        words[3] <- words[3] + 0x6B206574u

        for word in 0..7 do
            words[4 + word] <- words[4 + word] + keyWord key word

        words[12] <- words[12] + uint32 counter
        words[13] <- words[13] + uint32 (counter >>> 32)
        words[14] <- words[14] + uint32 stream
        words[15] <- words[15] + uint32 (stream >>> 32)

    /// The 16 words of one block into the front of `output`, word by word. `key` has 32 bytes; words 12 to 15 of the
    /// initial state are the counter's low and high half and the stream's low and high half.
    let block (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let state = output.Slice(0, blockWords)
        state.Clear()
        addInitial key counter stream state

        for _ in 1..10 do
            quarterRound state 0 4 8 12
            quarterRound state 1 5 9 13
            quarterRound state 2 6 10 14
            quarterRound state 3 7 11 15
            quarterRound state 0 5 10 15
            quarterRound state 1 6 11 12
            quarterRound state 2 7 8 13
            quarterRound state 3 4 9 14

        addInitial key counter stream state

    let inline private rotateLeft (words: Vector256<uint32>) (count: int) =
        Vector256.ShiftLeft(words, count) ||| Vector256.ShiftRightLogical(words, 32 - count)

    /// The four quarter rounds over the columns of two blocks, one in each half of the rows.
    let inline private columnRound (a: Vector256<uint32>) (b: Vector256<uint32>) (c: Vector256<uint32>) d =
        let a = a + b
        let d = rotateLeft (d ^^^ a) 16
        let c = c + d
        let b = rotateLeft (b ^^^ c) 12
        let a = a + b
        let d = rotateLeft (d ^^^ a) 8
        let c = c + d
        struct (a, rotateLeft (b ^^^ c) 7, c, d)

    // In each half of a row: its words moved 1, 2, 3 places to the left.
    let inline private left1 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(1u, 2u, 3u, 0u, 5u, 6u, 7u, 4u))

    let inline private left2 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(2u, 3u, 0u, 1u, 6u, 7u, 4u, 5u))

    let inline private left3 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(3u, 0u, 1u, 2u, 7u, 4u, 5u, 6u))

    /// A column round and a diagonal round: the diagonals become columns by moving the rows, and move back.
    let inline private doubleRound a b c d =
        let struct (a, b, c, d) = columnRound a b c d
        let struct (a, b, c, d) = columnRound a (left1 b) (left2 c) (left3 d)
        struct (a, left3 b, left2 c, left1 d)

    let inline private storePair a b c d (output: Span<uint32>) =
        Vector256.GetLower(a).CopyTo output
        Vector256.GetLower(b).CopyTo(output.Slice 4)
        Vector256.GetLower(c).CopyTo(output.Slice 8)
        Vector256.GetLower(d).CopyTo(output.Slice 12)
        Vector256.GetUpper(a).CopyTo(output.Slice 16)
        Vector256.GetUpper(b).CopyTo(output.Slice 20)
        Vector256.GetUpper(c).CopyTo(output.Slice 24)
        Vector256.GetUpper(d).CopyTo(output.Slice 28)

    let inline private bothHalves (row: Vector128<uint32>) = Vector256.Create(row, row)

    /// Row 3 of the blocks `counter` and `counter + 1`.
    let inline private counterRow (counter: uint64) (stream: uint64) = Vector256.Create(counter, stream, counter + 1UL, stream).AsUInt32()

    /// Four blocks, a row of two of them in a vector; the two pairs depend on nothing of each other, which keeps the processor busy.
    let private fourBlocks (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) =
        let a = bothHalves (Vector128.Create(0x61707865u, 0x3320646Eu, 0x79622D32u, 0x6B206574u))
        let b = bothHalves (Vector128.Create(keyWord key 0, keyWord key 1, keyWord key 2, keyWord key 3))
        let c = bothHalves (Vector128.Create(keyWord key 4, keyWord key 5, keyWord key 6, keyWord key 7))
        let d = counterRow counter stream
        let e = counterRow (counter + 2UL) stream
        let mutable struct (a1, b1, c1, d1) = struct (a, b, c, d)
        let mutable struct (a2, b2, c2, d2) = struct (a, b, c, e)

        for _ in 1..10 do
            let struct (a3, b3, c3, d3) = doubleRound a1 b1 c1 d1
            let struct (a4, b4, c4, d4) = doubleRound a2 b2 c2 d2
            a1 <- a3
            b1 <- b3
            c1 <- c3
            d1 <- d3
            a2 <- a4
            b2 <- b4
            c2 <- c4
            d2 <- d4

        storePair (a1 + a) (b1 + b) (c1 + c) (d1 + d) output
        storePair (a2 + a) (b2 + b) (c2 + c) (d2 + e) (output.Slice(2 * blockWords))

    /// As many consecutive blocks, from `counter` on, as fit into `output`: the same words as from `block`, by vectors where
    /// the processor has them. The counter wraps at 2^64.
    let blocks (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let count = output.Length / blockWords
        let mutable made = 0

        // Vector256's words follow the memory order of 64-bit integers only where that is little-endian.
        if Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian then
            while count - made >= wideBlocks do
                fourBlocks key (counter + uint64 made) stream (output.Slice(made * blockWords))
                made <- made + wideBlocks

        while made < count do
            block key (counter + uint64 made) stream (output.Slice(made * blockWords))
            made <- made + 1

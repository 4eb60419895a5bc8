// ChaCha20 by rows, for processors with vectors of 256 or 128 bits. The words are those of `ChaCha20.block`.
// Called by ChaCha20.Kernels.fs.
namespace Refold.Core

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// Six blocks: a row of two of them in a vector.
module internal Six =

    let inline private rotateLeft (words: Vector256<uint32>) (count: int) =
        Vector256.ShiftLeft(words, count) ||| Vector256.ShiftRightLogical(words, 32 - count)

    let inline private columnRound (a: Vector256<uint32>) (b: Vector256<uint32>) (c: Vector256<uint32>) (d: Vector256<uint32>) =
        let a = a + b
        let d = rotateLeft (d ^^^ a) 16
        let c = c + d
        let b = rotateLeft (b ^^^ c) 12
        let a = a + b
        let d = rotateLeft (d ^^^ a) 8
        let c = c + d
        struct (a, rotateLeft (b ^^^ c) 7, c, d)

    // The words of a row moved 1, 2, 3 places to the left.
    let inline private left1 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(1u, 2u, 3u, 0u, 5u, 6u, 7u, 4u))

    let inline private left2 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(2u, 3u, 0u, 1u, 6u, 7u, 4u, 5u))

    let inline private left3 (row: Vector256<uint32>) = Vector256.Shuffle(row, Vector256.Create(3u, 0u, 1u, 2u, 7u, 4u, 5u, 6u))

    /// A column round and a diagonal round: the diagonals become columns by moving the rows, and move back.
    let inline private doubleRound a b c d =
        let struct (a, b, c, d) = columnRound a b c d
        let struct (a, b, c, d) = columnRound a (left1 b) (left2 c) (left3 d)
        struct (a, left3 b, left2 c, left1 d)

    let inline private store a b c d (output: Span<uint32>) =
        Vector256.GetLower(a).CopyTo output
        Vector256.GetLower(b).CopyTo(output.Slice 4)
        Vector256.GetLower(c).CopyTo(output.Slice 8)
        Vector256.GetLower(d).CopyTo(output.Slice 12)
        Vector256.GetUpper(a).CopyTo(output.Slice 16)
        Vector256.GetUpper(b).CopyTo(output.Slice 20)
        Vector256.GetUpper(c).CopyTo(output.Slice 24)
        Vector256.GetUpper(d).CopyTo(output.Slice 28)

    // The same row of both blocks.
    let inline private row (first: uint32) (second: uint32) (third: uint32) (fourth: uint32) =
        let half: Vector128<uint32> = Vector128.Create(first, second, third, fourth)
        Vector256.Create(half, half)

    // Row 3 of the blocks `counter` and `counter + 1`.
    let inline private counterRow (counter: uint64) (stream: uint64) = Vector256.Create(counter, stream, counter + 1UL, stream).AsUInt32()

    // Three times, of which none depends on another: that keeps the processor busy, and twelve vectors are what it has registers for.
    let blocks (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let a = row 0x61707865u 0x3320646Eu 0x79622D32u 0x6B206574u

        let b =
            row (ChaCha20.keyWord key 0) (ChaCha20.keyWord key 1) (ChaCha20.keyWord key 2) (ChaCha20.keyWord key 3)

        let c =
            row (ChaCha20.keyWord key 4) (ChaCha20.keyWord key 5) (ChaCha20.keyWord key 6) (ChaCha20.keyWord key 7)

        let d = counterRow counter stream
        let e = counterRow (counter + 2UL) stream
        let f = counterRow (counter + 4UL) stream
        let mutable struct (a1, b1, c1, d1) = struct (a, b, c, d)
        let mutable struct (a2, b2, c2, d2) = struct (a, b, c, e)
        let mutable struct (a3, b3, c3, d3) = struct (a, b, c, f)

        for _ in 1..10 do
            let struct (u1, v1, w1, x1) = doubleRound a1 b1 c1 d1
            let struct (u2, v2, w2, x2) = doubleRound a2 b2 c2 d2
            let struct (u3, v3, w3, x3) = doubleRound a3 b3 c3 d3
            a1 <- u1
            b1 <- v1
            c1 <- w1
            d1 <- x1
            a2 <- u2
            b2 <- v2
            c2 <- w2
            d2 <- x2
            a3 <- u3
            b3 <- v3
            c3 <- w3
            d3 <- x3

        store (a1 + a) (b1 + b) (c1 + c) (d1 + d) output
        store (a2 + a) (b2 + b) (c2 + c) (d2 + e) (output.Slice 32)
        store (a3 + a) (b3 + b) (c3 + c) (d3 + f) (output.Slice 64)

/// Three blocks: a row in a vector.
module internal Three =

    // One instruction where the processor has it.
    let inline private rotateLeft (words: Vector128<uint32>) (count: int) =
        if Avx512F.VL.IsSupported then
            Avx512F.VL.RotateLeft(words, byte count)
        else
            Vector128.ShiftLeft(words, count) ||| Vector128.ShiftRightLogical(words, 32 - count)

    let inline private columnRound (a: Vector128<uint32>) (b: Vector128<uint32>) (c: Vector128<uint32>) (d: Vector128<uint32>) =
        let a = a + b
        let d = rotateLeft (d ^^^ a) 16
        let c = c + d
        let b = rotateLeft (b ^^^ c) 12
        let a = a + b
        let d = rotateLeft (d ^^^ a) 8
        let c = c + d
        struct (a, rotateLeft (b ^^^ c) 7, c, d)

    // The words of a row moved 1, 2, 3 places to the left.
    let inline private left1 (row: Vector128<uint32>) = Vector128.Shuffle(row, Vector128.Create(1u, 2u, 3u, 0u))

    let inline private left2 (row: Vector128<uint32>) = Vector128.Shuffle(row, Vector128.Create(2u, 3u, 0u, 1u))

    let inline private left3 (row: Vector128<uint32>) = Vector128.Shuffle(row, Vector128.Create(3u, 0u, 1u, 2u))

    /// A column round and a diagonal round: the diagonals become columns by moving the rows, and move back.
    let inline private doubleRound a b c d =
        let struct (a, b, c, d) = columnRound a b c d
        let struct (a, b, c, d) = columnRound a (left1 b) (left2 c) (left3 d)
        struct (a, left3 b, left2 c, left1 d)

    let inline private store (a: Vector128<uint32>) (b: Vector128<uint32>) (c: Vector128<uint32>) d (output: Span<uint32>) =
        a.CopyTo output
        b.CopyTo(output.Slice 4)
        c.CopyTo(output.Slice 8)
        Vector128.CopyTo(d, output.Slice 12)

    let inline private row (first: uint32) (second: uint32) (third: uint32) (fourth: uint32) =
        Vector128.Create(first, second, third, fourth)

    // Row 3 of a block.
    let inline private counterRow (counter: uint64) (stream: uint64) = Vector128.Create(counter, stream).AsUInt32()

    // Three times, of which none depends on another: that keeps the processor busy, and twelve vectors are what it has registers for.
    let blocks (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let a = row 0x61707865u 0x3320646Eu 0x79622D32u 0x6B206574u

        let b =
            row (ChaCha20.keyWord key 0) (ChaCha20.keyWord key 1) (ChaCha20.keyWord key 2) (ChaCha20.keyWord key 3)

        let c =
            row (ChaCha20.keyWord key 4) (ChaCha20.keyWord key 5) (ChaCha20.keyWord key 6) (ChaCha20.keyWord key 7)

        let d = counterRow counter stream
        let e = counterRow (counter + 1UL) stream
        let f = counterRow (counter + 2UL) stream
        let mutable struct (a1, b1, c1, d1) = struct (a, b, c, d)
        let mutable struct (a2, b2, c2, d2) = struct (a, b, c, e)
        let mutable struct (a3, b3, c3, d3) = struct (a, b, c, f)

        for _ in 1..10 do
            let struct (u1, v1, w1, x1) = doubleRound a1 b1 c1 d1
            let struct (u2, v2, w2, x2) = doubleRound a2 b2 c2 d2
            let struct (u3, v3, w3, x3) = doubleRound a3 b3 c3 d3
            a1 <- u1
            b1 <- v1
            c1 <- w1
            d1 <- x1
            a2 <- u2
            b2 <- v2
            c2 <- w2
            d2 <- x2
            a3 <- u3
            b3 <- v3
            c3 <- w3
            d3 <- x3

        store (a1 + a) (b1 + b) (c1 + c) (d1 + d) output
        store (a2 + a) (b2 + b) (c2 + c) (d2 + e) (output.Slice 16)
        store (a3 + a) (b3 + b) (c3 + c) (d3 + f) (output.Slice 32)

    // One block, where no more is wanted: sooner there than word by word.
    let one (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let a = row 0x61707865u 0x3320646Eu 0x79622D32u 0x6B206574u
        let b = MemoryMarshal.Read<Vector128<uint32>> key
        let c = MemoryMarshal.Read<Vector128<uint32>>(key.Slice 16)
        let d = counterRow counter stream
        let mutable struct (a1, b1, c1, d1) = struct (a, b, c, d)

        for _ in 1..10 do
            let struct (u, v, w, x) = doubleRound a1 b1 c1 d1
            a1 <- u
            b1 <- v
            c1 <- w
            d1 <- x

        store (a1 + a) (b1 + b) (c1 + c) (d1 + d) output

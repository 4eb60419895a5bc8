// ChaCha20 with the words of sixteen blocks side by side, for vectors of 512 bits. The words are those of `ChaCha20.block`.
// Called by ChaCha20.Kernels.fs.
namespace Refold.Core

open System
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// Sixteen blocks: the words of one place in a vector, so that nothing is moved until the end.
module internal Sixteen =

    let inline private quarterRound (a: Vector512<uint32>) (b: Vector512<uint32>) (c: Vector512<uint32>) (d: Vector512<uint32>) =
        let a = a + b
        let d = Avx512F.RotateLeft(d ^^^ a, 16uy)
        let c = c + d
        let b = Avx512F.RotateLeft(b ^^^ c, 12uy)
        let a = a + b
        let d = Avx512F.RotateLeft(d ^^^ a, 8uy)
        let c = c + d
        struct (a, Avx512F.RotateLeft(b ^^^ c, 7uy), c, d)

    // Four words of sixteen blocks: in each 128 bits, of four blocks, the four words of the first, second, third and fourth of them.
    let inline private byBlock (a: Vector512<uint32>) (b: Vector512<uint32>) (c: Vector512<uint32>) (d: Vector512<uint32>) =
        let low = Avx512F.UnpackLow(a, b).AsUInt64()
        let high = Avx512F.UnpackHigh(a, b).AsUInt64()
        let low2 = Avx512F.UnpackLow(c, d).AsUInt64()
        let high2 = Avx512F.UnpackHigh(c, d).AsUInt64()

        struct (Avx512F.UnpackLow(low, low2).AsUInt32(),
                Avx512F.UnpackHigh(low, low2).AsUInt32(),
                Avx512F.UnpackLow(high, high2).AsUInt32(),
                Avx512F.UnpackHigh(high, high2).AsUInt32())

    // Blocks `first`, `first + 4`, `first + 8`, `first + 12`, of which the four vectors hold words 0 to 3, 4 to 7, 8 to 11, 12 to 15.
    let inline private store (output: Span<uint32>) first (a: Vector512<uint32>) b (c: Vector512<uint32>) d =
        let front = Avx512F.Shuffle4x128(a, b, 0x44uy)
        let front2 = Avx512F.Shuffle4x128(c, d, 0x44uy)
        let back = Avx512F.Shuffle4x128(a, b, 0xEEuy)
        let back2 = Avx512F.Shuffle4x128(c, d, 0xEEuy)
        Avx512F.Shuffle4x128(front, front2, 0x88uy).CopyTo(output.Slice(16 * first))
        Avx512F.Shuffle4x128(front, front2, 0xDDuy).CopyTo(output.Slice(16 * first + 64))
        Avx512F.Shuffle4x128(back, back2, 0x88uy).CopyTo(output.Slice(16 * first + 128))
        Avx512F.Shuffle4x128(back, back2, 0xDDuy).CopyTo(output.Slice(16 * first + 192))

    // Sixteen counters: their low words, and their high ones.
    let private counters (counter: uint64) =
        let first = Vector512.Create counter + Vector512.Create(0UL, 1UL, 2UL, 3UL, 4UL, 5UL, 6UL, 7UL)
        let second = first + Vector512.Create 8UL
        struct (Vector512.Narrow(first, second), Vector512.Narrow(first >>> 32, second >>> 32))

    let blocks (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let output = output.Slice(0, 256)
        let struct (low, high) = counters counter
        let mutable x0 = Vector512.Create(ChaCha20.constant 0)
        let mutable x1 = Vector512.Create(ChaCha20.constant 1)
        let mutable x2 = Vector512.Create(ChaCha20.constant 2)
        let mutable x3 = Vector512.Create(ChaCha20.constant 3)
        let mutable x4 = Vector512.Create(ChaCha20.keyWord key 0)
        let mutable x5 = Vector512.Create(ChaCha20.keyWord key 1)
        let mutable x6 = Vector512.Create(ChaCha20.keyWord key 2)
        let mutable x7 = Vector512.Create(ChaCha20.keyWord key 3)
        let mutable x8 = Vector512.Create(ChaCha20.keyWord key 4)
        let mutable x9 = Vector512.Create(ChaCha20.keyWord key 5)
        let mutable x10 = Vector512.Create(ChaCha20.keyWord key 6)
        let mutable x11 = Vector512.Create(ChaCha20.keyWord key 7)
        let mutable x12 = low
        let mutable x13 = high
        let mutable x14 = Vector512.Create(uint32 stream)
        let mutable x15 = Vector512.Create(uint32 (stream >>> 32))

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

        x0 <- x0 + Vector512.Create(ChaCha20.constant 0)
        x1 <- x1 + Vector512.Create(ChaCha20.constant 1)
        x2 <- x2 + Vector512.Create(ChaCha20.constant 2)
        x3 <- x3 + Vector512.Create(ChaCha20.constant 3)
        x4 <- x4 + Vector512.Create(ChaCha20.keyWord key 0)
        x5 <- x5 + Vector512.Create(ChaCha20.keyWord key 1)
        x6 <- x6 + Vector512.Create(ChaCha20.keyWord key 2)
        x7 <- x7 + Vector512.Create(ChaCha20.keyWord key 3)
        x8 <- x8 + Vector512.Create(ChaCha20.keyWord key 4)
        x9 <- x9 + Vector512.Create(ChaCha20.keyWord key 5)
        x10 <- x10 + Vector512.Create(ChaCha20.keyWord key 6)
        x11 <- x11 + Vector512.Create(ChaCha20.keyWord key 7)
        x12 <- x12 + low
        x13 <- x13 + high
        x14 <- x14 + Vector512.Create(uint32 stream)
        x15 <- x15 + Vector512.Create(uint32 (stream >>> 32))
        let struct (a0, a1, a2, a3) = byBlock x0 x1 x2 x3
        let struct (b0, b1, b2, b3) = byBlock x4 x5 x6 x7
        let struct (c0, c1, c2, c3) = byBlock x8 x9 x10 x11
        let struct (d0, d1, d2, d3) = byBlock x12 x13 x14 x15
        store output 0 a0 b0 c0 d0
        store output 1 a1 b1 c1 d1
        store output 2 a2 b2 c2 d2
        store output 3 a3 b3 c3 d3

// SHA-256 (FIPS 180-4) of eight short messages beside each other: a call of the system's costs more than hashing a short one.
// Called where many entries are hashed one by one: for the leaves of many streams, and for the ids that follow from streams and versions.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Refold

/// The compression of eight blocks at once, one in each lane of vectors of 256 bits.
module internal EightBlocks =

    let isSupported = Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    let private rounds: Vector256<uint32>[] =
        [|
            0x428a2f98u
            0x71374491u
            0xb5c0fbcfu
            0xe9b5dba5u
            0x3956c25bu
            0x59f111f1u
            0x923f82a4u
            0xab1c5ed5u
            0xd807aa98u
            0x12835b01u
            0x243185beu
            0x550c7dc3u
            0x72be5d74u
            0x80deb1feu
            0x9bdc06a7u
            0xc19bf174u
            0xe49b69c1u
            0xefbe4786u
            0x0fc19dc6u
            0x240ca1ccu
            0x2de92c6fu
            0x4a7484aau
            0x5cb0a9dcu
            0x76f988dau
            0x983e5152u
            0xa831c66du
            0xb00327c8u
            0xbf597fc7u
            0xc6e00bf3u
            0xd5a79147u
            0x06ca6351u
            0x14292967u
            0x27b70a85u
            0x2e1b2138u
            0x4d2c6dfcu
            0x53380d13u
            0x650a7354u
            0x766a0abbu
            0x81c2c92eu
            0x92722c85u
            0xa2bfe8a1u
            0xa81a664bu
            0xc24b8b70u
            0xc76c51a3u
            0xd192e819u
            0xd6990624u
            0xf40e3585u
            0x106aa070u
            0x19a4c116u
            0x1e376c08u
            0x2748774cu
            0x34b0bcb5u
            0x391c0cb3u
            0x4ed8aa4au
            0x5b9cca4fu
            0x682e6ff3u
            0x748f82eeu
            0x78a5636fu
            0x84c87814u
            0x8cc70208u
            0x90befffau
            0xa4506cebu
            0xbef9a3f7u
            0xc67178f2u
        |]
        |> Array.map (fun word -> Vector256.Create word)

    let inline private right (word: Vector256<uint32>) (bits: int) : Vector256<uint32> =
        if Avx512F.VL.IsSupported then
            Avx512F.VL.RotateRight(word, byte bits)
        else
            Vector256.ShiftRightLogical(word, bits) ||| Vector256.ShiftLeft(word, 32 - bits)

    /// The state before the first block: the fractional parts of the square roots of the first eight primes.
    let start (state: Vector256<uint32>[]) : unit =
        state[0] <- Vector256.Create 0x6a09e667u
        state[1] <- Vector256.Create 0xbb67ae85u
        state[2] <- Vector256.Create 0x3c6ef372u
        state[3] <- Vector256.Create 0xa54ff53au
        state[4] <- Vector256.Create 0x510e527fu
        state[5] <- Vector256.Create 0x9b05688cu
        state[6] <- Vector256.Create 0x1f83d9abu
        state[7] <- Vector256.Create 0x5be0cd19u

    // The words of the blocks, then those that follow from them.
    let private schedule (words: Vector256<uint32>[]) (bytes: ReadOnlySpan<byte>) (offset: int) (stride: int) : unit =
        for place in 0..15 do
            let at = offset + 4 * place

            words[place] <-
                Vector256.Create(
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice at),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 2 * stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 3 * stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 4 * stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 5 * stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 6 * stride)),
                    BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(at + 7 * stride))
                )

        for place in 16..63 do
            let far = words[place - 15]
            let near = words[place - 2]
            let first = right far 7 ^^^ right far 18 ^^^ Vector256.ShiftRightLogical(far, 3)
            let second = right near 17 ^^^ right near 19 ^^^ Vector256.ShiftRightLogical(near, 10)
            words[place] <- words[place - 16] + first + words[place - 7] + second

    /// Takes the next block of each lane: they begin at `offset`, `stride` bytes from each other. `words` has room for 64.
    let take (state: Vector256<uint32>[]) (words: Vector256<uint32>[]) (bytes: ReadOnlySpan<byte>) (offset: int) (stride: int) : unit =
        schedule words bytes offset stride
        let mutable a = state[0]
        let mutable b = state[1]
        let mutable c = state[2]
        let mutable d = state[3]
        let mutable e = state[4]
        let mutable f = state[5]
        let mutable g = state[6]
        let mutable h = state[7]

        for round in 0..63 do
            let ofE = right e 6 ^^^ right e 11 ^^^ right e 25
            let choice = g ^^^ (e &&& (f ^^^ g))
            let first = h + ofE + choice + (rounds[round] + words[round])
            let ofA = right a 2 ^^^ right a 13 ^^^ right a 22
            let majority = (a &&& b) ||| (c &&& (a ||| b))
            h <- g
            g <- f
            f <- e
            e <- d + first
            d <- c
            c <- b
            b <- a
            a <- first + ofA + majority

        state[0] <- state[0] + a
        state[1] <- state[1] + b
        state[2] <- state[2] + c
        state[3] <- state[3] + d
        state[4] <- state[4] + e
        state[5] <- state[5] + f
        state[6] <- state[6] + g
        state[7] <- state[7] + h

/// Up to eight short messages that wait to be hashed together, each with a number by which it is known. Not thread-safe.
[<Sealed>]
type internal HashLanes(isUsed: bool) =
    static let blockBytes = 64
    static let stride = 17 * blockBytes

    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: HashLanes | null

    let bytes = Array.zeroCreate<byte>(8 * stride)
    let lengths = Array.zeroCreate<int> 8
    let numbers = Array.zeroCreate<int> 8
    let hashes = Array.zeroCreate<Hash> 8
    let state = Array.zeroCreate<Vector256<uint32>> 8
    let words = Array.zeroCreate<Vector256<uint32>> 64
    let digest = Array.zeroCreate<byte> 32
    let mutable count = 0

    // With the byte behind the message, and the number of its bits.
    let blocks (length: int) = (length + 9 + blockBytes - 1) / blockBytes

    let finish (lane: int) =
        for word in 0..7 do
            BinaryPrimitives.WriteUInt32BigEndian(Span(digest, 4 * word, 4), state[word].GetElement lane)

        hashes[lane] <- Hash.OfSpan(ReadOnlySpan digest)

    let together () =
        EightBlocks.start state
        let mutable most = 0

        for lane in 0 .. count - 1 do
            most <- max most (blocks lengths[lane])

        for block in 0 .. most - 1 do
            EightBlocks.take state words (ReadOnlySpan bytes) (block * blockBytes) stride

            for lane in 0 .. count - 1 do
                if blocks lengths[lane] = block + 1 then
                    finish lane

    /// The longest message: of a longer one a call of its own is worth it.
    static member MostBytes: int = stride - 9

    /// Those of the thread, empty; of no use where they are asked for again before `Hash` was called.
    static member OfThread: HashLanes =
        match HashLanes.kept with
        | null ->
            let made = HashLanes EightBlocks.isSupported
            HashLanes.kept <- made
            made
        | kept ->
            kept.Forget()
            kept

    /// Forgets what waits.
    member private _.Forget() : unit = count <- 0

    /// Whether there is no room for another one.
    member _.IsFull: bool = count = 8

    /// Takes a message that is not too long.
    member _.Add(number: int, message: ReadOnlySpan<byte>) : unit =
        let lane = Span(bytes, count * stride, stride)
        message.CopyTo lane
        let behind = blocks message.Length * blockBytes
        lane[message.Length] <- 0x80uy
        lane.Slice(message.Length + 1, behind - message.Length - 9).Clear()
        BinaryPrimitives.WriteUInt64BigEndian(lane.Slice(behind - 8), uint64 message.Length * 8UL)
        lengths[count] <- message.Length
        numbers[count] <- number
        count <- count + 1

    /// Hashes what waits: nothing does any more. Answers how many there were.
    member _.Hash() : int =
        if isUsed && count > 2 then
            together ()
        else
            for lane in 0 .. count - 1 do
                hashes[lane] <- Hash.Compute(ReadOnlySpan(bytes, lane * stride, lengths[lane]))

        let hashed = count
        count <- 0
        hashed

    /// The number of a message that was hashed, from 0.
    member _.Number(place: int) : int = numbers[place]

    /// The hash of that message.
    member _.HashOf(place: int) : Hash = hashes[place]

// The ChaCha20 block function (RFC 8439 section 2.3), over the four words that RFC 8439 calls counter and nonce.
// Called by Random.fs, which uses a 64-bit counter and a 64-bit stream there, as rand_chacha does.
namespace Refold.Core

open System
open System.Buffers.Binary
open System.Numerics

/// ChaCha with 20 rounds: 16 key stream words a block. Arithmetic wraps on purpose.
[<RequireQualifiedAccess>]
module ChaCha20 =

    /// Words of a block.
    let blockWords = 16

    let inline private quarterRound (state: Span<uint32>) a b c d =
        state[a] <- state[a] + state[b]
        state[d] <- BitOperations.RotateLeft(state[d] ^^^ state[a], 16)
        state[c] <- state[c] + state[d]
        state[b] <- BitOperations.RotateLeft(state[b] ^^^ state[c], 12)
        state[a] <- state[a] + state[b]
        state[d] <- BitOperations.RotateLeft(state[d] ^^^ state[a], 8)
        state[c] <- state[c] + state[d]
        state[b] <- BitOperations.RotateLeft(state[b] ^^^ state[c], 7)

    /// The 16 words of one block into the front of `output`. `key` has 32 bytes; words 12 to 15 of the initial state
    /// are the counter's low and high half and the stream's low and high half.
    let block (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let initial = Span<uint32>(Array.zeroCreate<uint32> blockWords)
        initial[0] <- 0x61707865u
        initial[1] <- 0x3320646Eu
        initial[2] <- 0x79622D32u
        initial[3] <- 0x6B206574u

        for word in 0..7 do
            initial[4 + word] <- BinaryPrimitives.ReadUInt32LittleEndian(key.Slice(4 * word, 4))

        initial[12] <- uint32 counter
        initial[13] <- uint32 (counter >>> 32)
        initial[14] <- uint32 stream
        initial[15] <- uint32 (stream >>> 32)
        initial.CopyTo output

        for _ in 1..10 do
            quarterRound output 0 4 8 12
            quarterRound output 1 5 9 13
            quarterRound output 2 6 10 14
            quarterRound output 3 7 11 15
            quarterRound output 0 5 10 15
            quarterRound output 1 6 11 12
            quarterRound output 2 7 8 13
            quarterRound output 3 4 9 14

        for word in 0 .. blockWords - 1 do
            output[word] <- output[word] + initial[word]

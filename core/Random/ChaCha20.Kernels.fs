// Which ways of making blocks the processor has: sixteen at once, six, three, or block by block. All make the same words.
// Called by SeededRng.fs and RngState.fs.
namespace Refold.Core

open System
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// What makes several blocks at once.
[<RequireQualifiedAccess>]
type internal ChaChaKernel =
    /// A word of sixteen blocks in a vector of 512 bits.
    | Sixteen
    /// A row of two blocks in a vector of 256 bits, three times.
    | Six
    /// A row of a block in a vector of 128 bits, three times.
    | Three
    /// Block by block, a row of it in a vector of 128 bits.
    | OneByRows
    /// Block by block, word by word.
    | One

/// Several blocks at once.
[<RequireQualifiedAccess>]
module internal ChaChaKernel =

    /// The kernels that this processor has, the widest first.
    let available: ChaChaKernel list =
        [
            // A vector's words follow the memory order of 64-bit integers only where that is little-endian.
            if BitConverter.IsLittleEndian then
                if Avx512F.IsSupported then
                    ChaChaKernel.Sixteen

                if Vector256.IsHardwareAccelerated then
                    ChaChaKernel.Six

                if Vector128.IsHardwareAccelerated then
                    ChaChaKernel.Three
                    ChaChaKernel.OneByRows
            ChaChaKernel.One
        ]

    /// How many blocks a kernel makes at once.
    let width (kernel: ChaChaKernel) : int =
        match kernel with
        | ChaChaKernel.Sixteen -> 16
        | ChaChaKernel.Six -> 6
        | ChaChaKernel.Three -> 3
        | ChaChaKernel.OneByRows
        | ChaChaKernel.One -> 1

    /// The widest kernel.
    let widest: ChaChaKernel = List.head available

    /// How many blocks the widest kernel makes at once.
    let widestWidth: int = width widest

    // As many times as its width fits into what is left; answers how many blocks there are then.
    let private fill kernel (key: ReadOnlySpan<byte>) counter stream (output: Span<uint32>) (from: int) =
        let width = width kernel
        let mutable made = from

        while output.Length - made * ChaCha20.blockWords >= width * ChaCha20.blockWords do
            let place = output.Slice(made * ChaCha20.blockWords)

            match kernel with
            | ChaChaKernel.Sixteen -> Sixteen.blocks key (counter + uint64 made) stream place
            | ChaChaKernel.Six -> Six.blocks key (counter + uint64 made) stream place
            | ChaChaKernel.Three -> Three.blocks key (counter + uint64 made) stream place
            | ChaChaKernel.OneByRows -> Three.one key (counter + uint64 made) stream place
            | ChaChaKernel.One -> ChaCha20.block key (counter + uint64 made) stream place

            made <- made + width

        made

    /// One block, which is there soonest.
    let one (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        if BitConverter.IsLittleEndian && Vector128.IsHardwareAccelerated then
            Three.one key counter stream output
        else
            ChaCha20.block key counter stream output

    /// As many consecutive blocks, from `counter` on, as fit into `output`: the same words as from `ChaCha20.block`. The counter wraps at
    /// 2^64.
    let blocks (kernels: ChaChaKernel list) (key: ReadOnlySpan<byte>) (counter: uint64) (stream: uint64) (output: Span<uint32>) : unit =
        let mutable left = kernels
        let mutable made = 0

        while not left.IsEmpty do
            made <- fill left.Head key counter stream output made
            left <- left.Tail

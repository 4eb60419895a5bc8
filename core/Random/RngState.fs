// Where a random generator stands, as an immutable value with `next` functions. Bit-identical to Rust rand_chacha 0.3 ChaCha20Rng.
// Used by SeededRng.fs and Run.fs, and by aggregates that keep one stream in their own state. Written for both languages.
namespace Refold

open System
open System.Buffers.Binary
open System.Buffers.Text
open System.Diagnostics.CodeAnalysis
open System.Globalization
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Security.Cryptography
open Refold.Core

/// Where a generator stands: key, stream, word position and splits handed out. Immutable, equal by content.
/// The key stream has 2^68 words of 32 bits and wraps after them.
[<Sealed>]
type RngState private (key: Bytes, stream: uint64, wordPosition: UInt128, splits: uint64) =

    static let positionMask = (UInt128.One <<< 68) - UInt128.One

    // More streams than that share places.
    static let keptChildren = 2048

    // Children by name that were made before, each at the place of its name. What is found there is looked at, so that threads may
    // race: what is lost is made again.
    let mutable children: NamedChild[] | null = null

    /// The state that begins the stream of a 64-bit seed. The seed is expanded to a key with PCG32, as
    /// `rand_core::SeedableRng::seed_from_u64` does.
    static member FromSeed(seed: uint64) : RngState =
        let key = Array.zeroCreate<byte> 32
        let mutable state = seed

        for word in 0..7 do
            state <- state * 6364136223846793005UL + 11634580027462260723UL
            let shifted = uint32 (((state >>> 18) ^^^ state) >>> 27)
            let value = BitOperations.RotateRight(shifted, int (state >>> 59))
            BinaryPrimitives.WriteUInt32LittleEndian(Span(key, 4 * word, 4), value)

        RngState(Bytes.Wrap(ReadOnlyMemory key), 0UL, UInt128.Zero, 0UL)

    /// A state from its parts. `key` has 32 bytes; `wordPosition` is below 2^68. Throws `ArgumentException` otherwise.
    static member Create(key: ReadOnlySpan<byte>, stream: uint64, wordPosition: UInt128, splits: uint64) : RngState =
        if key.Length <> 32 then
            raise (ArgumentException("A key has 32 bytes.", nameof key))

        if wordPosition > positionMask then
            raise (ArgumentOutOfRangeException(nameof wordPosition, "A word position is below 2^68."))

        RngState(Bytes.Copy key, stream, wordPosition, splits)

    /// A state from parts that are right; positions wrap at 2^68.
    static member internal At(key: ReadOnlySpan<byte>, stream: uint64, position: UInt128, splits: uint64) : RngState =
        RngState(Bytes.Copy key, stream, position &&& positionMask, splits)

    /// The 32-byte key.
    member _.Key: ReadOnlySpan<byte> = key.Span

    /// The stream selector.
    member _.Stream: uint64 = stream

    /// The index of the next 32-bit word, below 2^68.
    member _.WordPosition: UInt128 = wordPosition

    /// How many children `Split` has handed out.
    member _.Splits: uint64 = splits

    /// The same stream at another word; positions wrap at 2^68.
    member _.Seek(position: UInt128) : RngState = RngState(key, stream, position &&& positionMask, splits)

    /// The same state with another number of splits handed out.
    member internal _.WithSplits(count: uint64) : RngState = RngState(key, stream, wordPosition, count)

    /// The child that the next split hands out (seed 000's stream rule), and this state after it. No word is consumed.
    member this.Split() : struct (RngState * RngState) =
        let count = splits + 1UL
        let child = RngState(key, stream * 0x9E3779B97F4A7C15UL + count, UInt128.Zero, 0UL)
        struct (child, this.WithSplits count)

    // What the key of a child is the hash of: up to its name.
    static member private ChildWriter(key: ReadOnlySpan<byte>, stream: uint64) : ByteWriter =
        let writer = ScratchWriter.Take()
        writer.Text "refold.named-random"
        writer.Raw key
        writer.UInt64 stream
        writer

    static member private WriteChildKey(writer: ByteWriter, destination: Span<byte>) : unit =
        SHA256.HashData(writer.Written, destination) |> ignore<int>
        ScratchWriter.GiveBack writer

    /// The key of the child of this name under a key and a stream.
    static member internal WriteNamedKey(key: ReadOnlySpan<byte>, stream: uint64, name: string, destination: Span<byte>) : unit =
        let writer = RngState.ChildWriter(key, stream)
        writer.Text name
        RngState.WriteChildKey(writer, destination)

    /// The key of the child whose name is this number, 0 or more, in decimal digits.
    member internal _.WriteNumberedKey(number: uint64, destination: Span<byte>) : unit =
        let mutable room = Vector256<byte>.Zero
        let digits = MemoryMarshal.CreateSpan(&Unsafe.As<Vector256<byte>, byte>(&room), 32)
        let mutable count = 0
        Utf8Formatter.TryFormat(number, digits, &count) |> ignore<bool>
        let writer = RngState.ChildWriter(key.Span, stream)
        writer.Prefixed(Span.op_Implicit (digits.Slice(0, count)))
        RngState.WriteChildKey(writer, destination)

    /// The child of this name: a key of its own, SHA-256 over this key, stream and the name, whatever was drawn or split before.
    /// Throws `ArgumentException` for a name with a lone surrogate, which has no UTF-8 form of its own.
    member _.Named(name: string) : RngState =
        Text.requireUnicode (nameof name) name
        let childKey = Array.zeroCreate<byte> 32
        RngState.WriteNamedKey(key.Span, stream, name, Span childKey)
        RngState(Bytes.Wrap(ReadOnlyMemory childKey), 0UL, UInt128.Zero, 0UL)

    /// As `Named`, kept for the next call: of the streams that a run draws for.
    member internal this.KeptNamed(name: string) : RngState =
        let kept =
            match children with
            | null ->
                let made = Array.zeroCreate<NamedChild> keptChildren
                children <- made
                made
            | kept -> kept

        let place = StringHash.fnv1a name &&& (keptChildren - 1)
        let found = kept[place]

        if not (isNull (box found)) && String.Equals(found.Name, name, StringComparison.Ordinal) then
            found.State
        else
            let made = NamedChild(name, this.Named name)
            kept[place] <- made
            made.State

    /// The next word of the key stream, and the state after it.
    member this.NextUInt32() : struct (uint32 * RngState) =
        let mutable room = Vector512<uint32>.Zero
        let words = MemoryMarshal.CreateSpan(&Unsafe.As<Vector512<uint32>, uint32>(&room), ChaCha20.blockWords)
        ChaChaKernel.one key.Span (UInt128.op_Explicit (wordPosition >>> 4)) stream words
        let word = words[int (UInt128.op_Explicit wordPosition: uint64) &&& 15]
        struct (word, this.Seek(wordPosition + UInt128.One))

    /// The next two words, the low one first, and the state after them.
    member this.NextUInt64() : struct (uint64 * RngState) =
        let struct (low, between) = this.NextUInt32()
        let struct (high, after) = between.NextUInt32()
        struct ((uint64 high <<< 32) ||| uint64 low, after)

    /// `{"seed":"<64 hex digits>","stream":"0","wordPosition":"0","splits":"0"}`: this order, no spaces, integers as decimal strings.
    member _.ToJson() : string =
        RngStateJson.write
            {
                Key = key.Span.ToArray()
                Stream = stream
                WordPosition = wordPosition
                Splits = splits
            }

    static member internal Read(json: string) : Result<RngState, ValueError> =
        RngStateJson.read json
        |> Result.map (fun parts -> RngState(Bytes.Wrap(ReadOnlyMemory parts.Key), parts.Stream, parts.WordPosition, parts.Splits))

    /// The state of a JSON text: the form of `ToJson`, also with integers as numbers and without splits (then 0), or seed 000's
    /// `{"seed":[32 numbers],"stream":1,"word_pos":12}`. False for anything else; never throws.
    static member TryParse(json: string, [<Out; NotNullWhen true>] state: byref<RngState | null>) : bool =
        match RngState.Read json with
        | Ok read ->
            state <- read
            true
        | Error _ ->
            state <- null
            false

    /// As `TryParse`; throws `FormatException`, with the reason, for anything else.
    static member Parse(json: string) : RngState =
        match RngState.Read json with
        | Ok state -> state
        | Error error -> raise (FormatException(error.ToString()))

    override _.Equals(other: obj | null) =
        match other with
        | :? RngState as state ->
            key.Span.SequenceEqual state.Key
            && stream = state.Stream
            && wordPosition = state.WordPosition
            && splits = state.Splits
        | _ -> false

    override _.GetHashCode() = key.GetHashCode() ^^^ int stream ^^^ int (uint64 wordPosition)

    /// `stream S word W splits N`, without the key.
    override _.ToString() =
        String.Format(CultureInfo.InvariantCulture, "stream {0} word {1} splits {2}", stream, wordPosition, splits)

/// A child and its name.
and [<Sealed>] private NamedChild(name: string, state: RngState) =
    member _.Name: string = name
    member _.State: RngState = state

namespace Refold.Core

/// Where a generator stands; see `Refold.RngState`.
type RngState = Refold.RngState

/// Functions of random states.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RngState =

    /// The next word of the key stream, and the state after it.
    let nextUInt32 (state: RngState) : uint32 * RngState =
        let struct (value, after) = state.NextUInt32()
        value, after

    /// The next two words, the low one first, and the state after them.
    let nextUInt64 (state: RngState) : uint64 * RngState =
        let struct (value, after) = state.NextUInt64()
        value, after

    /// `{"seed":"<64 hex digits>","stream":"0","wordPosition":"0","splits":"0"}`: this order, no spaces, integers as decimal strings.
    let toJson (state: RngState) : string = state.ToJson()

    /// The state of a JSON text, in this form or in seed 000's; see `Refold.RngState.TryParse`.
    let ofJson (json: string) : Result<RngState, ValueError> = RngState.Read json

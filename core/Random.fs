// Random numbers that can be recorded: an immutable state, and a mutable generator over it that is lent to one step.
// Bit-identical to Rust rand_chacha 0.3 ChaCha20Rng. Used by deciders; made by Run.fs. Written for both languages.
namespace Refold

open System
open System.Collections.Generic
open System.Globalization
open System.Numerics
open Refold.Core

/// Where a generator stands: key, stream, word position and splits handed out. Immutable, equal by content.
/// The key stream has 2^68 words of 32 bits and wraps after them.
[<Sealed>]
type RngState private (key: Bytes, stream: uint64, wordPosition: UInt128, splits: uint64) =

    static let positionMask = (UInt128.One <<< 68) - UInt128.One

    /// The state that begins the stream of a 64-bit seed. The seed is expanded to a key with PCG32, as
    /// `rand_core::SeedableRng::seed_from_u64` does.
    static member FromSeed(seed: uint64) : RngState =
        let key = Array.zeroCreate<byte> 32
        let mutable state = seed

        for word in 0..7 do
            state <- state * 6364136223846793005UL + 11634580027462260723UL
            let shifted = uint32 (((state >>> 18) ^^^ state) >>> 27)
            let value = BitOperations.RotateRight(shifted, int (state >>> 59))
            BitConverter.TryWriteBytes(Span(key, 4 * word, 4), value) |> ignore<bool>

        RngState(Bytes.Wrap(ReadOnlyMemory key), 0UL, UInt128.Zero, 0UL)

    /// A state from its parts. `key` has 32 bytes; `wordPosition` is below 2^68. Throws `ArgumentException` otherwise.
    static member Create(key: ReadOnlySpan<byte>, stream: uint64, wordPosition: UInt128, splits: uint64) : RngState =
        if key.Length <> 32 then
            raise (ArgumentException("A key has 32 bytes.", nameof key))

        if wordPosition > positionMask then
            raise (ArgumentOutOfRangeException(nameof wordPosition, "A word position is below 2^68."))

        RngState(Bytes.Copy key, stream, wordPosition, splits)

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

    /// The child of this name: a key of its own, SHA-256 over this key, stream and the name, whatever was drawn or split before.
    member _.Named(name: string) : RngState =
        ArgumentNullException.ThrowIfNull name

        let childKey =
            Hash.ofParts "refold.named-random" (fun writer ->
                writer.Raw key.Span
                writer.UInt64 stream
                writer.Text name)

        RngState(Bytes.Wrap(ReadOnlyMemory(childKey.ToArray())), 0UL, UInt128.Zero, 0UL)

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

/// What the generators of one step share: how many words they drew, and whether the step is over.
[<Sealed; AllowNullLiteral>]
type internal RandomScope() =
    member val Drawn = 0UL with get, set
    member val IsOver = false with get, set

/// A generator lent to one step. Mutable and not thread-safe; a draw after the step throws `ObjectDisposedException`.
[<Sealed>]
type SeededRng private (start: Func<RngState>, scope: RandomScope) =

    // Words of the key stream from block `blockPosition` on; made when the first word is drawn.
    let buffer = Array.zeroCreate<uint32> ChaCha20.blockWords
    let mutable origin: RngState voption = ValueNone
    let mutable counter = 0UL
    let mutable index = ChaCha20.blockWords
    let mutable splits = 0UL
    let names = HashSet<string>(StringComparer.Ordinal)

    let refill (state: RngState) =
        ChaCha20.block state.Key counter state.Stream (Span buffer)
        counter <- counter + 1UL
        index <- 0

    let ensureOpen () =
        if scope.IsOver then
            raise (ObjectDisposedException(nameof SeededRng, "The step that this generator was lent to is over."))

    let root () =
        match origin with
        | ValueSome state -> state
        | ValueNone ->
            let state = start.Invoke()
            origin <- ValueSome state
            splits <- state.Splits
            counter <- uint64 (state.WordPosition >>> 4)
            let offset = int (uint64 state.WordPosition &&& 15UL)

            if offset > 0 then
                refill state
                index <- offset

            state

    let nextWord (state: RngState) =
        if index = buffer.Length then
            refill state

        let word = buffer[index]
        index <- index + 1
        scope.Drawn <- scope.Drawn + 1UL
        word

    /// A generator that continues from a state, on its own: not lent to a step.
    new(state: RngState) = SeededRng(Func<RngState>(fun () -> state), RandomScope())

    /// A generator whose state is made only when something is drawn.
    static member Deferred(start: Func<RngState>) : SeededRng = SeededRng(start, RandomScope())

    /// A generator that begins the stream of a 64-bit seed.
    static member FromSeed(seed: uint64) : SeededRng = SeededRng(RngState.FromSeed seed)

    /// Where the generator stands: restoring it reproduces every later draw and split.
    member _.State: RngState =
        let state = root ()

        let consumed =
            (UInt128.op_Implicit counter <<< 4) - UInt128.op_Implicit (uint32 (buffer.Length - index))

        state.Seek(consumed).WithSplits splits

    /// 32-bit words drawn so far by this generator and everything split or named from it.
    member _.WordsDrawn: uint64 = scope.Drawn

    /// Ends the step: every later draw, from this generator or a child, throws.
    member _.End() : unit = scope.IsOver <- true

    /// The next word of the key stream.
    member _.NextUInt32() : uint32 =
        ensureOpen ()
        nextWord (root ())

    /// The next two words, the low one first, also across the end of a block.
    member _.NextUInt64() : uint64 =
        ensureOpen ()
        let state = root ()
        let low = nextWord state
        let high = nextWord state
        (uint64 high <<< 32) ||| uint64 low

    /// Fills the span with key stream bytes. Whole words are consumed: what is left of the last one is dropped.
    member _.Fill(destination: Span<byte>) : unit =
        ensureOpen ()
        let state = root ()
        let mutable offset = 0

        while offset < destination.Length do
            let mutable word = nextWord state

            for _ in 1 .. min 4 (destination.Length - offset) do
                destination[offset] <- byte word
                word <- word >>> 8
                offset <- offset + 1

    /// Hands out the next child stream (seed 000's rule). Consumes no word.
    member _.Split() : SeededRng =
        ensureOpen ()
        let struct (child, after) = (root ()).WithSplits(splits).Split()
        splits <- after.Splits
        SeededRng(Func<RngState>(fun () -> child), scope)

    /// The child of this name, independent of the order of calls. The same name twice throws `InvalidOperationException`.
    member _.Named(name: string) : SeededRng =
        ensureOpen ()

        if not (names.Add name) then
            raise (InvalidOperationException("The random stream '" + name + "' was already taken in this step."))

        let state = root ()
        SeededRng(Func<RngState>(fun () -> state.Named name), scope)

namespace Refold.Core

/// Where a generator stands; see `Refold.RngState`.
type RngState = Refold.RngState

/// A generator lent to one step; see `Refold.SeededRng`.
type SeededRng = Refold.SeededRng

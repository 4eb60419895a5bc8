// A mutable generator over a random state, lent to one step: words, bytes, children by split and by name.
// Used by deciders; made by Run.fs. Written for both languages.
namespace Refold

open System
open System.Buffers.Binary
open System.Runtime.InteropServices
open System.Collections.Generic
open Refold.Core

/// What the generators of one step share: how many words they drew, and whether the step is over.
[<Sealed; AllowNullLiteral>]
type internal RandomScope(guard: Action | null) =
    /// How many words were drawn.
    member val Drawn = 0UL with get, set
    /// Whether the step is over.
    member val IsOver = false with get, private set
    /// Whether a draw asks nobody.
    member val IsFree = isNull guard with get, private set
    /// Asked before each draw, split and name; throws where none may be now.
    member _.Guard: Action | null = guard

    /// The step is over.
    member this.End() =
        this.IsOver <- true
        this.IsFree <- false

/// A generator lent to one step. Mutable and not thread-safe; a draw after the step throws `ObjectDisposedException`.
[<Sealed>]
type SeededRng private (start: Func<RngState>, scope: RandomScope) =

    // Words of the key stream; those from `index` on come next, and block `counter` comes after them.
    let mutable buffer = Array.Empty<uint32>()
    let mutable index = 0
    let mutable counter = 0UL
    let mutable origin: RngState voption = ValueNone
    let mutable splits = 0UL
    let mutable names: HashSet<string> | null = null

    // One block first, which is there soonest and is all that most steps need; then several at once.
    let refill (state: RngState) =
        let blocks = if buffer.Length = 0 then 1 else ChaChaKernel.widestWidth

        if buffer.Length < blocks * ChaCha20.blockWords then
            buffer <- Array.zeroCreate (blocks * ChaCha20.blockWords)

        ChaChaKernel.blocks ChaChaKernel.available state.Key counter state.Stream (Span buffer)
        counter <- counter + uint64 blocks
        index <- 0

    let ensureOpen () =
        if scope.IsOver then
            raise (ObjectDisposedException(nameof SeededRng, "The step, or the operation, that this generator was lent to is over."))

        match scope.Guard with
        | null -> ()
        | guard -> guard.Invoke()

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
    new(state: RngState) = SeededRng(Func<RngState>(fun () -> state), RandomScope null)

    /// A generator whose state is made only when something is drawn.
    static member Deferred(start: Func<RngState>) : SeededRng = SeededRng(start, RandomScope null)

    /// A generator that is made when something is drawn, and asks before each draw, here and in its children, whether it may.
    static member internal Guarded(start: Func<RngState>, guard: Action) : SeededRng = SeededRng(start, RandomScope guard)

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
    member _.End() : unit = scope.End()

    member private _.SlowWord() : uint32 =
        ensureOpen ()
        nextWord (root ())

    // Words are in the buffer only where there is a root.
    member private _.SlowPair() : uint64 =
        ensureOpen ()
        let state = root ()
        let low = nextWord state
        let high = nextWord state
        (uint64 high <<< 32) ||| uint64 low

    /// The next word of the key stream.
    member this.NextUInt32() : uint32 =
        let words = buffer
        let place = index

        if place < words.Length && scope.IsFree then
            index <- place + 1
            scope.Drawn <- scope.Drawn + 1UL
            words[place]
        else
            this.SlowWord()

    /// The next two words, the low one first, also across the end of a block.
    member this.NextUInt64() : uint64 =
        let words = buffer
        let place = index

        if place < words.Length - 1 && scope.IsFree then
            index <- place + 2
            scope.Drawn <- scope.Drawn + 2UL
            (uint64 words[place + 1] <<< 32) ||| uint64 words[place]
        else
            this.SlowPair()

    /// Fills the span with key stream bytes. Whole words are consumed: what is left of the last one is dropped.
    member _.Fill(destination: Span<byte>) : unit =
        ensureOpen ()
        let state = root ()
        let mutable rest = destination

        while rest.Length >= 4 do
            let blocks = rest.Length / (4 * ChaCha20.blockWords)

            if index = buffer.Length && blocks > 0 && BitConverter.IsLittleEndian then
                // Whole blocks, to where they are wanted.
                let place = MemoryMarshal.Cast<byte, uint32>(rest.Slice(0, blocks * 4 * ChaCha20.blockWords))
                ChaChaKernel.blocks ChaChaKernel.available state.Key counter state.Stream place
                counter <- counter + uint64 blocks
                scope.Drawn <- scope.Drawn + uint64 place.Length
                rest <- rest.Slice(4 * place.Length)
            else
                BinaryPrimitives.WriteUInt32LittleEndian(rest, nextWord state)
                rest <- rest.Slice 4

        if rest.Length > 0 then
            let mutable word = nextWord state

            for offset in 0 .. rest.Length - 1 do
                rest[offset] <- byte word
                word <- word >>> 8

    /// Hands out the next child stream (seed 000's rule). Consumes no word.
    member _.Split() : SeededRng =
        ensureOpen ()
        let struct (child, after) = (root ()).WithSplits(splits).Split()
        splits <- after.Splits
        SeededRng(Func<RngState>(fun () -> child), scope)

    /// The child of this name, independent of the order of calls. The same name twice throws `InvalidOperationException`.
    member _.Named(name: string) : SeededRng =
        ensureOpen ()
        Text.requireUnicode (nameof name) name

        let taken =
            match names with
            | null ->
                let taken = HashSet<string> StringComparer.Ordinal
                names <- taken
                taken
            | taken -> taken

        if not (taken.Add name) then
            raise (InvalidOperationException("The random stream '" + name + "' was already taken in this step."))

        let state = root ()
        SeededRng(Func<RngState>(fun () -> state.Named name), scope)

namespace Refold.Core

/// A generator lent to one step; see `Refold.SeededRng`.
type SeededRng = Refold.SeededRng

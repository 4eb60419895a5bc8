// A mutable generator over a random state, lent to one step: words, bytes, children by split and by name.
// Used by deciders; made by Run.fs. Written for both languages.
namespace Refold

open System
open System.Buffers.Binary
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Collections.Generic
open Refold.Core

/// A state that is made when something is drawn, and who is asked before each draw, split and name whether there may be one.
[<Sealed>]
type internal GuardedStart(start: Func<RngState>, guard: Action) =
    member _.Start: Func<RngState> = start
    member _.Guard: Action = guard

/// What the words of a generator are whose step is over.
module internal NoWords =

    let over: uint32[] = Array.zeroCreate 0

/// The key and the first block of a generator, within it. Vectors there would be aligned, and the object larger.
[<Struct; StructLayout(LayoutKind.Sequential, Size = 96)>]
type internal KeyAndBlock =
    [<DefaultValue(false)>]
    val mutable private start: uint64

    /// The key.
    static member Key(place: byref<KeyAndBlock>) : Span<byte> = MemoryMarshal.CreateSpan(&Unsafe.As<KeyAndBlock, byte>(&place), 32)

    /// The block.
    static member Block(place: byref<KeyAndBlock>) : Span<uint32> =
        MemoryMarshal.CreateSpan(&Unsafe.As<KeyAndBlock, uint32>(&place), 24).Slice 8

/// A generator lent to one step. Mutable and not thread-safe; a draw after the step throws `ObjectDisposedException`.
[<Sealed>]
type SeededRng private (source: obj, family: SeededRng | null, taken: obj | null, version: uint64) =

    // `source` is a state, what makes one (Func, GuardedStart), or, of a step, the run's root, with the stream in `taken`. `family` is the
    // generator that this one was split or named from, of all of them the first; null for that one itself, which counts for all.

    // Names that were taken, once there are any; of a step that has not drawn, its stream.
    let mutable taken = taken
    // Of blocks from `counter` on the words come after those that are at hand. Of a step that has not drawn, the version.
    let mutable counter = version
    let mutable stream = 0UL
    let mutable splits = 0UL
    // Words that are at hand, in the first block or in `many`, below 0 where none was asked for; those from `index` on come next.
    let mutable filled = -1
    let mutable index = 0
    let mutable many: uint32[] | null = null

    // One block within, which is there soonest and is all that most steps need; then several at once, in an array.
    [<DefaultValue>]
    val mutable private within: KeyAndBlock

    // Words of these are drawn without asking; null for none of a child, of a guarded one and of the first block.
    [<DefaultValue>]
    val mutable private free: uint32[] | null

    // Words that were drawn by this generator and everything from it, less `index`.
    [<DefaultValue>]
    val mutable private settled: uint64

    member private this.IsOver: bool = Object.ReferenceEquals(this.free, NoWords.over)

    member private this.Home: SeededRng =
        match family with
        | null -> this
        | home -> home

    member private this.Source: obj = source

    member private this.Index: int = index

    member private this.Key: Span<byte> = KeyAndBlock.Key &this.within

    member private this.First: Span<uint32> = KeyAndBlock.Block &this.within

    member private this.EnsureOpen() : unit =
        let home = this.Home

        if home.IsOver then
            raise (ObjectDisposedException(nameof SeededRng, "The step, or the operation, that this generator was lent to is over."))

        match home.Source with
        | :? GuardedStart as guarded -> guarded.Guard.Invoke()
        | _ -> ()

    member private this.Refill() : unit =
        if isNull family then
            this.settled <- this.settled + uint64 index

        if filled = 0 then
            ChaChaKernel.one (Span.op_Implicit this.Key) counter stream this.First
            filled <- ChaCha20.blockWords
            counter <- counter + 1UL
        else
            let words =
                match many with
                | null ->
                    let made = Array.zeroCreate<uint32>(ChaChaKernel.widestWidth * ChaCha20.blockWords)
                    many <- made
                    made
                | words -> words

            ChaChaKernel.blocks ChaChaKernel.available (Span.op_Implicit this.Key) counter stream (Span words)
            filled <- words.Length
            counter <- counter + uint64 ChaChaKernel.widestWidth

            if isNull family && not this.IsOver && not (source :? GuardedStart) then
                this.free <- words

        index <- 0

    member private this.Begin() : unit =
        if filled < 0 then
            match taken with
            | :? string as name ->
                (source :?> RngState).KeptNamed(name).WriteNumberedKey(counter, this.Key)
                counter <- 0UL
                taken <- null
                filled <- 0
            | _ ->
                let state =
                    match source with
                    | :? RngState as state -> state
                    | :? GuardedStart as guarded -> guarded.Start.Invoke()
                    | start -> (start :?> Func<RngState>).Invoke()

                state.Key.CopyTo this.Key
                stream <- state.Stream
                splits <- state.Splits
                counter <- uint64 (state.WordPosition >>> 4)
                let offset = int (uint64 state.WordPosition &&& 15UL)
                filled <- 0

                if offset > 0 then
                    this.Refill()
                    index <- offset

                    if isNull family then
                        this.settled <- this.settled - uint64 offset

    member private this.NextWord() : uint32 =
        if index = filled then
            this.Refill()

        let word =
            match many with
            | null -> this.First[index]
            | words -> words[index]

        index <- index + 1

        match family with
        | null -> ()
        | home -> home.settled <- home.settled + 1UL

        word

    /// A generator that continues from a state, on its own: not lent to a step.
    new(state: RngState) = SeededRng(state, null, null, 0UL)

    /// A generator whose state is made only when something is drawn.
    static member Deferred(start: Func<RngState>) : SeededRng = SeededRng(start, null, null, 0UL)

    /// A generator that is made when something is drawn, and asks before each draw, here and in its children, whether it may.
    static member internal Guarded(start: Func<RngState>, guard: Action) : SeededRng =
        SeededRng(GuardedStart(start, guard), null, null, 0UL)

    /// The generator of a step: under the run's root, the child of the stream's name, and of that the child of the version.
    static member internal OfStep(root: RngState, stream: string, version: int64) : SeededRng =
        SeededRng(root, null, stream, uint64 version)

    /// A generator that begins the stream of a 64-bit seed.
    static member FromSeed(seed: uint64) : SeededRng = SeededRng(RngState.FromSeed seed)

    /// Where the generator stands: restoring it reproduces every later draw and split.
    member this.State: RngState =
        this.Begin()
        let consumed = (UInt128.op_Implicit counter <<< 4) - UInt128.op_Implicit (uint32 (filled - index))
        RngState.At(Span.op_Implicit this.Key, stream, consumed, splits)

    /// 32-bit words drawn so far by this generator and everything split or named from it.
    member this.WordsDrawn: uint64 =
        let home = this.Home
        home.settled + uint64 home.Index

    /// Ends the step: every later draw, from this generator or a child, throws.
    member this.End() : unit =
        let home = this.Home
        home.free <- NoWords.over

    member private this.SlowWord() : uint32 =
        this.EnsureOpen()
        this.Begin()
        this.NextWord()

    member private this.SlowPair() : uint64 =
        this.EnsureOpen()
        this.Begin()
        let low = this.NextWord()
        let high = this.NextWord()
        (uint64 high <<< 32) ||| uint64 low

    /// The next word of the key stream.
    member this.NextUInt32() : uint32 =
        let place = index

        match this.free with
        | null -> this.SlowWord()
        | words when place < words.Length ->
            index <- place + 1
            words[place]
        | _ -> this.SlowWord()

    /// The next two words, the low one first, also across the end of a block.
    member this.NextUInt64() : uint64 =
        let place = index

        match this.free with
        | null -> this.SlowPair()
        | words when place < words.Length - 1 ->
            index <- place + 2

            if BitConverter.IsLittleEndian then
                Unsafe.ReadUnaligned<uint64>(&Unsafe.As<uint32, byte>(&words[place]))
            else
                (uint64 words[place + 1] <<< 32) ||| uint64 words[place]
        | _ -> this.SlowPair()

    /// Fills the span with key stream bytes. Whole words are consumed: what is left of the last one is dropped.
    member this.Fill(destination: Span<byte>) : unit =
        this.EnsureOpen()
        this.Begin()
        let mutable rest = destination

        while rest.Length >= 4 do
            let blocks = rest.Length / (4 * ChaCha20.blockWords)

            if index = filled && blocks > 0 && BitConverter.IsLittleEndian then
                // Whole blocks, to where they are wanted.
                let place = MemoryMarshal.Cast<byte, uint32>(rest.Slice(0, blocks * 4 * ChaCha20.blockWords))
                ChaChaKernel.blocks ChaChaKernel.available (Span.op_Implicit this.Key) counter stream place
                counter <- counter + uint64 blocks
                let home = this.Home
                home.settled <- home.settled + uint64 place.Length
                rest <- rest.Slice(4 * place.Length)
            else
                BinaryPrimitives.WriteUInt32LittleEndian(rest, this.NextWord())
                rest <- rest.Slice 4

        if rest.Length > 0 then
            let mutable word = this.NextWord()

            for offset in 0 .. rest.Length - 1 do
                rest[offset] <- byte word
                word <- word >>> 8

    /// Hands out the next child stream (seed 000's rule). Consumes no word.
    member this.Split() : SeededRng =
        this.EnsureOpen()
        let struct (child, after) = this.State.Split()
        splits <- after.Splits
        SeededRng(child, this.Home, null, 0UL)

    /// The child of this name, independent of the order of calls. The same name twice throws `InvalidOperationException`.
    member this.Named(name: string) : SeededRng =
        this.EnsureOpen()
        Text.requireUnicode (nameof name) name

        // The stream of a step makes room for names.
        match taken with
        | :? string -> this.Begin()
        | _ -> ()

        let names =
            match taken with
            | :? HashSet<string> as names -> names
            | _ ->
                let names = HashSet<string> StringComparer.Ordinal
                taken <- names
                names

        if not (names.Add name) then
            raise (InvalidOperationException("The random stream '" + name + "' was already taken in this step."))

        SeededRng(this.State.Named name, this.Home, null, 0UL)

namespace Refold.Core

/// A generator lent to one step; see `Refold.SeededRng`.
type SeededRng = Refold.SeededRng

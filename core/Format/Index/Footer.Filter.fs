// Filters that tell, by one page, that a name has no row in a footer. FORMAT.md, "Filter".
// Written by Footer.Encoding.fs, asked by Footer.Reader.fs. Blocked Bloom filters: Putze, Sanders, Singler, "Cache-, hash- and
// space-efficient Bloom filters" (2009); the seven bits by double hashing: Kirsch, Mitzenmacher, "Less hashing, same performance" (2006).
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Text

/// What a name in a filter names.
[<RequireQualifiedAccess; Struct>]
type internal FilteredKind =
    /// A type.
    | Type
    /// An outward tag.
    | Tag
    /// A stream.
    | Stream
    /// An idempotency key.
    | Key
    /// The id of a run.
    | Run
    /// The id of an entry.
    | Id
    /// The id of what brought an entry about.
    | Cause

/// A name in a filter.
[<RequireQualifiedAccess; Struct>]
type internal FilteredName =
    /// Its UTF-8 bytes.
    | Text of textKind: FilteredKind * text: string
    /// The 16 bytes of an id, big-endian.
    | Id of idKind: FilteredKind * id: Guid

module internal FilteredKind =

    let ofWord (kind: WordKind) : FilteredKind =
        match kind with
        | WordKind.Type -> FilteredKind.Type
        | WordKind.Tag -> FilteredKind.Tag
        | WordKind.Run -> FilteredKind.Run

/// Making and asking filters. A block of one page's size is a filter of its own, and every name belongs to one of them.
[<RequireQualifiedAccess>]
module internal FooterFilter =

    /// Bytes of a block: what a page holds.
    let blockBytes = Page.capacity

    // Bits of a block. Known to the compiler, as names are divided by it again and again.
    [<Literal>]
    let private blockBits = 32576u

    // 10.8 bits for a name and seven bits set: about one name in a hundred that is not there seems to be.
    let private namesPerBlock = 3000

    let private bitsPerName = 7

    /// Footers with fewer names than this have no filter: the few pages of names cost no more.
    let leastNames = 64

    let private code (kind: FilteredKind) =
        match kind with
        | FilteredKind.Type -> 1uy
        | FilteredKind.Tag -> 2uy
        | FilteredKind.Stream -> 3uy
        | FilteredKind.Key -> 4uy
        | FilteredKind.Run -> 5uy
        | FilteredKind.Id -> 6uy
        | FilteredKind.Cause -> 7uy

    // The finalizer of MurmurHash3: every bit of the input changes half of the bits.
    let private mix (hash: uint64) : uint64 =
        let hash = (hash ^^^ (hash >>> 33)) * 0xFF51AFD7ED558CCDUL
        let hash = (hash ^^^ (hash >>> 33)) * 0xC4CEB9FE1A85EC53UL
        hash ^^^ (hash >>> 33)

    /// FNV-1a with 64 bits over the kind's code and the bytes, mixed.
    let internal hashWith (writer: ByteWriter) (name: FilteredName) : uint64 =
        writer.Clear()

        match name with
        | FilteredName.Text(kind, text) ->
            writer.Byte(code kind)
            writer.Utf8(text.AsSpan())
        | FilteredName.Id(kind, id) ->
            writer.Byte(code kind)
            writer.Guid id

        let mutable hash = 14695981039346656037UL

        for next in writer.Written do
            hash <- (hash ^^^ uint64 next) * 1099511628211UL

        mix hash

    let private hashOf (name: FilteredName) : uint64 = hashWith (ByteWriter 64) name

    /// How many blocks so many names take.
    let blocksFor (names: int) : int = (names + namesPerBlock - 1) / namesPerBlock

    let private blockOf (hash: uint64) (blocks: int) : int = int (mix hash % uint64 blocks)

    let private bitOf (hash: uint64) (number: int) : uint32 =
        let step = uint32 (hash >>> 32) ||| 1u
        (uint32 hash + uint32 number * step) % blockBits

    /// The blocks of a filter over names with these hashes; none for few names.
    let blocksOf (hashes: ReadOnlySpan<uint64>) : byte[][] =
        if hashes.Length < leastNames then
            [||]
        else
            let blocks = Array.init (blocksFor hashes.Length) (fun _ -> Array.zeroCreate<byte> blockBytes)

            for hash in hashes do
                let block = blocks[blockOf hash blocks.Length]

                for number in 0 .. bitsPerName - 1 do
                    let bit = bitOf hash number
                    let index = int (bit / 8u)
                    block[index] <- block[index] ||| (1uy <<< int (bit % 8u))

            blocks

    /// Which of so many blocks tells of a name, and whether that one, once read, allows it.
    let ask (name: FilteredName) (blocks: int) : struct (int * (ReadOnlyMemory<byte> -> bool)) =
        let hash = hashOf name

        let allows (block: ReadOnlyMemory<byte>) =
            let mutable isAllowed = true

            for number in 0 .. bitsPerName - 1 do
                let bit = bitOf hash number
                isAllowed <- isAllowed && block.Span[int (bit / 8u)] &&& (1uy <<< int (bit % 8u)) <> 0uy

            isAllowed

        struct (blockOf hash blocks, allows)

/// The names of a footer while its filter is made: at most so many.
[<Sealed>]
type internal FilteredNames(most: int) =
    let writer = ByteWriter 1024
    let hashes = LargeArrays<uint64>.Rent most
    let mutable count = 0

    /// One more name.
    member _.Add(name: FilteredName) : unit =
        hashes[count] <- FooterFilter.hashWith writer name
        count <- count + 1

    /// The blocks of the filter; none for few names. Nothing is added afterwards.
    member _.Blocks() : byte[][] =
        let blocks = FooterFilter.blocksOf (ReadOnlySpan(hashes, 0, count))
        LargeArrays<uint64>.Return hashes
        blocks

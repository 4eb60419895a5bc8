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

/// Where filters keep a name.
[<RequireQualifiedAccess>]
module internal FilterBits =

    /// Bits of a block: what a page holds. Known to the compiler, as names are divided by it again and again.
    [<Literal>]
    let inBlock = 32576

    /// How many bits of its block a name has.
    let ofName = 7

    /// The finalizer of MurmurHash3: every bit of the input changes half of the bits.
    let mix (hash: uint64) : uint64 =
        let hash = (hash ^^^ (hash >>> 33)) * 0xFF51AFD7ED558CCDUL
        let hash = (hash ^^^ (hash >>> 33)) * 0xC4CEB9FE1A85EC53UL
        hash ^^^ (hash >>> 33)

/// What a name is looked for by: which block of a filter, and which bits of the block.
[<Struct; NoEquality; NoComparison>]
type internal FilterHash(hash: uint64) =

    /// The block of the name, of so many.
    member _.Block(blocks: int) : int = int (FilterBits.mix hash % uint64 blocks)

    /// One of the bits of the name in its block, from 0.
    member _.Bit(number: int) : int =
        let step = uint32 (hash >>> 32) ||| 1u
        int ((uint32 hash + uint32 number * step) % uint32 FilterBits.inBlock)

    /// Whether the block of the name allows it; if not, the name surely is not there.
    member this.Allows(block: ReadOnlySpan<byte>) : bool =
        let mutable isAllowed = true
        let mutable number = 0

        while isAllowed && number < FilterBits.ofName do
            let bit = this.Bit number
            isAllowed <- block[bit / 8] &&& (1uy <<< bit % 8) <> 0uy
            number <- number + 1

        isAllowed

/// Making and asking filters. A block of one page's size is a filter of its own, and every name belongs to one of them.
[<RequireQualifiedAccess>]
module internal FooterFilter =

    /// Bytes of a block: what a page holds.
    let blockBytes = Page.capacity

    // 10.8 bits for a name and seven bits set: about one name in a hundred that is not there seems to be.
    let private namesPerBlock = 3000

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

        FilterBits.mix hash

    let private hashOf (name: FilteredName) : uint64 = hashWith (ByteWriter 64) name

    /// How many blocks so many names take.
    let blocksFor (names: int) : int = (names + namesPerBlock - 1) / namesPerBlock

    let private set (block: byte[]) (hash: FilterHash) =
        for number in 0 .. FilterBits.ofName - 1 do
            let bit = hash.Bit number
            block[bit / 8] <- block[bit / 8] ||| (1uy <<< bit % 8)

    /// The blocks of a filter over names with these hashes; none for few names.
    let blocksOf (hashes: ReadOnlySpan<uint64>) : byte[][] =
        if hashes.Length < leastNames then
            [||]
        else
            let blocks = Array.init (blocksFor hashes.Length) (fun _ -> Array.zeroCreate<byte> blockBytes)

            for hash in hashes do
                let hash = FilterHash hash
                set blocks[hash.Block blocks.Length] hash

            blocks

    /// One block over few names, as it would be were there a filter over them.
    let ofFew (names: FilteredName seq) : byte[] =
        let writer = ByteWriter 1024
        let block = Array.zeroCreate<byte> blockBytes

        for name in names do
            set block (FilterHash(hashWith writer name))

        block

    /// What a name is looked for by, in every filter the same.
    let hash (name: FilteredName) : FilterHash = FilterHash(hashOf name)

    /// The hash of a stream's name.
    let ofStream (name: string) : FilterHash = hash (FilteredName.Text(FilteredKind.Stream, name))

    /// The hash of a type.
    let ofType (name: string) : FilterHash = hash (FilteredName.Text(FilteredKind.Type, name))

    /// The hash of an outward tag.
    let ofTag (tag: string) : FilterHash = hash (FilteredName.Text(FilteredKind.Tag, tag))

    /// The hash of an idempotency key.
    let ofKey (key: string) : FilterHash = hash (FilteredName.Text(FilteredKind.Key, key))

    /// The hash of an entry's id.
    let ofId (id: Guid) : FilterHash = hash (FilteredName.Id(FilteredKind.Id, id))

    /// The hash of the id of a cause.
    let ofCause (id: Guid) : FilterHash = hash (FilteredName.Id(FilteredKind.Cause, id))

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

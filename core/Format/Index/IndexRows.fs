// Index rows of a segment: everything that opening and finding must know without reading its frames.
// Made from a scan by IndexRows.Building.fs, written by Footer.Encoding.fs, read by Footer.Decoding.fs and Footer.Reader.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// One entry of the segment, in position order.
[<Struct; NoComparison>]
type internal EntryRow =
    {
        /// Its position.
        Position: int64
        /// Its version.
        Version: int64
        /// The offset of its frame.
        Offset: int64
        /// The size of its frame in bytes.
        Length: int
        /// Its stream, as an index into the rows of streams.
        Stream: int
        /// Its type, as an index into the rows of words.
        Type: int
        /// Its batch, as an index into the rows of batches.
        Batch: int
        /// What it is for.
        Role: Role
    }

/// One batch, in commit order.
[<Struct; NoComparison>]
type internal BatchRow =
    {
        /// Its first position.
        FirstPosition: int64
        /// How many positions it takes; those without an entry are known holes.
        Count: int
        /// Its first entry, or the first behind it where it has none.
        FirstEntry: int
        /// The head hash after it.
        Head: Hash
        /// The number of its last frame.
        LastFrame: int64
        /// The latest time of its entries and of all before it in the journal; -1 where none has one.
        Latest: int64
        /// Its leaf in the batch tree.
        TreeLeaf: Hash
    }

/// One stream that has, or had, an entry or a deletion in the segment; in order of UTF-8 bytes.
[<Struct; NoComparison>]
type internal StreamRow =
    {
        /// The stream.
        Stream: StreamId
        /// The version of its last entry here; 0 where it has none.
        Highest: int64
        /// The highest version that a deletion here names or a dropped leaf had; 0 for none.
        DeletedTo: int64
        /// Where its entries begin in the postings.
        First: int
        /// How many entries it has here.
        Count: int
    }

/// What entries are found by, besides streams.
[<RequireQualifiedAccess; Struct>]
type internal WordKind =
    /// A type.
    | Type
    /// An outward tag, `kind:external` and `kind:derived` included.
    | Tag
    /// The id of a run.
    | Run

/// One type, tag or run; in this order, each in order of UTF-8 bytes.
[<NoComparison>]
type internal WordRow =
    {
        /// Type, tag or run.
        Kind: WordKind
        /// What it says.
        Text: string
        /// Where its entries begin in the postings.
        First: int
        /// How many entries have it here.
        Count: int
    }

/// One idempotency key of a batch that is whole; in order of UTF-8 bytes.
[<NoComparison>]
type internal KeyRow =
    {
        /// The key.
        Key: string
        /// The content it stands for.
        Content: Hash
        /// The batch, whose receipt is `RowKeys.receipt`.
        Batch: int
    }

/// An idempotency key whose batch has lost entries or lies in a dropped beginning, with what it got in one stream; by key, streams in
/// order of appearance.
[<NoComparison>]
type internal KeptRow =
    {
        /// The key.
        Key: string
        /// The content it stands for.
        Content: Hash
        /// The batch's first position.
        FirstPosition: int64
        /// How many positions it takes.
        Count: int
        /// The head hash after it.
        Head: Hash
        /// The versions it got in the stream.
        Versions: StreamVersions
    }

/// A complete subtree of the batch tree, of 16 batches and more, that ends in the segment; by its last batch, then by height.
[<Struct; NoComparison>]
type internal NodeRow =
    {
        /// The ordinal of its last batch.
        Last: int64
        /// It stands for 2^height batches.
        Height: int
        /// Its hash.
        Hash: Hash
    }

/// An entry by its id, or by the id of what brought it about; by id, then by entry.
[<Struct; NoComparison>]
type internal IdRow =
    {
        /// The id.
        Id: Guid
        /// The entry, as an index into the rows of entries.
        Entry: int
    }

/// One deletion, in order.
[<NoComparison>]
type internal DeletionRow =
    {
        /// The stream, as an index into the rows of streams.
        Stream: int
        /// The last version that is deleted.
        Version: int64
        /// The head position it was made at: it hides entries before it only.
        Position: int64
        /// The number of its frame.
        LastFrame: int64
    }

/// All rows of a segment. Equal by content.
[<NoComparison>]
type internal SegmentRows =
    {
        /// Its entries.
        Entries: EntryRow[]
        /// Its batches.
        Batches: BatchRow[]
        /// Its streams.
        Streams: StreamRow[]
        /// Its types, tags and runs.
        Words: WordRow[]
        /// Indexes of entries: of each stream, then of each word, ascending.
        Postings: int[]
        /// Its keys.
        Keys: KeyRow[]
        /// Its deletions.
        Deletions: DeletionRow[]
        /// Keys whose batches are not whole.
        Kept: KeptRow[]
        /// The streams of its base frame, in order of UTF-8 bytes; none without one. Which keys are forgotten, the trailer says.
        Base: BaseStream[] option
        /// What the batches before it come to.
        Before: TreePlace
        /// What the batches come to with its own.
        Behind: TreePlace
        /// The larger subtrees that end in it.
        Nodes: NodeRow[]
        /// Whether it has rows of ids and runs.
        HasIds: bool
        /// Its entries by id.
        Ids: IdRow[]
        /// Its entries by what brought them about.
        Causes: IdRow[]
    }

    /// Nothing, in a segment before which batches come to this.
    static member Empty(hasIds: bool, before: TreePlace) : SegmentRows =
        {
            Entries = [||]
            Batches = [||]
            Streams = [||]
            Words = [||]
            Postings = [||]
            Keys = [||]
            Deletions = [||]
            Kept = [||]
            Base = None
            Before = before
            Behind = before
            Nodes = [||]
            HasIds = hasIds
            Ids = [||]
            Causes = [||]
        }

// Index rows of a segment: everything that opening and finding must know without reading its frames.
// Made from a scan by IndexRows.Building.fs, written by Footer.Encoding.fs, read by Footer.Decoding.fs and Footer.Reader.fs.
namespace Refold.Format

open Refold.Core
open Refold

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
[<NoComparison>]
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
    }

/// One stream that has, or had, an entry or a deletion in the segment; in order of UTF-8 bytes.
[<NoComparison>]
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

/// One type or tag; types first, each in order of UTF-8 bytes.
[<NoComparison>]
type internal WordRow =
    {
        /// Type or tag.
        Kind: WordKind
        /// What it says.
        Text: string
        /// Where its entries begin in the postings.
        First: int
        /// How many entries have it here.
        Count: int
    }

/// One idempotency key; in order of UTF-8 bytes.
[<NoComparison>]
type internal KeyRow =
    {
        /// The key.
        Key: string
        /// The content it stands for.
        Content: Hash
        /// The batch, whose receipt is `IndexRows.receipt`.
        Batch: int
    }

/// What a key keeps of a batch that has lost entries to compaction; by key, streams in order of appearance.
[<NoComparison>]
type internal KeptRow =
    {
        /// The key, as an index into the rows of keys.
        Key: int
        /// The versions the batch got in one stream.
        Versions: StreamVersions
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
        /// Its types and tags.
        Words: WordRow[]
        /// Indexes of entries: of each stream, then of each word, ascending.
        Postings: int[]
        /// Its keys.
        Keys: KeyRow[]
        /// Its deletions.
        Deletions: DeletionRow[]
        /// Versions of the batches that have keys and have lost entries.
        Kept: KeptRow[]
        /// What its base frame holds; streams and keys in order of UTF-8 bytes. Which keys are forgotten, the trailer says.
        Base: BaseContent option
    }

    /// Nothing.
    static member Empty: SegmentRows =
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
        }

// What the columns of a segment hold: entries, batches, names, keys, deletions. FORMAT.md, "Footer".
// Filled by IndexColumns.fs, read by ColumnRows.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Collections.Generic

/// An entry as the columns have it.
[<Struct; NoEquality; NoComparison>]
type internal ColumnEntry =
    {
        /// Its position.
        Position: int64
        /// Its version.
        Version: int64
        /// The offset of its frame.
        Offset: int
        /// The size of its frame in bytes.
        Length: int
        /// The number of its stream, in order of appearance.
        Stream: int
        /// The number of its type among the words, in order of appearance, and its role in the lowest three bits.
        TypeAndRole: int
    }

/// A batch as the columns have it.
[<Struct; NoEquality; NoComparison>]
type internal ColumnBatch =
    {
        /// Its first position.
        FirstPosition: int64
        /// How many positions it takes.
        Count: int
        /// Its first entry, or the first behind it where it has none.
        FirstEntry: int
        /// The number of its last frame.
        LastFrame: int64
        /// The latest time up to it.
        Latest: int64
        /// The head hash after it.
        Head: Hash
    }

/// A stream that has, or had, something in the segment.
[<Sealed>]
type internal ColumnStream(number: int, stream: StreamId) =
    /// Its number, in order of appearance.
    member _.Number: int = number
    /// The stream.
    member _.Stream: StreamId = stream
    /// Its entries.
    member val Entries = Postings()
    /// The version of its last entry; 0 where it has none.
    member val Highest = 0L with get, set
    /// The highest version that a deletion names or a dropped leaf had; 0 for none.
    member val DeletedTo = 0L with get, set

/// A type, tag or run.
[<Sealed>]
type internal ColumnWord(number: int, kind: WordKind, text: string) =
    /// Its number, in order of appearance.
    member _.Number: int = number
    /// Type, tag or run.
    member _.Kind: WordKind = kind
    /// What it says.
    member _.Text: string = text
    /// The entries that have it.
    member val Entries = Postings()

/// A key: of a whole batch its number, of another one what is kept.
[<Struct; NoEquality; NoComparison>]
type internal ColumnKey =
    {
        /// The key.
        Key: string
        /// The content it stands for.
        Content: Hash
        /// The number of its batch; -1 where it is kept.
        Batch: int
        /// What is kept.
        Kept: KnownKey voption
    }

/// Uses of keys, in order. Used as `IndexColumns`.
[<Sealed>]
type internal ColumnKeys() =
    let keys = Chunks<ColumnKey>()
    let numbers = Dictionary<string, int>(StringComparer.Ordinal)

    /// How many there are.
    member _.Count: int = keys.Count

    /// One of them, from 0.
    member _.At(number: int) : ColumnKey = keys[number]

    /// Adds a use of a key: of two the later one counts.
    member _.Keep(key: string, content: Hash, batch: int, kept: KnownKey voption) : unit =
        numbers[key] <- keys.Count
        keys.Add { Key = key; Content = content; Batch = batch; Kept = kept }

    /// Whether a use is kept, without its batch, of a batch that begins before a position.
    member _.KeepsBefore(position: int64) : bool =
        Seq.exists
            (fun number ->
                match keys[number].Kept with
                | ValueSome kept -> kept.Receipt.FirstPosition < position
                | ValueNone -> false)
            (seq { 0 .. keys.Count - 1 })

    /// The last use of a key.
    member _.Find(key: string) : ColumnKey voption =
        match numbers.TryGetValue key with
        | true, number -> ValueSome keys[number]
        | false, _ -> ValueNone

/// A deletion, or, with the number of no frame, the versions of a dropped leaf.
[<Struct; NoEquality; NoComparison>]
type internal ColumnDeletion =
    {
        /// The number of the stream.
        Stream: int
        /// The last version that is gone.
        Version: int64
        /// The head position it was made at.
        Position: int64
        /// The number of its frame; 0 for a dropped leaf.
        LastFrame: int64
    }

/// How far the columns go at a moment.
[<NoEquality; NoComparison>]
type internal ColumnCut =
    {
        /// Entries.
        Entries: int
        /// Batches.
        Batches: int
        /// Streams.
        Streams: int
        /// Words.
        Words: int
        /// Uses of keys.
        Keys: int
        /// Deletions and dropped leaves.
        Deletions: int
        /// Given ids.
        Given: int
        /// Ids of what brought entries about.
        Causes: int
        /// Subtrees.
        Nodes: int
        /// Entries up to the last one that has a run.
        Runs: int
        /// The streams of a base.
        Base: BaseStream[] option
        /// What the batches before come to.
        Before: TreePlace
        /// What the batches come to.
        Behind: TreePlace
        /// The position before which keys are forgotten; 0 for none.
        KeysBefore: int64
    }

/// Rows of what the columns hold.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal ColumnEntry =

    /// The row of an entry of a batch, given the place of each stream and word in its table.
    let row (streamAt: int -> int) (wordAt: int -> int) (batch: int) (entry: ColumnEntry) : EntryRow =
        {
            Position = entry.Position
            Version = entry.Version
            Offset = int64 entry.Offset
            Length = entry.Length
            Stream = streamAt entry.Stream
            Type = wordAt (entry.TypeAndRole >>> 3)
            Batch = batch
            Role = Role.ofByte (byte (entry.TypeAndRole &&& 7)) |> Option.defaultValue Role.Unmarked
        }

/// Rows of what the columns hold.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal ColumnBatch =

    /// The row of a batch, given its leaf in the tree.
    let row (leaf: Hash) (batch: ColumnBatch) : BatchRow =
        {
            FirstPosition = batch.FirstPosition
            Count = batch.Count
            FirstEntry = batch.FirstEntry
            Head = batch.Head
            LastFrame = batch.LastFrame
            Latest = batch.Latest
            TreeLeaf = leaf
        }

    /// The batch of a row.
    let ofRow (row: BatchRow) : ColumnBatch =
        {
            FirstPosition = row.FirstPosition
            Count = row.Count
            FirstEntry = row.FirstEntry
            LastFrame = row.LastFrame
            Latest = row.Latest
            Head = row.Head
        }

/// The tree over the batches. What it needs of a batch waits until it is settled: no look-up needs it.
[<Sealed>]
type internal ColumnTree(before: TreePeaks) =
    let leaves = Chunks<Hash>()
    let nodes = Chunks<NodeRow>()
    let waiting = Queue<AcceptedBatch>()
    let mutable peaks = before
    // Proofs are made by other threads than the one that adds.
    let gate = obj ()

    let add (leaf: Hash) =
        let last = peaks.Size
        let struct (after, made) = peaks.Add leaf
        peaks <- after
        leaves.Add leaf

        for node, hash in made do
            if node.Height >= IndexRows.leastHeight then
                nodes.Add { Last = last; Height = node.Height; Hash = hash }

    /// The tree so far, of what is settled.
    member _.Peaks: TreePeaks = lock gate (fun () -> peaks)

    /// How many subtrees there are.
    member _.Nodes: int = lock gate (fun () -> nodes.Count)

    /// A subtree, in order.
    member _.Node(number: int) : NodeRow = lock gate (fun () -> nodes[number])

    /// The leaf of a batch.
    member _.Leaf(number: int) : Hash = lock gate (fun () -> leaves[number])

    /// Adds a batch, to be asked until it is settled.
    member _.Add(batch: AcceptedBatch) : unit = lock gate (fun () -> waiting.Enqueue batch)

    /// How many batches are kept because nothing was made of them yet.
    member _.Waiting: int = lock gate (fun () -> waiting.Count)

    /// Takes up what waits.
    member _.Settle() : unit =
        lock gate (fun () ->
            while waiting.Count > 0 do
                add (waiting.Dequeue().TreeLeaf()))

    /// Begins behind other batches; nothing was added.
    member _.Begin(behind: TreePeaks) : unit = peaks <- behind

    /// Takes the batches and subtrees of rows; nothing was added.
    member _.Restore(behind: TreePeaks, batches: BatchRow[], subtrees: NodeRow[]) : unit =
        peaks <- behind

        for row in batches do
            leaves.Add row.TreeLeaf

        Array.iter nodes.Add subtrees

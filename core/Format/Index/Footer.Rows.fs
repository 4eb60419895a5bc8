// What the tables of a footer are written from: rows that are there, or that are made one by one while they are written.
// Made of SegmentRows by Footer.Encoding.fs, and of the columns of a segment that grows by ColumnRows.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Rows that are asked for by number, in order.
[<Struct; NoEquality; NoComparison>]
type internal RowsOf<'Row> =
    {
        /// How many there are.
        Count: int
        /// One of them.
        At: int -> 'Row
    }

/// Rows that are there.
[<RequireQualifiedAccess>]
module internal RowsOf =

    let array (rows: 'Row[]) : RowsOf<'Row> = { Count = rows.Length; At = Array.get rows }

    /// The first rows of an array.
    let first (count: int) (rows: 'Row[]) : RowsOf<'Row> = { Count = count; At = Array.get rows }

/// The rows of all tables, as `SegmentRows` has them.
[<NoEquality; NoComparison>]
type internal FooterRows =
    {
        Entries: RowsOf<EntryRow>
        Batches: RowsOf<BatchRow>
        Streams: RowsOf<StreamRow>
        Words: RowsOf<WordRow>
        Postings: RowsOf<int>
        Keys: RowsOf<KeyRow>
        Deletions: RowsOf<DeletionRow>
        Kept: RowsOf<KeptRow>
        Base: BaseStream[] option
        Before: TreePlace
        Behind: TreePlace
        Nodes: RowsOf<NodeRow>
        HasIds: bool
        Ids: RowsOf<IdRow>
        Causes: RowsOf<IdRow>
        /// Gives back what they are made of, once they are written.
        Release: Action
    }

/// Rows of one kind from those of the other.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal FooterRows =

    let private all (rows: RowsOf<'Row>) : 'Row[] = Array.init rows.Count rows.At

    /// Of rows that are there.
    let ofSegment (rows: SegmentRows) : FooterRows =
        {
            Entries = RowsOf.array rows.Entries
            Batches = RowsOf.array rows.Batches
            Streams = RowsOf.array rows.Streams
            Words = RowsOf.array rows.Words
            Postings = RowsOf.array rows.Postings
            Keys = RowsOf.array rows.Keys
            Deletions = RowsOf.array rows.Deletions
            Kept = RowsOf.array rows.Kept
            Base = rows.Base
            Before = rows.Before
            Behind = rows.Behind
            Nodes = RowsOf.array rows.Nodes
            HasIds = rows.HasIds
            Ids = RowsOf.array rows.Ids
            Causes = RowsOf.array rows.Causes
            Release = Action ignore
        }

    /// The rows themselves.
    let toSegment (rows: FooterRows) : SegmentRows =
        {
            Entries = all rows.Entries
            Batches = all rows.Batches
            Streams = all rows.Streams
            Words = all rows.Words
            Postings = all rows.Postings
            Keys = all rows.Keys
            Deletions = all rows.Deletions
            Kept = all rows.Kept
            Base = rows.Base
            Before = rows.Before
            Behind = rows.Behind
            Nodes = all rows.Nodes
            HasIds = rows.HasIds
            Ids = all rows.Ids
            Causes = all rows.Causes
        }

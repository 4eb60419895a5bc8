// The tables of a footer and the form of their rows, both directions next to each other. FORMAT.md, "Footer".
// Called by Footer.Encoding.fs, Footer.Decoding.fs and Footer.Reader.fs.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary
open System.Text

/// Where a table lies in a footer.
[<Struct; NoComparison>]
type internal TablePlace =
    {
        /// The table.
        Table: byte
        /// The number of its first page.
        FirstPage: int
        /// How many pages it takes.
        Pages: int
        /// How many rows it has.
        Rows: int
    }

/// Codes of tables, and their rows to and from bytes. Reading is total: a reader that fails says so.
[<RequireQualifiedAccess>]
module internal FooterLayout =

    let root, entries, batches, streams, words = 0uy, 1uy, 2uy, 3uy, 4uy

    let postings, keys, deletions, tree = 5uy, 6uy, 7uy, 8uy

    let nodes, kept, baseStreams, ids, causes, filter = 9uy, 10uy, 11uy, 12uy, 13uy, 14uy

    /// The tables that every footer has.
    let always = [| entries..tree |]

    let postingBytes = 4

    /// Bytes of the shortest row that a table can have.
    let leastBytes (table: byte) : int =
        match int table with
        | 1 -> 48
        | 2 -> 96
        | 3 -> 29
        | 4 -> 14
        | 6 -> 41
        | 7 -> 32
        | 8 -> 20
        | 9 -> 44
        | 10 -> 102
        | 11 -> 21
        | 12
        | 13 -> 20
        | 14 -> Page.capacity
        | _ -> postingBytes

    let private writeHash (writer: ByteWriter) (hash: Hash) = Hash.write writer hash

    let private index = Block.count

    let private name (reader: ByteReader) : StreamId =
        match StreamId.tryCreate (reader.Text()) with
        | Ok stream -> stream
        | Error _ ->
            reader.Fail()
            StreamId.Create "?"

    let private role (reader: ByteReader) : Role =
        match Role.ofByte (reader.Byte()) with
        | Some role -> role
        | None ->
            reader.Fail()
            Role.Unmarked

    let private zeros (count: int) (reader: ByteReader) =
        if not (Block.isZero (reader.Raw count).Span) then
            reader.Fail()

    let writePlace (writer: ByteWriter) (place: TablePlace) =
        writer.Int32(int place.Table)
        writer.Int32 place.FirstPage
        writer.Int32 place.Pages
        writer.Int32 place.Rows

    let readPlace (reader: ByteReader) : TablePlace =
        let table = reader.Int32()

        if table < 1 || table > int filter then
            reader.Fail()

        {
            Table = byte table
            FirstPage = index reader
            Pages = index reader
            Rows = index reader
        }

    let writeEntry (writer: ByteWriter) (row: EntryRow) =
        let room = writer.Room 48
        BinaryPrimitives.WriteInt64LittleEndian(room, row.Position)
        BinaryPrimitives.WriteInt64LittleEndian(room.Slice 8, row.Version)
        BinaryPrimitives.WriteInt64LittleEndian(room.Slice 16, row.Offset)
        BinaryPrimitives.WriteInt32LittleEndian(room.Slice 24, row.Length)
        BinaryPrimitives.WriteInt32LittleEndian(room.Slice 28, row.Stream)
        BinaryPrimitives.WriteInt32LittleEndian(room.Slice 32, row.Type)
        BinaryPrimitives.WriteInt32LittleEndian(room.Slice 36, row.Batch)
        BinaryPrimitives.WriteInt64LittleEndian(room.Slice 40, int64 (Role.toByte row.Role)) // Seven zeros behind it.

    let readEntry (reader: ByteReader) : EntryRow =
        let row =
            {
                EntryRow.Position = Block.atLeast 1L reader
                Version = Block.atLeast 1L reader
                Offset = Block.atLeast (int64 SegmentHeader.bytes) reader
                Length = index reader
                Stream = index reader
                Type = index reader
                Batch = index reader
                Role = role reader
            }

        zeros 7 reader
        row

    let writeBatch (writer: ByteWriter) (row: BatchRow) =
        writer.Int64 row.FirstPosition
        writer.Int32 row.Count
        writer.Int32 row.FirstEntry
        writer.Int64 row.LastFrame
        writer.Int64 row.Latest
        writeHash writer row.Head
        writeHash writer row.TreeLeaf

    let private time (reader: ByteReader) : int64 =
        let ticks = Block.atLeast TreePlace.noTime reader

        if ticks > DateTime.MaxValue.Ticks then
            reader.Fail()

        ticks

    let readBatch (reader: ByteReader) : BatchRow =
        let first = Block.atLeast 1L reader
        let count = reader.Int32()
        let firstEntry = index reader
        let lastFrame = Block.atLeast 1L reader

        if count < 1 then
            reader.Fail()

        {
            FirstPosition = first
            Count = count
            FirstEntry = firstEntry
            LastFrame = lastFrame
            Latest = time reader
            Head = Block.hash reader
            TreeLeaf = Block.hash reader
        }

    let writeStream (writer: ByteWriter) (row: StreamRow) =
        writer.Text row.Stream.Value
        writer.Int64 row.Highest
        writer.Int64 row.DeletedTo
        writer.Int32 row.First
        writer.Int32 row.Count

    let readStream (reader: ByteReader) : StreamRow =
        {
            Stream = name reader
            Highest = Block.atLeast 0L reader
            DeletedTo = Block.atLeast 0L reader
            First = index reader
            Count = index reader
        }

    let private codeOf (kind: WordKind) : byte =
        match kind with
        | WordKind.Type -> 1uy
        | WordKind.Tag -> 2uy
        | WordKind.Run -> 3uy

    let writeWord (writer: ByteWriter) (row: WordRow) =
        writer.Byte(codeOf row.Kind)
        writer.Text row.Text
        writer.Int32 row.First
        writer.Int32 row.Count

    let readWord (reader: ByteReader) : WordRow =
        let kind = reader.Byte()

        if kind < 1uy || kind > 3uy then
            reader.Fail()

        {
            Kind =
                match kind with
                | 1uy -> WordKind.Type
                | 2uy -> WordKind.Tag
                | _ -> WordKind.Run
            Text = reader.Text()
            First = index reader
            Count = index reader
        }

    let writePosting (writer: ByteWriter) (entry: int) = writer.Int32 entry

    let readPosting (reader: ByteReader) : int = index reader

    let writeKey (writer: ByteWriter) (row: KeyRow) =
        writer.Text row.Key
        writeHash writer row.Content
        writer.Int32 row.Batch

    let readKey (reader: ByteReader) : KeyRow = { Key = reader.Text(); Content = Block.hash reader; Batch = index reader }

    let writeDeletion (writer: ByteWriter) (row: DeletionRow) =
        writer.Int32 row.Stream
        writer.Zeros 4
        writer.Int64 row.Version
        writer.Int64 row.Position
        writer.Int64 row.LastFrame

    let readDeletion (reader: ByteReader) : DeletionRow =
        let stream = index reader
        zeros 4 reader

        {
            Stream = stream
            Version = Block.atLeast 1L reader
            Position = Block.atLeast 0L reader
            LastFrame = Block.atLeast 1L reader
        }

    let writeBaseStream (writer: ByteWriter) (row: BaseStream) =
        writer.Text row.Stream.Value
        writer.Int64 row.Highest
        writer.Int64 row.Floor

    let readBaseStream (reader: ByteReader) : BaseStream = { Stream = name reader; Highest = reader.Int64(); Floor = reader.Int64() }

    let writeKept (writer: ByteWriter) (row: KeptRow) =
        writer.Text row.Key
        writeHash writer row.Content
        writer.Int64 row.FirstPosition
        writer.Int32 row.Count
        writeHash writer row.Head
        writer.Text row.Versions.Stream.Value
        writer.Int64 row.Versions.First
        writer.Int64 row.Versions.Last

    let readKept (reader: ByteReader) : KeptRow =
        {
            Key = reader.Text()
            Content = Block.hash reader
            FirstPosition = Block.atLeast 1L reader
            Count = index reader
            Head = Block.hash reader
            Versions = { Stream = name reader; First = reader.Int64(); Last = reader.Int64() }
        }

    let writeNode (writer: ByteWriter) (row: NodeRow) =
        writer.Int64 row.Last
        writer.Int32 row.Height
        writeHash writer row.Hash

    let readNode (reader: ByteReader) : NodeRow =
        {
            Last = Block.atLeast 0L reader
            Height = index reader
            Hash = Block.hash reader
        }

    let writeId (writer: ByteWriter) (row: IdRow) =
        writer.Guid row.Id
        writer.Int32 row.Entry

    let readId (reader: ByteReader) : IdRow = { Id = reader.Guid(); Entry = index reader }

    let private utf8 = UTF8Encoding(false, true)

    /// A row whose text comes first, with so many bytes behind it. What is no text has no row.
    let named (behind: int) (text: string) : NamedRows =
        let name =
            try
                utf8.GetBytes text
            with :? EncoderFallbackException ->
                [| 0xFFuy |]

        { Kind = -1; Behind = behind; Name = name }

    /// The row of a stream.
    let namedStream (text: string) : NamedRows = named 24 text

    /// The row of a stream of a base.
    let namedBaseStream (text: string) : NamedRows = named 16 text

    /// The row of a word.
    let namedWord (kind: WordKind) (text: string) : NamedRows = { named 8 text with Kind = int (codeOf kind) }

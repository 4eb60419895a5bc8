// Pages of 4 KiB: rows of tables, each page under its own checksum. FORMAT.md, "Pages".
// Written by Footer.Encoding.fs, read by Footer.Decoding.fs and Footer.Reader.fs; a checkpoint has the same pages.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers
open System.Buffers.Binary

/// Which pages belong together: those of one segment, of one journal.
[<Struct; NoComparison>]
type internal PageOwner =
    {
        /// `Checksum.seed` of the journal id.
        Seed: uint32
        /// The number of the segment's first frame.
        FirstFrame: int64
    }

/// A page whose checksum is right and which stands where it belongs.
[<NoEquality; NoComparison>]
type internal Page =
    {
        /// The table its rows are of.
        Table: byte
        /// How many rows it has.
        Rows: int
        /// The number of its first row in the table, from 0.
        FirstRow: int
        /// The rows, one behind the other, and zeros.
        Content: ReadOnlyMemory<byte>
    }

/// Packing rows into pages, and reading pages.
[<RequireQualifiedAccess>]
module internal Page =

    /// Bytes of a page.
    let bytes = 4096

    /// Bytes before the rows.
    let headerBytes = 24

    /// The most bytes a row can have.
    let capacity = bytes - headerBytes

    /// How many pages a table of rows of one size takes.
    let fixedRows (rowBytes: int) : int = capacity / rowBytes

    // Room for the header of a page, whose rows follow it.
    let private beginPage (writer: ByteWriter) : int =
        let start = writer.Length
        writer.Zeros headerBytes
        start

    // Fills in the header of a page that begins at an offset, and what follows its rows.
    let private close (owner: PageOwner) (writer: ByteWriter) start number table firstRow rows =
        writer.Zeros(start + bytes - writer.Length)
        let page = writer.WrittenSpan.Slice start
        page[4] <- table
        page[6] <- byte (rows &&& 0xFF)
        page[7] <- byte (rows >>> 8)
        BinaryPrimitives.WriteInt32LittleEndian(page.Slice 8, firstRow)
        BinaryPrimitives.WriteInt32LittleEndian(page.Slice 12, number)
        BinaryPrimitives.WriteInt64LittleEndian(page.Slice 16, owner.FirstFrame)
        BinaryPrimitives.WriteUInt32LittleEndian(page, Checksum.seeded owner.Seed (Span.op_Implicit (page.Slice(4, bytes - 4))))

    /// Appends so many rows of a table as pages, numbered from `number` on; no row is cut. They are asked for in order. Returns how many
    /// pages there are.
    let writeRows
        (owner: PageOwner)
        (writer: ByteWriter)
        (number: int)
        (table: byte)
        (count: int)
        (rowAt: int -> 'Row)
        (writeRow: ByteWriter -> 'Row -> unit)
        : int =
        let mutable pages = 0
        let mutable inPage = 0
        let mutable firstRow = 0
        let mutable start = writer.Length

        for item in 0 .. count - 1 do
            if inPage = 0 then
                start <- beginPage writer

            let before = writer.Length
            writeRow writer (rowAt item)

            // It does not fit any more: the page ends before it, and it begins the next one.
            if writer.Length - start > bytes && inPage > 0 then
                let row = ArrayPool<byte>.Shared.Rent(writer.Length - before)
                let rowBytes = writer.Length - before
                writer.Written.Slice(before).CopyTo(Span row)
                writer.CutTo before
                close owner writer start (number + pages) table firstRow inPage
                pages <- pages + 1
                firstRow <- firstRow + inPage
                inPage <- 0
                start <- beginPage writer
                writer.Raw(ReadOnlySpan(row, 0, rowBytes))
                ArrayPool<byte>.Shared.Return row

            inPage <- inPage + 1

        if inPage > 0 then
            close owner writer start (number + pages) table firstRow inPage
            pages <- pages + 1

        pages

    /// Appends the rows of a table as `writeRows` does.
    let writeTable owner writer number table (rows: 'Row[]) writeRow : int =
        writeRows owner writer number table rows.Length (Array.get rows) writeRow

    /// Reads the page with this number. `memory` holds its bytes, which lie at `offset` in the file. Nothing in it is believed before
    /// its checksum is right.
    let read (owner: PageOwner) (number: int) (offset: int64) (memory: ReadOnlyMemory<byte>) : Result<Page, FrameError> =
        if memory.Length < bytes then
            Error(FrameError.Torn(offset, "the file ends inside an index page"))
        else
            let span = memory.Span.Slice(0, bytes)
            let expected = Checksum.seeded owner.Seed (span.Slice 4)
            let found = BinaryPrimitives.ReadUInt32LittleEndian span

            if expected <> found then
                let what = "the checksum of an index page"
                Error(FrameError.Corrupt(offset, what, Numbers.hex expected, Numbers.hex found))
            else
                let reader = ByteReader(memory.Slice(4, bytes - 4))
                let table = reader.Byte()
                let reserved = reader.Byte()
                let rows = int (reader.Byte()) ||| (int (reader.Byte()) <<< 8)
                let firstRow = reader.Int32()
                let misplaced = Misfit.number "the number of an index page" (int64 number) (int64 (reader.Int32()))
                let foreign = Misfit.number "the segment of an index page" owner.FirstFrame (reader.Int64())

                let layout =
                    Misfit.rule
                        "the layout of an index page"
                        (reserved = 0uy && firstRow >= 0)
                        ("that of format version " + Numbers.text Block.formatVersion)
                        "another"

                match Misfit.first [ misplaced; foreign; layout ] with
                | Some misfit -> Error(Misfit.corrupt offset misfit)
                | None ->
                    Ok
                        {
                            Table = table
                            Rows = rows
                            FirstRow = firstRow
                            Content = memory.Slice(headerBytes, capacity)
                        }

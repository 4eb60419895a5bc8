// Pages of 4 KiB: rows of tables, each page under its own checksum. FORMAT.md, "Pages".
// Written by Footer.Encoding.fs, read by Footer.Decoding.fs and Footer.Reader.fs; a checkpoint has the same pages.
namespace Refold.Format

open Refold.Core
open Refold
open System
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

    let private checksumOffset = 0

    /// How many pages a table of rows of one size takes.
    let fixedRows (rowBytes: int) : int = capacity / rowBytes

    /// Appends one page to the writer.
    let private write (owner: PageOwner) (writer: ByteWriter) number table firstRow rows (content: ByteWriter) =
        let start = writer.Length
        writer.UInt32 0u
        writer.Byte table
        writer.Byte 0uy
        writer.Byte(byte (rows &&& 0xFF))
        writer.Byte(byte (rows >>> 8))
        writer.Int32 firstRow
        writer.Int32 number
        writer.Int64 owner.FirstFrame
        writer.Raw content.Written
        writer.Zeros(start + bytes - writer.Length)
        let checksum = Checksum.seeded owner.Seed (writer.Written.Slice(start + 4, bytes - 4))
        writer.PatchUInt32(start + checksumOffset, checksum)

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
        let content = ByteWriter bytes
        let row = ByteWriter 256
        let mutable pages = 0
        let mutable inPage = 0
        let mutable firstRow = 0

        let close () =
            write owner writer (number + pages) table firstRow inPage content
            content.Clear()
            pages <- pages + 1
            firstRow <- firstRow + inPage
            inPage <- 0

        for item in 0 .. count - 1 do
            row.Clear()
            writeRow row (rowAt item)

            if content.Length + row.Length > capacity then
                close ()

            content.Raw row.Written
            inPage <- inPage + 1

        if inPage > 0 then
            close ()

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

// Rows of tables that begin with a text: found by their bytes, without decoding those before them. FORMAT.md, "Footer".
// Called by Footer.Layout.fs, which knows what lies behind a text, and Footer.Table.fs.
namespace Refold.Format

open System
open System.Buffers.Binary

/// Rows that begin with a text, in whose order they are, looked at where they lie: only the one that is looked for is decoded.
[<Struct; NoComparison; NoEquality>]
type internal NamedRows =
    {
        /// The byte that stands before the text; -1 where none does.
        Kind: int
        /// Bytes behind the text.
        Behind: int
        /// The text in UTF-8.
        Name: byte[]
    }

/// Comparing and stepping over rows that begin with a text.
[<RequireQualifiedAccess>]
module internal NamedRows =

    let private lead (rows: NamedRows) : int = if rows.Kind < 0 then 0 else 1

    /// The bytes of the row at an offset; -1 where it does not end in the page.
    let size (rows: NamedRows) (content: ReadOnlySpan<byte>) (offset: int) : int =
        let text = offset + lead rows

        if text < 0 || text > content.Length - 4 then
            -1
        else
            let length = BinaryPrimitives.ReadInt32LittleEndian(content.Slice text)

            if length < 0 || length > content.Length - text - 4 - rows.Behind then
                -1
            else
                text + 4 + length + rows.Behind - offset

    /// Where the row at an offset, whose size is right, stands: below 0 before what is looked for, at 0, above 0 behind it.
    let order (rows: NamedRows) (content: ReadOnlySpan<byte>) (offset: int) : int =
        let text = offset + lead rows
        let length = BinaryPrimitives.ReadInt32LittleEndian(content.Slice text)
        let ofKind = if rows.Kind < 0 then 0 else compare (int content[offset]) rows.Kind

        if ofKind <> 0 then
            ofKind
        else
            content.Slice(text + 4, length).SequenceCompareTo(ReadOnlySpan rows.Name)

// Rows of a footer by the page: many at once where they have one size, and the page in which one has to be.
// Called by Footer.Table.fs; Footer.Tables.fs says which tables are read at once.
namespace Refold.Format

open Refold.Core
open Refold
open System
open System.Buffers.Binary

/// A place in a table whose rows begin with a text.
[<Struct; NoComparison; NoEquality>]
type internal NamedPlace =
    {
        /// The number of the page.
        Page: int
        /// Which of its rows.
        Row: int
        /// The offset of that in the page.
        Offset: int
    }

/// Reads all rows of a page; false where one is none.
type internal PageRows<'Row> = delegate of content: ReadOnlySpan<byte> * rows: Span<'Row> -> bool

/// Rows of one size. What is none is said by the reader of one row.
[<RequireQualifiedAccess>]
module internal PageRows =

    let private roles = Array.init 256 (fun code -> Role.ofByte (byte code))

    /// The rows of a page of entries; false where one is not what `FooterLayout.readEntry` takes.
    let ofEntries (content: ReadOnlySpan<byte>) (rows: Span<EntryRow>) : bool =
        let mutable fits = true
        let mutable index = 0

        while fits && index < rows.Length do
            let row = content.Slice(48 * index, 48)
            let position = BinaryPrimitives.ReadInt64LittleEndian row
            let version = BinaryPrimitives.ReadInt64LittleEndian(row.Slice 8)
            let offset = BinaryPrimitives.ReadInt64LittleEndian(row.Slice 16)
            let length = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 24)
            let stream = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 28)
            let typeWord = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 32)
            let batch = BinaryPrimitives.ReadInt32LittleEndian(row.Slice 36)
            // The role, and seven zeros.
            let last = BinaryPrimitives.ReadUInt64LittleEndian(row.Slice 40)

            match roles[int (byte last)] with
            | Some role when
                last < 256UL
                && position >= 1L
                && version >= 1L
                && offset >= int64 SegmentHeader.bytes
                && (length ||| stream ||| typeWord ||| batch) >= 0
                ->
                rows[index] <-
                    {
                        Position = position
                        Version = version
                        Offset = offset
                        Length = length
                        Stream = stream
                        Type = typeWord
                        Batch = batch
                        Role = role
                    }

                index <- index + 1
            | _ -> fits <- false

        fits

    /// The rows of a page of postings; false where one is not what `FooterLayout.readPosting` takes.
    let ofPostings (content: ReadOnlySpan<byte>) (rows: Span<int>) : bool =
        let mutable all = 0

        for index in 0 .. rows.Length - 1 do
            let entry = BinaryPrimitives.ReadInt32LittleEndian(content.Slice(4 * index))
            all <- all ||| entry
            rows[index] <- entry

        all >= 0

/// Where what is looked for stands, seen from a page.
[<Struct; RequireQualifiedAccess; NoEquality; NoComparison>]
type internal PagePlace =
    /// In this page.
    | Here
    /// In this page or behind it, as the key of its last row tells.
    | Before of last: float
    /// In a page before, as the key of its first row tells.
    | Behind of first: float

[<RequireQualifiedAccess>]
module internal PagePlace =

    /// Where the row with an index stands.
    let ofIndex (index: int) (page: Page) : PagePlace =
        let behind = page.FirstRow + page.Rows

        if index < page.FirstRow then PagePlace.Behind(float page.FirstRow)
        elif index < behind then PagePlace.Here
        else PagePlace.Before(float behind)

    /// What rows of one size that stand in the order of their bytes are measured by: their first eight bytes.
    let keyOf (bytes: ReadOnlySpan<byte>) : float = float (BinaryPrimitives.ReadUInt64BigEndian bytes)

    /// Whether a row begins below some bytes.
    let isBelow (bytes: byte[]) (rowBytes: int) (page: Page) (row: int) : bool =
        page.Content.Span.Slice(row * rowBytes, bytes.Length).SequenceCompareTo(ReadOnlySpan bytes) < 0

    /// Where the lowest row stands that does not begin below some bytes, of rows of one size in the order of their bytes.
    let ofBytes (bytes: byte[]) (rowBytes: int) (page: Page) : PagePlace =
        let key row = keyOf (page.Content.Span.Slice(row * rowBytes))

        if not (isBelow bytes rowBytes page 0) then PagePlace.Behind(key 0)
        elif isBelow bytes rowBytes page (page.Rows - 1) then PagePlace.Before(key (page.Rows - 1))
        else PagePlace.Here

    /// The index of that row, of the page that has it; behind the page where all rows of it begin below.
    let lowest (bytes: byte[]) (rowBytes: int) (page: Page) : int =
        page.FirstRow + Ascending.lowest 0 page.Rows (fun row -> not (isBelow bytes rowBytes page row))

/// Looking for a page.
[<RequireQualifiedAccess>]
module internal PageSearch =

    /// The number of the last page that passes the test; `None` where none does. The test must hold up to some page and not behind it.
    let last (first: int) (pages: int) (test: int -> Result<bool, FrameError>) : Result<int option, FrameError> =
        let mutable low = first
        let mutable high = first + pages
        let mutable result = Ok None

        while low < high && Result.isOk result do
            let middle = low + (high - low) / 2

            match test middle with
            | Error error -> result <- Error error
            | Ok true ->
                result <- Ok(Some middle)
                low <- middle + 1
            | Ok false -> high <- middle

        result

    /// As `last`, for pages that tell how far they are: few of them are read where keys are spread evenly, and about twice as many as by
    /// halving at the worst. Keys are at least 0, and `most` as far as anybody knows.
    let near (first: int) (pages: int) (sought: float) (most: float) (ask: int -> Result<PagePlace, FrameError>) =
        let mutable low = first
        let mutable high = first + pages
        let mutable lowKey = 0.0
        let mutable highKey = most
        // Keys that are only assumed are good for one guess; where guesses do not help, the middle is asked.
        let mutable guesses = true
        let mutable knowsLow = false
        let mutable knowsHigh = false
        let mutable result = Ok None

        while low < high && Result.isOk result do
            let span = high - low

            let number =
                if guesses && highKey > lowKey then
                    let share = Math.Clamp((sought - lowKey) / (highKey - lowKey), 0.0, 1.0)
                    min (high - 1) (low + int (share * float span))
                else
                    low + span / 2

            match ask number with
            | Error error -> result <- Error error
            | Ok PagePlace.Here ->
                result <- Ok(Some number)
                low <- high
            | Ok(PagePlace.Before key) ->
                result <- Ok(Some number)
                low <- number + 1
                lowKey <- key
                knowsLow <- true
            | Ok(PagePlace.Behind key) ->
                high <- number
                highKey <- key
                knowsHigh <- true

            guesses <- knowsLow && knowsHigh && (not guesses || 2 * (high - low) <= span)

        result

// Growing arrays whose items, once handed out, stay as they are: what the journal in memory is made of.
// Called by ArrayJournal.fs, and read outside its lock.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// Items of a column as they were when they were handed out: a part of its arrays, all but the last of which are full.
[<Struct; NoEquality; NoComparison>]
type internal ColumnItems<'Item>(parts: 'Item[][], shift: int, start: int, count: int) =

    /// None.
    static member None: ColumnItems<'Item> = ColumnItems(Array.Empty(), 0, 0, 0)

    /// How many there are.
    member _.Count: int = count

    /// An item.
    member _.Item
        with get (index: int): 'Item =
            let place = start + index
            parts[place >>> shift][place &&& ((1 <<< shift) - 1)]

    /// So many of them, from one on.
    member _.Slice(first: int, length: int) : ColumnItems<'Item> = ColumnItems(parts, shift, start + first, length)

    member private this.All() : IEnumerator<'Item> =
        let items = this
        (seq { for index in 0 .. items.Count - 1 -> items[index] }).GetEnumerator()

    interface Collections.IEnumerable with
        member this.GetEnumerator() = this.All() :> Collections.IEnumerator

    interface IEnumerable<'Item> with
        member this.GetEnumerator() = this.All()

    interface IReadOnlyCollection<'Item> with
        member this.Count = this.Count

    interface IReadOnlyList<'Item> with
        member this.Item
            with get index = this[index]

/// Items that are only added, in arrays that stay below the size from which on the runtime collects an array only with everything else.
/// What was handed out stays as it is.
[<Sealed>]
type internal Column<'Item>() =
    // A power of two, and at most 8 KiB: what is not used of the last one is little.
    static let shift =
        13
        - Numerics.BitOperations.Log2(Numerics.BitOperations.RoundUpToPowerOf2(uint32 (Runtime.CompilerServices.Unsafe.SizeOf<'Item>())))

    let mutable parts: 'Item[][] = Array.Empty()
    let mutable count = 0

    /// The items so far.
    member _.Items: ColumnItems<'Item> = ColumnItems(parts, shift, 0, count)

    /// How many there are.
    member _.Count: int = count

    /// An item.
    member _.Item
        with get (index: int): 'Item = parts[index >>> shift][index &&& ((1 <<< shift) - 1)]

    /// One more item.
    member _.Add(item: 'Item) : unit =
        let part, place = count >>> shift, count &&& ((1 <<< shift) - 1)

        if part = parts.Length then
            Array.Resize(&parts, max 1 (2 * parts.Length))

        let before = parts[part]
        let length = if isNull (box before) then 0 else before.Length

        // The first one begins small.
        if place = length then
            let larger =
                Array.zeroCreate<'Item>(if part > 0 then 1 <<< shift else min (1 <<< shift) (max 4 (2 * length)))

            if length > 0 then
                Array.blit before 0 larger 0 length

            parts[part] <- larger

        parts[part][place] <- item
        count <- count + 1

    /// Leaves out the first items.
    member this.Drop(first: int) : unit =
        let items = this.Items
        parts <- Array.Empty()
        count <- 0

        for index in first .. items.Count - 1 do
            this.Add items[index]

/// What is kept of a stream: versions from Floor + 1 on, without gaps.
[<Sealed>]
type internal StreamColumn(stream: StreamId, floor: int64) =
    /// The stream.
    member _.Stream: StreamId = stream
    /// The version up to which entries were deleted.
    member val Floor = floor with get, set
    /// The entries behind it.
    member val Entries = Column<Entry>()
    /// The highest version it ever had.
    member this.Highest: int64 = this.Floor + int64 this.Entries.Count

    /// Deletes entries up to a version.
    member this.DropTo(version: int64) : unit =
        this.Entries.Drop(int (version - this.Floor))
        this.Floor <- version

    /// At most so many of columns in the order of names: those that begin with a prefix, behind a stream where one is named.
    static member Page(columns: StreamColumn[], prefix: string, after: StreamId | null, maxCount: int) : ResizeArray<StreamSummary> =
        let isBehind (column: StreamColumn) =
            Text.compareUtf8 column.Stream.Value prefix >= 0
            && (match after with
                | null -> true
                | after -> Text.compareUtf8 column.Stream.Value after.Value > 0)

        let mutable place = Ascending.lowest 0 columns.Length (fun index -> isBehind columns[index])
        let found = ResizeArray<StreamSummary>()

        while found.Count < maxCount
              && place < columns.Length
              && columns[place].Stream.Value.StartsWith(prefix, StringComparison.Ordinal) do
            let column = columns[place]
            found.Add { Stream = column.Stream; Floor = column.Floor; Highest = column.Highest }
            place <- place + 1

        found

/// A query as it is asked, to be evaluated outside the lock.
[<NoEquality; NoComparison>]
type internal AskedQuery =
    {
        /// The head position then.
        AsOf: int64
        /// What the alternatives demand.
        Demands: IReadOnlyList<int64> list list list
        /// The entries then.
        Entries: ColumnItems<Entry>
    }

    /// The answer, as `Journal.query` gives it.
    member this.Answer(fromPosition: int64, maxCount: int) : ResizeArray<Entry> =
        let found = ResizeArray<Entry>()

        for position in JournalIndex.findAmong fromPosition maxCount this.Demands do
            found.Add this.Entries[Ascending.indexAt (fun (entry: Entry) -> entry.Position) position this.Entries]

        found

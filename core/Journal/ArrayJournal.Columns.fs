// Growing arrays whose items, once handed out, stay as they are: what the journal in memory is made of.
// Called by ArrayJournal.fs, and read outside its lock.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// Items that are only added. What was handed out stays as it is.
[<Sealed>]
type internal Column<'Item>() =
    let mutable items: 'Item[] = Array.Empty<'Item>()
    let mutable count = 0

    /// The items so far.
    member _.Items: ArraySegment<'Item> = ArraySegment(items, 0, count)

    /// How many there are.
    member _.Count: int = count

    /// An item.
    member _.Item
        with get (index: int): 'Item = items[index]

    /// One more item.
    member _.Add(item: 'Item) : unit =
        if count = items.Length then
            Array.Resize(&items, max 4 (2 * count))

        items[count] <- item
        count <- count + 1

    /// Leaves out the first items.
    member _.Drop(first: int) : unit =
        items <- Array.sub items first (count - first)
        count <- count - first

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

/// A query as it is asked, to be evaluated outside the lock.
[<NoEquality; NoComparison>]
type internal AskedQuery =
    {
        /// The head position then.
        AsOf: int64
        /// What the alternatives demand.
        Demands: IReadOnlyList<int64> list list list
        /// The entries then.
        Entries: ArraySegment<Entry>
    }

    /// The answer, as `Journal.query` gives it.
    member this.Answer(fromPosition: int64, maxCount: int) : ResizeArray<Entry> =
        let found = ResizeArray<Entry>()

        for position in JournalIndex.findAmong fromPosition maxCount this.Demands do
            found.Add this.Entries[Ascending.indexAt (fun (entry: Entry) -> entry.Position) position this.Entries]

        found

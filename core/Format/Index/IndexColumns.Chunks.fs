// Columns that only grow: items in chunks, so that nothing is copied and no array is large, and the entries of one name.
// Used by IndexColumns.fs. One thread adds; others may read what they know to be there.
namespace Refold.Format

open System
open System.Threading

module internal ChunkSize =

    [<Literal>]
    let Bits = 10

    [<Literal>]
    let Mask = 1023

    [<Literal>]
    let First = 16

/// Items that are added and never changed. Reading one that was there when the reader was told of it is safe beside the thread that adds.
[<Sealed>]
type internal Chunks<'Item>() =
    // Grown by copying as long as there is one chunk: most journals are small.
    let mutable chunks: 'Item[][] = [| Array.zeroCreate ChunkSize.First |]
    let mutable count = 0

    /// How many were added.
    member _.Count: int = count

    /// The one with this number, from 0.
    member _.Item
        with get (index: int): 'Item = chunks[index >>> ChunkSize.Bits][index &&& ChunkSize.Mask]

    /// Adds one behind the rest.
    member _.Add(item: 'Item) : unit =
        let chunk = count >>> ChunkSize.Bits
        let place = count &&& ChunkSize.Mask

        if chunk = 0 then
            if place = chunks[0].Length then
                let larger = Array.zeroCreate (2 * place)
                Array.blit chunks[0] 0 larger 0 place
                chunks[0] <- larger
        elif place = 0 then
            if chunk = chunks.Length then
                let more = Array.zeroCreate (2 * chunk)
                Array.blit chunks 0 more 0 chunk
                chunks <- more

            chunks[chunk] <- Array.zeroCreate (ChunkSize.Mask + 1)

        chunks[chunk][place] <- item
        count <- count + 1

/// The entries of one name, by number, ascending. Read as `Chunks` are.
[<Sealed>]
type internal Postings() =
    // The first chunk grows by copying; those behind it have one size. A reader that has an older array finds there what it was told of.
    let mutable chunks: int[][] = [| Array.Empty<int>() |]
    let mutable count = 0

    let at (chunks: int[][]) (place: int) = chunks[place >>> ChunkSize.Bits][place &&& ChunkSize.Mask]

    let add (entry: int) =
        let chunk = count >>> ChunkSize.Bits
        let place = count &&& ChunkSize.Mask

        if chunk = 0 then
            if place = chunks[0].Length then
                let larger = Array.zeroCreate (max 4 (2 * place))
                Array.blit chunks[0] 0 larger 0 place
                Volatile.Write(&chunks[0], larger)
        elif place = 0 then
            if chunk = chunks.Length then
                let more = Array.zeroCreate (2 * chunk)
                Array.blit chunks 0 more 0 chunk
                Volatile.Write(&chunks, more)

            Volatile.Write(&chunks[chunk], Array.zeroCreate (ChunkSize.Mask + 1))

        chunks[chunk][place] <- entry
        Volatile.Write(&count, count + 1)

    /// How many there are.
    member _.Count: int = Volatile.Read &count

    /// One of them, from 0.
    member _.Item
        with get (place: int): int = at (Volatile.Read &chunks) place

    /// Adds an entry behind the rest.
    member _.Add(entry: int) : unit = add entry

    /// Adds entries behind the rest.
    member _.AddRange(entries: ReadOnlySpan<int>) : unit =
        for entry in entries do
            add entry

    /// How many have a number below this one.
    member _.CountBelow(entry: int) : int =
        // First the count: chunks that are newer have all of them.
        let count = Volatile.Read &count
        let chunks = Volatile.Read &chunks

        if count = 0 || at chunks (count - 1) < entry then
            count
        else
            let mutable low = 0
            let mutable high = count

            while low < high do
                let middle = low + (high - low) / 2

                if at chunks middle < entry then low <- middle + 1 else high <- middle

            low

    /// The first one at or behind a number; -1 for none.
    member this.NextFrom(entry: int) : int =
        let place = this.CountBelow entry
        if place < this.Count then this[place] else -1

    /// Copies the first ones.
    member _.CopyTo(destination: Span<int>) : unit =
        let chunks = Volatile.Read &chunks
        let mutable copied = 0

        while copied < destination.Length do
            let some = min (destination.Length - copied) (ChunkSize.Mask + 1)
            ReadOnlySpan(chunks[copied >>> ChunkSize.Bits], 0, some).CopyTo(destination.Slice copied)
            copied <- copied + some

// The index of queries of the journal in memory, made when something is asked.
// Called by ArrayJournal.fs.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// Positions by tag and type.
[<Sealed>]
type internal ArrayQueries() =
    // Of the first so many entries.
    let mutable indexed = 0
    let mutable all = Column<int64>()
    let tagged = Dictionary<string, Column<int64>> StringComparer.Ordinal
    let typed = Dictionary<string, Column<int64>> StringComparer.Ordinal

    let add (found: Dictionary<string, Column<int64>>) (word: string) (position: int64) =
        match found.TryGetValue word with
        | true, positions -> positions.Add position
        | false, _ ->
            let positions = Column<int64>()
            positions.Add position
            found.Add(word, positions)

    let lookIn (found: Dictionary<string, Column<int64>>) (word: string) : IReadOnlyList<int64> =
        match found.TryGetValue word with
        | true, positions -> positions.Items
        | false, _ -> Array.Empty<int64>()

    /// Begins anew: other entries are asked from now on.
    member _.Clear() : unit =
        indexed <- 0
        all <- Column<int64>()
        tagged.Clear()
        typed.Clear()

    /// A query over entries, of which those that were asked before are the beginning, as of a position.
    member _.Ask(query: Query, entries: ColumnItems<Entry>, asOf: int64) : AskedQuery =
        while indexed < entries.Count do
            let entry = entries[indexed]
            all.Add entry.Position
            add typed entry.Data.Type entry.Position

            for tag in Tags.toOutward entry.Data.Role entry.Data.Tags do
                add tagged tag entry.Position

            indexed <- indexed + 1

        let lookup: PositionLookup = { Every = all.Items; OfTag = lookIn tagged; OfType = lookIn typed }

        { AsOf = asOf; Demands = JournalIndex.demands query lookup; Entries = entries }

// The ids of the entries of a segment that grows: those that were given, what brought entries about, and the runs that others follow from.
// Used by IndexColumns.fs, where the journal has rows of ids.
namespace Refold.Format

open Refold.Core
open Refold
open System

/// Ids of entries. Most follow from streams and versions: they are made when rows are made, quickly together. One thread adds; rows of what
/// was there at a cut are made by any thread meanwhile.
[<Sealed>]
type internal ColumnIds(names: ColumnNames) =
    let given = Chunks<IdRow>()
    let causes = Chunks<IdRow>()
    // Up to the last entry that has one, the number of its run among the words; -1 for none.
    let runs = Chunks<int>()
    let mutable restored: Guid[] = Array.Empty<Guid>()

    /// How many were given.
    member _.Given: int = given.Count

    /// How many entries name what brought them about.
    member _.Causes: int = causes.Count

    /// Entries up to the last one that has a run.
    member _.Runs: int = runs.Count

    /// The id of what brought an entry about, in order.
    member _.CauseAt(number: int) : IdRow = causes[number]

    /// Adds what an entry has of them.
    member _.Add(index: int, data: EntryData) : unit =
        match data.Id with
        | Some id -> given.Add { Id = id; Entry = index }
        | None -> ()

        match data.CausationId with
        | Some cause -> causes.Add { Id = cause; Entry = index }
        | None -> ()

        match data.Run with
        | Some id ->
            let word = names.Word(WordKind.Run, id.Value)
            word.Entries.Add index

            while runs.Count < index do
                runs.Add -1

            runs.Add word.Number
        | None -> ()

    /// Takes the ids of the first entries, and the ids of what brought them about, as rows had them; nothing was added.
    member _.Restore(ids: IdRow[], ofCauses: IdRow[], count: int) : unit =
        restored <- Array.zeroCreate<Guid> count

        for row in ids do
            restored[row.Entry] <- row.Id

        Array.iter causes.Add ofCauses

    /// Fills in the ids of the first entries, of which so many were given and so many may have a run. `identity` tells the stream and the
    /// version of an entry.
    member _.Upto(count: int, ofGiven: int, ofRuns: int, identity: int -> struct (StreamId * int64), rows: IdRow[]) : unit =
        let lanes = HashLanes.OfThread
        let mutable taken = 0

        let take () =
            for place in 0 .. lanes.Hash() - 1 do
                let index = lanes.Number place
                rows[index] <- { Id = Hash.toGuid (lanes.HashOf place); Entry = index }

        for index in 0 .. count - 1 do
            if index < restored.Length then
                rows[index] <- { Id = restored[index]; Entry = index }
            elif taken < ofGiven && given[taken].Entry = index then
                rows[index] <- given[taken]
                taken <- taken + 1
            else
                let word = if index < ofRuns then runs[index] else -1
                let run = if word < 0 then None else Some(RunId.Create(names.WordAt(word).Text))
                let struct (stream, version) = identity index
                Entry.addIdentity lanes index run stream version

                if lanes.IsFull then
                    take ()

        take ()

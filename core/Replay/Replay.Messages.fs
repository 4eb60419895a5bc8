// The messages of a run under verification: which belongs to which command, and which no command sent.
// Filled from what was recorded in outboxes; asked by Replay.Verify.fs, which leads the commands of a run.
namespace Refold.Core

open System
open System.Collections.Generic

/// Entries under a run's name outside its streams.
[<RequireQualifiedAccess>]
module internal RunScan =

    /// None, as they were not looked for: one instance, known by reference, as none where they were is another thing.
    let notLookedFor: Entry seq = Seq.delay (fun () -> Seq.empty)

/// What outboxes hold of a run. `entries`: everything in streams of outboxes that may be the run's, in position order, and an entry of each
/// outbox of which the beginning was deleted.
[<Sealed>]
type internal MessageLedger(run: RunId, entries: Entry seq, deletedTo: StreamId -> int64, readStream: StreamId -> Entry seq) =
    let byBatch = Dictionary<int64, ResizeArray<Entry>>()
    let byCause = Dictionary<Guid, ResizeArray<Entry>>()
    let taken = HashSet<int64>()
    let firstKept = Dictionary<StreamId, int64>()

    let add (found: Dictionary<'Key, ResizeArray<Entry>>) key entry =
        match found.TryGetValue key with
        | true, others -> others.Add entry
        | false, _ -> found[key] <- ResizeArray [ entry ]

    // Those behind a position and before another; each list is in position order. One batch can have the messages of many commands.
    let between (found: Dictionary<'Key, ResizeArray<Entry>>) key (low: int64) (high: int64) : Entry seq =
        match found.TryGetValue key with
        | false, _ -> Seq.empty
        | true, entries ->
            let rec firstBehind from until =
                if from >= until then
                    from
                else
                    let middle = (from + until) / 2

                    if entries[middle].Position > low then firstBehind from middle else firstBehind (middle + 1) until

            seq { firstBehind 0 entries.Count .. entries.Count - 1 }
            |> Seq.map (fun index -> entries[index])
            |> Seq.takeWhile (fun entry -> entry.Position < high)

    let isOfOutbox (entry: Entry) = Outbox.isOne entry.Data.Stream
    let own = entries |> Seq.filter isOfOutbox |> Seq.sortBy _.Position |> List.ofSeq
    let outboxes = own |> List.map _.Data.Stream |> List.distinct
    let isLookedFor = not (obj.ReferenceEquals(entries, RunScan.notLookedFor))

    do
        for entry in own do
            add byBatch entry.Batch entry
            entry.Data.CausationId |> Option.iter (fun cause -> add byCause cause entry)

    // The position of the first entry that is left of a stream of which the beginning was deleted; the highest there is, where none is.
    let firstOf (stream: StreamId) =
        match firstKept.TryGetValue stream with
        | true, position -> position
        | false, _ ->
            let position =
                if deletedTo stream = 0L then
                    0L
                else
                    readStream stream |> Seq.tryHead |> Option.map _.Position |> Option.defaultValue Int64.MaxValue

            firstKept[stream] <- position
            position

    /// Whether messages were looked for; where not, none of a step's is known.
    member _.IsLookedFor: bool = isLookedFor

    /// The messages of a command's step, before the next command's position, in position order. What was taken is no stray any more.
    member _.Take(command: Entry, until: int64) : Entry list =
        if own.IsEmpty then
            []
        else
            Seq.append (between byBatch command.Batch command.Position until) (between byCause (Entry.id command) command.Position until)
            |> Seq.filter (fun entry -> RunEntry.belongsTo run command entry && taken.Add entry.Position)
            |> Seq.sortBy _.Position
            |> List.ofSeq

    /// What is known besides of the messages of a command, before the next command's position. One may have been deleted that lay before
    /// the first entry that is left of its outbox; by its place in its batch, where that entry lies before the next command.
    member _.KnownOf(command: Entry, until: int64) : KnownMessages =
        let mayBeDeleted stream index =
            let first = firstOf stream

            if first < until then command.Position + int64 (index: int) < first else command.Position < first

        {
            AreLookedFor = isLookedFor
            MayBeDeleted = mayBeDeleted
            MayLack = not outboxes.IsEmpty && outboxes |> List.exists (fun outbox -> command.Position < firstOf outbox)
        }

    /// The divergence of the first message before a position that no command sent.
    member _.StrayBefore(position: int64) : Divergence option =
        own
        |> List.tryFind (fun entry ->
            entry.Data.Run = Some run
            && entry.Data.Role <> Role.Fact
            && entry.Position < position
            && not (taken.Contains entry.Position))
        |> Option.map RunEntry.stray

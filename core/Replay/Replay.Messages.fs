// The messages of a run under verification: which belongs to which command, and which no command sent.
// Filled from what was recorded in outboxes; asked by Replay.Verify.fs, which leads the commands of a run.
namespace Refold.Core

open System
open System.Collections.Generic

/// What outboxes hold of a run. `entries`: everything in streams of outboxes that may be the run's, in position order.
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

    let listed (found: Dictionary<'Key, ResizeArray<Entry>>) key : Entry seq =
        match found.TryGetValue key with
        | true, others -> Seq.ofList (List.ofSeq others)
        | false, _ -> Seq.empty

    let isOfOutbox (entry: Entry) = Outbox.isOne entry.Data.Stream
    let own = entries |> Seq.filter isOfOutbox |> Seq.sortBy _.Position |> List.ofSeq

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

    /// The messages of a command's step, before the next command's position, in position order. What was taken is no stray any more.
    member _.Take(command: Entry, until: int64) : Entry list =
        Seq.append (listed byBatch command.Batch) (listed byCause (Entry.id command))
        |> Seq.filter (fun entry -> entry.Position > command.Position && entry.Position < until && RunEntry.belongsTo run command entry && taken.Add entry.Position)
        |> Seq.sortBy _.Position
        |> List.ofSeq

    /// Whether a message that a command sent through an outbox may have been deleted since: it lay before the first entry that is left.
    /// `index`: its place in its batch behind the command. `until`: the position of the run's next command.
    member _.MayBeDeleted(command: Entry, until: int64, stream: StreamId, index: int) : bool =
        let first = firstOf stream
        if first < until then command.Position + int64 index < first else command.Position < first

    /// The divergence of the first message before a position that no command sent.
    member _.StrayBefore(position: int64) : Divergence option =
        own
        |> List.tryFind (fun entry ->
            entry.Data.Run = Some run
            && entry.Data.Role <> Role.Fact
            && entry.Position < position
            && not (taken.Contains entry.Position))
        |> Option.map RunEntry.stray

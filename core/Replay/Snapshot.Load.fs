// Taking snapshots, and the rule which of them may be used: at any doubt the state is folded from every entry.
// Called by whoever rehydrates an aggregate, and by Replay.Verify.fs where a start is given.
namespace Refold.Core

open System

/// What rehydrating must know of a stream.
[<NoEquality; NoComparison>]
type internal StreamHistory =
    {
        /// The stream.
        Stream: StreamId
        /// Its highest version; 0 for none.
        Highest: int64
        /// The highest version that was deleted; 0 for none.
        Floor: int64
        /// The head of the journal after the batch that holds a position; `None` beyond the journal's end.
        HeadAt: int64 -> Head option
        /// The stream's entries from a version on, in version order.
        ReadFrom: int64 -> Entry seq
    }

/// A state brought up to the end of its stream.
[<NoEquality; NoComparison>]
type internal Rehydrated<'State> =
    {
        /// The fold of the entries after the snapshot; its `State` and `Version` are the result, its
        /// `Divergence` tells where it had to end.
        Fold: FoldReport<'State>
        /// The version of the snapshot that was used; 0 for none.
        FromVersion: int64
        /// Why other snapshots were not used, newest first.
        Findings: SnapshotFinding list
    }

/// Taking, judging and using snapshots.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Snapshot =

    /// Whether a snapshot is due: at least `interval` new versions since the last one (0 for none). An interval of 0 disables;
    /// a last snapshot beyond the current version gives false.
    let shouldTake (version: int64) (lastSnapshotAt: int64) (interval: int64) : bool =
        interval > 0L && version > 0L && lastSnapshotAt <= version && version - lastSnapshotAt >= interval

    /// A snapshot with its checksum. `head` is the journal's after the step that made `version`; its position is that step's last.
    let make (stream: StreamId) (version: int64) (head: Head) (run: (RunId * RunPin * RngState) option) (state: Encoded) : Snapshot =
        let unsealed =
            {
                Stream = stream
                Version = version
                Position = head.Position
                HeadHash = head.Hash
                StateType = state.Type
                SchemaVersion = state.SchemaVersion
                State = state.Payload
                Run = run |> Option.map (fun (run, _, _) -> run)
                Pin = run |> Option.map (fun (_, pin, _) -> pin)
                Root = run |> Option.map (fun (_, _, root) -> root)
                Checksum = Hash.Zero
            }

        { unsealed with Checksum = SnapshotForm.checksum unsealed }

    /// The byte form, checksum last.
    let toBytes (snapshot: Snapshot) : Bytes = SnapshotForm.write snapshot

    /// Reads the byte form strictly: every byte is accounted for and the checksum holds.
    let ofBytes (memory: ReadOnlyMemory<byte>) : Result<Snapshot, ValueError> = SnapshotForm.read memory

    // The state, if the codec reads it and writes it as it stands (an older schema version is written anew).
    let private decode (codec: Codec<'State>) (snapshot: Snapshot) : Result<'State, SnapshotFinding> =
        let encoded =
            {
                Type = snapshot.StateType
                SchemaVersion = snapshot.SchemaVersion
                Payload = snapshot.State
            }

        let undecodable reason = Error(SnapshotFinding.Undecodable(snapshot.Version, reason))

        try
            match codec.Decode encoded with
            | Error error -> undecodable (error.ToString())
            | Ok state ->
                match codec.Encode state with
                | Ok again when again.SchemaVersion > snapshot.SchemaVersion -> Ok state
                | Ok again when again = encoded -> Ok state
                | Ok _
                | Error _ -> Error(SnapshotFinding.NotFaithful snapshot.Version)
        with error ->
            undecodable (Divergence.thrown "the state codec" error)

    let private belongs (history: StreamHistory) (snapshot: Snapshot) =
        match history.HeadAt snapshot.Position with
        | Some head -> head.Hash.Equals snapshot.HeadHash
        | None -> false

    /// The state of a snapshot that may be used for this stream of this journal, or why it may not.
    let internal judge
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (history: StreamHistory)
        (snapshot: Snapshot)
        : Result<'State, SnapshotFinding> =
        if not (snapshot.Stream.Equals history.Stream) then
            Error(SnapshotFinding.OtherStream(snapshot.Stream, history.Stream))
        elif not (snapshot.Checksum.Equals(SnapshotForm.checksum snapshot)) then
            Error(SnapshotFinding.ChecksumBroken snapshot.Version)
        elif snapshot.Version > history.Highest then
            Error(SnapshotFinding.Ahead(snapshot.Version, history.Highest))
        elif snapshot.Version < history.Floor then
            Error(SnapshotFinding.BelowFloor(snapshot.Version, history.Floor))
        elif not (belongs history snapshot) then
            Error(SnapshotFinding.Foreign(snapshot.Version, snapshot.Position))
        else
            match aggregate.State with
            | None -> Error(SnapshotFinding.NoStateCodec snapshot.Version)
            | Some codec -> decode codec snapshot

    // Its last entry, where it is still there, lies up to its position, and the one after it behind that.
    let private placed (history: StreamHistory) (snapshot: Snapshot) =
        let isMisplaced (entry: Entry) = (entry.Version <= snapshot.Version) <> (entry.Position <= snapshot.Position)

        let around = history.ReadFrom(max snapshot.Version (history.Floor + 1L)) |> Seq.truncate 2

        if Seq.exists isMisplaced around then
            Error(SnapshotFinding.Misplaced(snapshot.Version, snapshot.Position))
        else
            Ok()

    let rec private firstUsable aggregate history findings (snapshots: Snapshot list) =
        match snapshots with
        | [] -> None, List.rev findings
        | snapshot :: older ->
            let judged =
                judge aggregate history snapshot
                |> Result.bind (fun state -> placed history snapshot |> Result.map (fun () -> state))

            match judged with
            | Ok state -> Some(snapshot, state), List.rev findings
            | Error finding -> firstUsable aggregate history (finding :: findings) older

    /// The newest snapshot that may be used, with its state; and why newer ones are not.
    let internal newest
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (history: StreamHistory)
        (snapshots: Snapshot seq)
        : (Snapshot * 'State) option * SnapshotFinding list =
        snapshots |> Seq.sortByDescending _.Version |> List.ofSeq |> firstUsable aggregate history []

    /// The state at the end of a stream: from the newest snapshot that may be used and the entries after it, or from every entry.
    /// `HistoryDropped` where entries were deleted and no snapshot may be used.
    let internal load
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (history: StreamHistory)
        (snapshots: Snapshot seq)
        : Result<Rehydrated<'State>, HistoryError> =
        let rehydrated (start: FoldStart<'State>) findings =
            Ok
                {
                    Fold = Folding.entries aggregate start (history.ReadFrom(start.Version + 1L))
                    FromVersion = start.Version
                    Findings = findings
                }

        match newest aggregate history snapshots with
        | Some(snapshot, state), findings -> rehydrated { State = state; Version = snapshot.Version } findings
        | None, findings when history.Floor > 0L ->
            Error(HistoryError.HistoryDropped(history.Stream.Value, history.Floor, findings |> List.map string))
        | None, findings -> rehydrated { State = aggregate.Decider.Initial; Version = 0L } findings

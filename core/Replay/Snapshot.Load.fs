// Taking snapshots, and the one rule which of them may be used: any doubt costs time, never the state.
// Asked step by step by the facade, whose stores wait; followed at once by Replay.Input.fs and tests.
namespace Refold.Core

open System

/// What rehydrating a stream asks for next, and how it goes on from the answer. It reads nothing itself, so that who answers may wait.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal Rehydration<'State, 'Report> =
    /// The newest snapshot of the stream up to a version, or why the store failed.
    | Newest of toVersion: int64 * next: (Result<Snapshot option, string> -> Rehydration<'State, 'Report>)
    /// The stream's highest version; 0 for none.
    | Highest of next: (int64 -> Rehydration<'State, 'Report>)
    /// The head of the journal after the batch that holds a position; `None` beyond the journal's end.
    | HeadAt of position: int64 * next: (Head option -> Rehydration<'State, 'Report>)
    /// The stream's first two entries from a version on, in version order; fewer where it ends before.
    | Around of fromVersion: int64 * next: (Entry seq -> Rehydration<'State, 'Report>)
    /// The fold of the stream's entries after a state.
    | Fold of start: FoldStart<'State> * next: ('Report -> Rehydration<'State, 'Report>)
    /// Nothing: why a snapshot is not used.
    | Doubt of finding: SnapshotFinding * next: Rehydration<'State, 'Report>
    /// Nothing: the fold that counts, and the snapshot that it began with; `None` for the beginning.
    | Found of report: 'Report * from: Snapshot option
    /// Nothing: entries were deleted, and no snapshot may be used.
    | HistoryDropped

/// A stream that is in reach, so that rehydrating it need not wait.
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
type internal Rehydrated<'Report> =
    {
        /// The fold of the entries after the snapshot; its `State` and `Version` are the result, its
        /// `Divergence` tells where it had to end.
        Fold: 'Report
        /// The snapshot that was used; `None` for the beginning.
        From: Snapshot option
        /// Why other snapshots were not used, newest first.
        Findings: SnapshotFinding list
    }

    /// The version of the snapshot that was used; 0 for none.
    member this.FromVersion: int64 = this.From |> Option.map _.Version |> Option.defaultValue 0L

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
            undecodable (Thrown.text "the state codec" error)

    /// Judges a snapshot by the stream as the journal has it.
    let private judge
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (stream: StreamId)
        (floor: int64)
        (snapshot: Snapshot)
        (doubted: SnapshotFinding -> Rehydration<'State, 'Report>)
        (usable: 'State -> Rehydration<'State, 'Report>)
        : Rehydration<'State, 'Report> =
        let version = snapshot.Version

        // Its last entry, where it is still there, lies up to its position, and the one after it behind that.
        let isMisplaced (entry: Entry) = (entry.Version <= version) <> (entry.Position <= snapshot.Position)

        let placed state (around: Entry seq) =
            if Seq.exists isMisplaced around then
                doubted (SnapshotFinding.Misplaced(version, snapshot.Position))
            else
                usable state

        let belongs (head: Head option) =
            match head, aggregate.State with
            | Some head, Some codec when head.Hash.Equals snapshot.HeadHash ->
                match decode codec snapshot with
                | Ok state -> Rehydration.Around(max version (floor + 1L), placed state)
                | Error finding -> doubted finding
            | Some head, None when head.Hash.Equals snapshot.HeadHash -> doubted (SnapshotFinding.NoStateCodec version)
            | _ -> doubted (SnapshotFinding.Foreign(version, snapshot.Position))

        let inRange (highest: int64) =
            if version > highest then doubted (SnapshotFinding.Ahead(version, highest))
            elif version < floor then doubted (SnapshotFinding.BelowFloor(version, floor))
            else Rehydration.HeadAt(snapshot.Position, belongs)

        if not (snapshot.Stream.Equals stream) then
            doubted (SnapshotFinding.OtherStream(snapshot.Stream, stream))
        elif not (snapshot.Checksum.Equals(SnapshotForm.checksum snapshot)) then
            doubted (SnapshotFinding.ChecksumBroken version)
        else
            Rehydration.Highest inRange

    // The doubt about a snapshot of another program: what its pin differs in, or that it has none. The seed decides nothing in a state that
    // is there. Whoever asks outside a run says nothing of itself.
    let private otherPin (pin: RunPin option) (snapshot: Snapshot) : SnapshotFinding option =
        match pin, snapshot.Pin with
        | Some pin, Some taken ->
            match pin.DiffersIn taken |> Seq.filter (fun field -> field <> "seed") |> List.ofSeq with
            | [] -> None
            | fields -> Some(SnapshotFinding.OtherPin(snapshot.Version, fields))
        | Some _, None -> Some(SnapshotFinding.OtherPin(snapshot.Version, []))
        | None, _ -> None

    /// Brings a stream's state up to a version and a position: from the newest snapshot that may be used and that the entries after it can
    /// be applied to, or from every entry. `divergenceOf`: what a fold found wrong; `floor`: the stream's highest version that was deleted;
    /// `pin`: what the asking program runs under, absent outside runs;
    /// `areGiven`: the snapshots come from a list, each once, and not from a store, which is asked for what lies below the last answer and
    /// not asked again once it answered what it was not asked for.
    let internal rehydrate
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (divergenceOf: 'Report -> Divergence option)
        (stream: StreamId)
        (floor: int64)
        (toVersion: int64)
        (toPosition: int64)
        (pin: RunPin option)
        (areGiven: bool)
        : Rehydration<'State, 'Report> =
        let withoutMore (doubtful: ('Report * Snapshot) option) =
            match doubtful with
            | _ when floor = 0L ->
                let beginning = { FoldStart.State = aggregate.Decider.Initial; Version = 0L }
                Rehydration.Fold(beginning, (fun report -> Rehydration.Found(report, None)))
            | Some(report, snapshot) -> Rehydration.Found(report, Some snapshot)
            | None -> Rehydration.HistoryDropped

        let below (snapshot: Snapshot) = if areGiven then snapshot.Version else snapshot.Version - 1L

        let rec upTo (highest: int64) (doubtful: ('Report * Snapshot) option) =
            let next (answer: Result<Snapshot option, string>) =
                match answer with
                | Error reason -> Rehydration.Doubt(SnapshotFinding.StoreFailed(stream, reason), withoutMore doubtful)
                | Ok None -> withoutMore doubtful
                | Ok(Some snapshot) when not areGiven && not (snapshot.Stream.Equals stream) ->
                    Rehydration.Doubt(SnapshotFinding.OtherStream(snapshot.Stream, stream), withoutMore doubtful)
                | Ok(Some snapshot) when snapshot.Version > highest || (snapshot.Version < 1L && not areGiven) ->
                    Rehydration.Doubt(SnapshotFinding.NotAsked(snapshot.Version, highest), withoutMore doubtful)
                // Not doubtful, but of a later time than is asked for.
                | Ok(Some snapshot) when snapshot.Position > toPosition -> upTo (below snapshot) doubtful
                | Ok(Some snapshot) ->
                    let older finding doubtful = Rehydration.Doubt(finding, upTo (below snapshot) doubtful)

                    let folded report =
                        if Folding.isWhole (divergenceOf report) then
                            Rehydration.Found(report, Some snapshot)
                        else
                            doubtful |> Option.orElse (Some(report, snapshot)) |> older (SnapshotFinding.NotFoldable snapshot.Version)

                    judge aggregate stream floor snapshot (fun finding -> older finding doubtful) (fun state ->
                        let fold next = Rehydration.Fold({ State = state; Version = snapshot.Version }, next)

                        match otherPin pin snapshot with
                        | None -> fold folded
                        | Some finding when floor = 0L -> older finding doubtful
                        // Better than nothing, where nothing else is left.
                        | Some finding -> fold (fun report -> doubtful |> Option.orElse (Some(report, snapshot)) |> older finding))

            if highest < 1L && not areGiven then withoutMore doubtful else Rehydration.Newest(highest, next)

        upTo toVersion None

    /// Rehydrates a stream that is in reach, with these snapshots, and with a fold from a state on.
    let internal follow
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (fold: FoldStart<'State> -> 'Report)
        (divergenceOf: 'Report -> Divergence option)
        (history: StreamHistory)
        (pin: RunPin option)
        (snapshots: Snapshot seq)
        : Result<Rehydrated<'Report>, HistoryError> =
        // Each is judged once, the newest first, also where several have one version.
        let rec go findings left step =
            match step with
            | Rehydration.Newest(_, next) -> go findings (List.skip (min 1 left.Length) left) (next (Ok(List.tryHead left)))
            | Rehydration.Highest next -> go findings left (next history.Highest)
            | Rehydration.HeadAt(position, next) -> go findings left (next (history.HeadAt position))
            | Rehydration.Around(version, next) -> go findings left (next (history.ReadFrom version |> Seq.truncate 2))
            | Rehydration.Fold(start, next) -> go findings left (next (fold start))
            | Rehydration.Doubt(finding, next) -> go (finding :: findings) left next
            | Rehydration.Found(report, from) -> Ok { Fold = report; From = from; Findings = List.rev findings }
            | Rehydration.HistoryDropped ->
                Error(HistoryError.HistoryDropped(history.Stream.Value, history.Floor, List.rev findings |> List.map string))

        let newestFirst = snapshots |> Seq.sortByDescending _.Version |> List.ofSeq
        go [] newestFirst (rehydrate aggregate divergenceOf history.Stream history.Floor Int64.MaxValue Int64.MaxValue pin true)

    /// The state at the end of a stream: from the newest snapshot that may be used and the entries after it, or from every entry.
    /// `HistoryDropped` where entries were deleted and no snapshot may be used.
    let internal load
        (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>)
        (history: StreamHistory)
        (snapshots: Snapshot seq)
        : Result<Rehydrated<FoldReport<'State>>, HistoryError> =
        let fold (start: FoldStart<'State>) = StreamFold<_, _, _, _>.Over(aggregate, start, history.ReadFrom(start.Version + 1L))
        follow aggregate fold _.Divergence history None snapshots

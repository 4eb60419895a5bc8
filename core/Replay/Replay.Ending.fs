// Judging the entries that start and end a run: each is made again and compared, and what it cannot vouch for is named.
// Called by Replay.Verify.fs.
namespace Refold.Core

open System

/// Start and end of a run under verification.
[<RequireQualifiedAccess>]
module internal ReplayEnding =

    /// The difference between the start and the one that `Run.start` makes of its pin, root and time.
    let judgeStart (started: Entry) (context: RunContext) : Divergence option =
        let made = Run.start context started.Data.Time
        StepComparison.whole started made.Entries[0]

    let private tryRead (ended: Entry option) : RunEnding option =
        match ended |> Option.map (RunForm.readEnd Run.endedType) with
        | Some(Ok ending) -> Some ending
        | _ -> None

    /// Whether the run's end says what its inputs were.
    let vouchesForInputs (ended: Entry option) : bool = tryRead ended |> Option.exists _.Vouched.IsSome

    /// What is not known of a run besides its steps. Where they were not followed to the end, nothing is known of that either.
    let findings (source: VerifyInput) (started: Entry) (context: RunContext) (lastPosition: int64) (isWalked: bool) (ended: Entry option) =
        [
            if context.Root <> RngState.FromSeed context.Pin.Seed then
                EntryFinding.rootNotOfSeed started.Position

            match ended, vouchesForInputs ended with
            | None, _ when not isWalked -> ()
            | None, _ -> EntryFinding.notEnded lastPosition
            | Some entry, false -> EntryFinding.endWithoutInputs entry.Position
            | Some _, true -> ()

            if isWalked && not (vouchesForInputs ended) then
                let members = if source.CurrentPin.IsNone then "pin and time" else "time"
                ReplayFinding.NotCompared(members, 1L, [ started.Position, started.Position ])
        ]

    /// The state hash over the run's streams; `None` where one has none, or there is none.
    let stateHashOf (replayed: ReplayedStream list) : Hash option =
        let hashes =
            replayed
            |> List.choose (fun stream -> stream.StateHash |> Option.map (fun hash -> stream.Stream, stream.Version, hash))

        if hashes.Length = replayed.Length && not hashes.IsEmpty then Some(StateHash.ofRun hashes) else None

    // A state hash is compared where there are two.
    let private stateHash (entry: Entry) (recorded: Hash option) (actual: Hash option) =
        match recorded, actual with
        | Some _, None -> recorded, [ EntryFinding.stateHashNotCompared entry.Position ]
        | None, Some _ -> None, [ EntryFinding.endWithoutStateHash entry.Position ]
        | _ -> actual, []

    let private causeOf (divergence: Divergence) =
        let ofHash cause =
            { divergence with
                Cause = cause
                Expected = divergence.Expected.Trim '"'
                Actual = divergence.Actual.Trim '"'
            }

        match divergence.Path with
        | "/data/stateHash" -> ofHash DivergenceCause.State
        | "/data/inputs"
        | "/data/started" -> ofHash DivergenceCause.Input
        | _ -> divergence

    /// The difference between the end and the one that `Run.finish` makes of what was replayed. `inputs`: the hash over the inputs;
    /// `deleted`: the beginnings of streams that were deleted, perhaps with inputs, which are not compared then.
    let judgeEnd
        (started: Entry)
        (context: RunContext)
        (entry: Entry)
        (actual: Hash option)
        (streams: int)
        (inputs: Hash)
        (deleted: string list)
        : struct (Divergence option * ReplayFinding list) =
        match RunForm.readEnd Run.endedType entry with
        | Error error ->
            let shown = PayloadDifference.show entry.Data.Payload
            struct (Some(Divergence.at entry "/data" DivergenceCause.Undecodable shown (error.ToString())), [])
        | Ok recorded ->
            // Over no stream a state hash is one as well.
            let isOverNone = streams = 0 && recorded.StateHash.IsSome
            let actual = if isOverNone then Some(StateHash.ofRun []) else actual
            let hash, findings = stateHash entry recorded.StateHash actual

            let vouched =
                recorded.Vouched
                |> Option.map (fun vouched ->
                    {
                        Inputs = (if deleted.IsEmpty then inputs else vouched.Inputs)
                        Started = RunInputs.OfEntry started.Data
                        Time = entry.Data.Time
                    })

            let made =
                Run.ended context (entry.Version - 1L) { StateHash = hash; Streams = streams; Vouched = vouched } entry.Data.Time

            let unknown =
                if vouched.IsSome && not deleted.IsEmpty then
                    [ EntryFinding.inputsNotCompared deleted entry.Position ]
                else
                    []

            struct (StepComparison.whole entry made.Entries[0] |> Option.map causeOf, findings @ unknown)

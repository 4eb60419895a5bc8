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

    let private hashOf (inputs: Entry list) (facts: Entry list) =
        use hash = new RunInputs()

        for entry in inputs do
            hash.Add entry.Data

        for entry in facts do
            hash.Add entry.Data

        hash.Finish()

    /// The position of the last command or effect.
    let private lastInput (inputs: Entry seq) : int64 = inputs |> Seq.fold (fun last input -> max last input.Position) 0L

    // The hash over the inputs for which the end vouches, and the facts for which it does not, as they came while it was made.
    let private vouchedFor (ended: Entry) (inputs: Entry list) (facts: Entry list) : struct (Hash * Entry list) =
        let all () = struct (hashOf inputs facts, [])

        let first (count: int64) =
            let last =
                facts |> List.map _.Position |> List.sort |> List.tryItem (int count - 1) |> Option.defaultValue 0L

            let vouched, others = facts |> List.partition (fun fact -> fact.Position <= last)
            // While the end was made, the run gave no command and had no effect any more.
            let isMeanwhile = others |> List.forall (fun fact -> fact.Position > lastInput inputs)
            if isMeanwhile then struct (hashOf inputs vouched, others) else all ()

        match tryRead (Some ended) with
        | Some { Vouched = Some { Counted = Some counted } } when counted.Facts < int64 facts.Length -> first counted.Facts
        // In this version: all that were there, or there was none.
        | Some { Vouched = Some { Counted = None; Inputs = recorded } } when not facts.IsEmpty ->
            let struct (hash, _) as withAll = all ()
            let struct (none, _) as withNone = first 0L
            if hash <> recorded && none = recorded then withNone else withAll
        | _ -> all ()

    /// The hash over the inputs for which the end vouches, how many facts are among them, and what is said of other facts. `inputs`:
    /// commands and effects; `streams`: those of the run by UTF-8 bytes, whose facts are inputs too.
    let private inputsFor (ended: Entry) (inputs: Entry list) (streams: IReplayStream seq) : struct (Hash * int64 * ReplayFinding list) =
        let facts =
            [
                for stream in streams do
                    yield! stream.Facts
            ]

        let before, behind = facts |> List.partition (fun fact -> fact.Position < ended.Position)
        let struct (hash, meanwhile) = vouchedFor ended inputs before

        let findings =
            List.map (fun (fact: Entry) -> EntryFinding.behindTheEnd fact.Position) behind
            @ List.map (fun (fact: Entry) -> EntryFinding.meanwhile fact.Position) meanwhile

        struct (hash, int64 (before.Length - meanwhile.Length), findings)

    /// What lies beside the run's steps, before its end. `outside`: that in other streams.
    let private besideOf (ended: Entry) (outside: RunBeside) (streams: IReplayStream seq) : RunBeside =
        let before = RunBeside()

        for found in outside :: [ for stream in streams -> stream.Beside ] do
            before.AddBefore(ended.Position, found)

        before

    // As the end counts what is beside: as many of them as it does, where there are as many, and at least those before the last input.
    let private countedOf (facts: int64) (beside: RunBeside) (lastInput: int64) (recorded: RunCounted) =
        let count = min beside.Count (max recorded.BesideCount (beside.CountTo lastInput))

        { Facts = facts; BesideCount = count; BesideHash = beside.HashOf count }

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
        | "/data/facts"
        | "/data/beside"
        | "/data/besideHash"
        | "/data/started" -> ofHash DivergenceCause.Input
        | _ -> divergence

    /// The difference between the end and the one that `Run.finish` makes of what was replayed. `inputs`: the hash over the inputs;
    /// `facts`: how many of those are facts; `beside`: entries besides the steps, before the end, and whether all of them are known;
    /// `deleted`: the beginnings of streams that were deleted, perhaps with inputs, which are not compared then.
    let private judgeEnd
        (started: Entry)
        (context: RunContext)
        (entry: Entry)
        (actual: Hash option)
        (streams: int)
        (inputs: Hash)
        (facts: int64)
        (struct (beside: RunBeside, lastInput: int64, isBesideWhole: bool))
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

            let counted = recorded.Vouched |> Option.bind _.Counted
            let found = counted |> Option.map (countedOf facts beside lastInput)
            let besideOf (counted: RunCounted option) = counted |> Option.map (fun counted -> counted.BesideCount, counted.BesideHash)
            let isBesideUnknown = besideOf counted <> besideOf found && not (isBesideWhole && deleted.IsEmpty)

            let vouched =
                recorded.Vouched
                |> Option.map (fun vouched ->
                    {
                        Inputs = (if deleted.IsEmpty then inputs else vouched.Inputs)
                        Counted =
                            Option.map2
                                (fun (recorded: RunCounted) found ->
                                    { (if isBesideUnknown then recorded else found) with
                                        Facts = (if deleted.IsEmpty then facts else recorded.Facts)
                                    })
                                counted
                                found
                        Started = RunInputs.OfEntry started.Data
                        Time = entry.Data.Time
                    })

            let made =
                Run.ended context (entry.Version - 1L) { StateHash = hash; Streams = streams; Vouched = vouched } entry.Data.Time

            let unknown =
                [
                    if vouched.IsSome && not deleted.IsEmpty then
                        EntryFinding.inputsNotCompared deleted entry.Position

                    if isBesideUnknown then
                        EntryFinding.besideNotCompared entry.Position
                ]

            struct (StepComparison.whole entry made.Entries[0] |> Option.map causeOf, findings @ unknown)

    /// Judges the end by what was replayed. `inputs`: commands and effects; `streams`: those of the run by UTF-8 bytes; `outside`: facts
    /// under its name in others, and whether all of them are known.
    let judge
        (started: Entry)
        (context: RunContext)
        (entry: Entry)
        (actual: Hash option)
        (streams: IReplayStream seq)
        (inputs: Entry list)
        (struct (outside: RunBeside, isWhole: bool))
        (deleted: string list)
        : struct (Divergence option * ReplayFinding list) =
        let struct (hash, facts, unvouched) = inputsFor entry inputs streams
        let beside = struct (besideOf entry outside streams, lastInput inputs, isWhole)

        let struct (divergence, found) =
            judgeEnd started context entry actual (Seq.length streams) hash facts beside deleted

        struct (divergence, unvouched @ found)

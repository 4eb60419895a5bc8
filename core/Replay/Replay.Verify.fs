// Verifying a run: its commands decided again, each stream from its own recorded entries, in position order.
// Called by Replay.fs.
namespace Refold.Core

open System
open System.Collections.Generic

/// A run on its way to a verdict.
[<Sealed>]
type internal Verification(input: VerifyInput, verifiers: ReplayVerifier list, started: Entry, context: RunContext) =

    let tally = ReplayTally()
    let streams = SortedDictionary<StreamId, IReplayStream>()
    let skipped = Dictionary<StreamId, int64>()
    let findings = ResizeArray<ReplayFinding>()

    let verifierOf (stream: StreamId) =
        verifiers
        |> List.filter (fun verifier -> Aggregate.owns verifier.Category stream)
        |> List.sortByDescending _.Category.Length
        |> List.tryHead

    let streamOf (command: Entry) (stream: StreamId) =
        match streams.TryGetValue stream, verifierOf stream with
        | (true, found), _ -> Ok found
        | (false, _), None ->
            Error(
                Divergence.at command "/data/stream" DivergenceCause.Undecodable stream.Value "no aggregate of this program owns the stream"
            )
        | (false, _), Some verifier ->
            let struct (opened, unused) = verifier.Open(input, context, tally, stream)
            streams.Add(stream, opened)
            findings.AddRange(unused |> List.map (string >> ReplayFinding.SnapshotNotUsed))
            Ok opened

    /// The earliest divergence before a position in the streams that are open.
    let earlier (position: int64) =
        [
            for stream in streams.Values do
                match stream.AdvanceTo position with
                | Some divergence -> divergence
                | None -> ()
        ]

    let first (divergences: Divergence list) = divergences |> List.sortBy _.Position |> List.tryHead

    let differs (divergence: Divergence) =
        let found = first (divergence :: earlier divergence.Position)
        Error(ReplayVerdict.Diverged, found)

    let skippedOf (stream: StreamId) =
        match skipped.TryGetValue stream with
        | true, count -> count
        | false, _ -> 0L

    let stepOn (stream: IReplayStream) (name: StreamId) (commanded: CommandedStep) =
        if commanded.Command.Position <= stream.StartPosition then
            skipped[name] <- skippedOf name + 1L
            Ok()
        else
            match stream.AdvanceTo commanded.Command.Position with
            | Some divergence -> differs divergence
            | None ->
                match stream.Step commanded with
                | StepVerdict.Same -> Ok()
                | StepVerdict.Differs divergence -> differs divergence
                | StepVerdict.NoStep -> Error(ReplayVerdict.Incomplete, None)

    let step (command: Entry) (refusals: Entry list) until isLast =
        tally.External <- tally.External + 1L

        match Envelope.tryRead command.Data.Payload with
        | Error error ->
            let shown = PayloadDifference.show command.Data.Payload
            let path = PayloadDifference.memberPath command.Data.Payload
            differs (Divergence.at command path DivergenceCause.Undecodable shown (error.ToString()))
        | Ok(name, data) ->
            match streamOf command name with
            | Error divergence -> differs divergence
            | Ok stream ->
                stepOn
                    stream
                    name
                    {
                        Command = command
                        Data = data
                        Refusals = refusals
                        Until = until
                        IsLast = isLast
                    }

    // A command and the entries behind it in the run's stream, up to the next command.
    let segment (command: Entry) (followers: Entry list) (next: Entry option) =
        let made = followers |> List.filter (RunEntry.isMadeBy input.Run)

        match made |> List.tryFind (fun entry -> not (RunEntry.belongsTo command entry)) with
        | Some entry ->
            step command (made |> List.filter (RunEntry.belongsTo command)) entry.Position false
            |> Result.bind (fun () -> differs (RunEntry.stray entry))
        | None ->
            let until = next |> Option.map _.Position |> Option.defaultValue Int64.MaxValue
            step command made until (next.IsNone && followers.IsEmpty)

    let countFollower (entry: Entry) =
        match entry.Data.Role with
        | Role.Effect
        | Role.Fact -> tally.External <- tally.External + 1L
        | _ -> ()

    // Reads the run's stream once, a command at a time; answers the entry that ended the run.
    let walk (entries: IEnumerator<Entry>) =
        let mutable version = started.Version
        let mutable ended = None
        // The last command with what followed it, newest first.
        let mutable pending = None
        let mutable outcome = Ok()

        let close next =
            match pending with
            | Some(command, followers) -> segment command (List.rev followers) next
            | None -> Ok()

        while Result.isOk outcome && entries.MoveNext() do
            let entry = entries.Current

            match Folding.gap version entry, pending, entry.Data.Role with
            | Some divergence, _, _ -> outcome <- close (Some entry) |> Result.bind (fun () -> differs divergence)
            | None, _, Role.Command ->
                outcome <- close (Some entry)
                pending <- Some(entry, [])
                // The run went on, so what an earlier end says holds no longer.
                ended <- None
            | None, Some(command, followers), _ -> pending <- Some(command, entry :: followers)
            | None, None, _ when RunEntry.isMadeBy input.Run entry -> outcome <- differs (RunEntry.stray entry)
            | None, None, _ -> ()

            version <- entry.Version
            countFollower entry

            if entry.Data.Role = Role.Control && entry.Data.Type = Run.endedType then
                ended <- Some entry

        outcome |> Result.bind (fun () -> close None) |> Result.map (fun () -> ended)

    let strays () =
        let found =
            [
                for stream in streams.Values do
                    match stream.Stray() with
                    | Some divergence -> divergence
                    | None -> ()
            ]

        match first found with
        | None -> Ok()
        | found -> Error(ReplayVerdict.Diverged, found)

    let replayed () = [ for stream in streams.Values -> stream.AfterStep ]

    let stateHash (replayed: ReplayedStream list) =
        let hashes =
            replayed
            |> List.choose (fun stream -> stream.StateHash |> Option.map (fun hash -> stream.Stream, stream.Version, hash))

        if hashes.Length = replayed.Length && not hashes.IsEmpty then Some(StateHash.ofRun hashes) else None

    let judgeEnd (ended: Entry option) (actual: Hash option) =
        match ended, actual with
        | Some entry, Some actual ->
            match Run.tryReadEnd entry with
            | Error error ->
                let shown = PayloadDifference.show entry.Data.Payload

                Error(ReplayVerdict.Diverged, Some(Divergence.at entry "/data" DivergenceCause.Undecodable shown (error.ToString())))
            | Ok(Some expected) when not (expected.Equals actual) ->
                let cause = DivergenceCause.State

                Error(ReplayVerdict.Diverged, Some(Divergence.at entry "/data/stateHash" cause (string expected) (string actual)))
            | Ok _ -> Ok()
        | _ -> Ok()

    let summary (replayed: ReplayedStream list) =
        [
            yield! findings

            for KeyValue(name, stream) in streams do
                if stream.StartVersion > 0L then
                    ReplayFinding.FromSnapshot(name, stream.StartVersion, skippedOf name)

            if tally.Upcast > 0L then
                ReplayFinding.Upcast tally.Upcast

            if tally.Others > 0L then
                ReplayFinding.OthersFolded tally.Others

            for stream in replayed do
                if stream.StateHash.IsNone then
                    ReplayFinding.NoStateHash stream.Stream
        ]

    /// Leads the run to its verdict. `entries` stands on the entry that started it.
    member _.Run(entries: IEnumerator<Entry>) : ReplayReport =
        let walked = walk entries |> Result.bind (fun ended -> strays () |> Result.map (fun () -> ended))
        let replayed = replayed ()
        let hash = stateHash replayed

        let verdict, divergence =
            match walked |> Result.bind (fun ended -> judgeEnd ended hash) with
            | Error verdict -> verdict
            | Ok() when streams.Count = 0 -> ReplayVerdict.NotRecorded, None
            | Ok() -> ReplayVerdict.Matched, None

        {
            Run = input.Run
            Verdict = verdict
            Entries = tally.External + tally.Derived
            External = tally.External
            Derived = tally.Derived
            StateHash = (if verdict = ReplayVerdict.Matched then hash else None)
            Streams = replayed
            Divergence = divergence
            Findings = summary replayed
        }

    interface IDisposable with
        member _.Dispose() =
            for stream in streams.Values do
                stream.Dispose()

// Verifying a run: its commands decided again, each stream from its own recorded entries, in position order.
// Called by Replay.fs.
namespace Refold.Core

open System
open System.Collections.Generic

/// A run on its way to a verdict.
[<Sealed>]
type internal Verification(source: VerifyInput, verifiers: ReplayVerifier list, started: Entry, context: RunContext) =

    let tally = ReplayTally()
    let streams = SortedDictionary<StreamId, IReplayStream>()
    let skipped = Dictionary<StreamId, int64>()
    let known = KnownStreams()
    let findings = ResizeArray<ReplayFinding>()
    // Commands, then effects.
    let inputs = ResizeArray<Entry>()
    let beside = RunBeside()
    let messages = MessageLedger(source.Run, source.Scan, source.DeletedTo, source.ReadStream)
    // The version up to which the run's effects were deleted.
    let mutable effectsDeletedTo = 0L
    let mutable lastPosition = started.Position

    let streamOf (command: Entry) (stream: StreamId) =
        match streams.TryGetValue stream with
        | true, found -> Ok found
        | false, _ ->
            match ReplayOpening.verifierOf verifiers stream with
            | None ->
                let reason = "no aggregate of this program owns the stream"
                Error(Divergence.at command "/data/stream" DivergenceCause.Undecodable stream.Value reason)
            | Some verifier ->
                let struct (opened, unused) = verifier.Open(source, context, tally, stream)
                streams.Add(stream, opened)
                findings.AddRange(unused |> List.map ReplayFinding.SnapshotNotUsed)
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

    let differs (divergence: Divergence) = Error(first (divergence :: earlier divergence.Position))

    let skippedOf (stream: StreamId) = skipped.TryGetValue stream |> snd

    let stepOn (stream: IReplayStream) (name: StreamId) (commanded: CommandedStep) =
        if commanded.Command.Position <= stream.StartPosition then
            skipped[name] <- skippedOf name + 1L
            tally.Skipped.Add commanded.Command.Position
            Ok()
        else
            match stream.AdvanceTo commanded.Command.Position with
            | Some divergence -> differs divergence
            | None ->
                match stream.Step commanded with
                | StepVerdict.Same -> Ok()
                | StepVerdict.Differs divergence -> differs divergence

    // A command with the entries of its step in the run's stream, up to the next entry of the run that is not its.
    let step (command: Entry) (refusals: Entry list) until =
        let sent = messages.Take(command, until)

        match Envelope.tryReadBy known command.Data.Payload with
        | Error error ->
            let shown = PayloadDifference.show command.Data.Payload
            let path = PayloadDifference.memberPath command.Data.Payload
            differs (Divergence.at command path DivergenceCause.Undecodable shown (error.ToString()))
        | Ok(struct (name, data)) ->
            match streamOf command name with
            | Error divergence -> differs divergence
            | Ok stream ->
                {
                    Command = command
                    Data = data
                    Refusals = refusals
                    Messages = sent
                    Known = messages.KnownOf(command, until)
                    Until = until
                }
                |> stepOn stream name

    let input (entry: Entry) =
        tally.External <- tally.External + 1L
        tally.Inputs.Add entry.Position
        inputs.Add entry

    // Reads the run's stream once, a command at a time; answers the entry that ended the run.
    let walk (entries: IEnumerator<Entry>) =
        let mutable version = started.Version
        let mutable ended = None
        // The last command with what followed it, newest first.
        let mutable pending = None
        let mutable outcome = Ok()
        lastPosition <- started.Position

        let close until =
            match pending with
            | Some(command, followers) ->
                pending <- None
                step command (List.rev followers) until
            | None -> Ok()

        while Result.isOk outcome && entries.MoveNext() do
            let entry = entries.Current
            let closed () = close entry.Position

            match Folding.gap version entry, pending with
            | Some divergence, _ -> outcome <- closed () |> Result.bind (fun () -> differs divergence)
            | None, Some(command, followers) when RunEntry.belongsTo source.Run command entry ->
                pending <- Some(command, entry :: followers)
            | None, _ when entry.Data.Role = Role.Command ->
                outcome <- closed ()
                input entry
                pending <- Some(entry, [])
                // The run went on, so what an earlier end says holds no longer.
                ended |> Option.iter (fun (entry: Entry) -> findings.Add(EntryFinding.wentOn entry.Position))
                ended <- None
            | None, _ when entry.Data.Role = Role.Control && entry.Data.Type = Run.endedType && ended.IsNone ->
                outcome <- closed ()
                ended <- Some entry
            | None, _ -> outcome <- closed () |> Result.bind (fun () -> differs (RunEntry.stray entry))

            version <- entry.Version
            lastPosition <- entry.Position

        outcome |> Result.bind (fun () -> close Int64.MaxValue) |> Result.map (fun () -> ended)

    // What the run's operations got from outside. A snapshot that a step stood on is named, whatever it says, and what lies behind the
    // end, which does not vouch for it.
    let readEffects (ended: Entry option) =
        let mutable version = 0L
        let mutable outcome = Ok()
        effectsDeletedTo <- source.DeletedTo(Run.effectsOf source.Run)
        use effects = (source.ReadStream(Run.effectsOf source.Run)).GetEnumerator()

        while Result.isOk outcome && effects.MoveNext() do
            let effect = effects.Current

            if version = 0L && effect.Version > 1L then
                version <- effect.Version - 1L
                effectsDeletedTo <- version

            match Folding.gap version effect with
            | Some divergence -> outcome <- Error(Some divergence)
            | None when effect.Data.Role <> Role.Effect || effect.Data.Run <> Some source.Run ->
                outcome <- Error(Some(RunEntry.stray effect))
            | None ->
                version <- effect.Version
                lastPosition <- max lastPosition effect.Position

                if ended |> Option.exists (fun ended -> ended.Position < effect.Position) then
                    tally.External <- tally.External + 1L
                    findings.Add(EntryFinding.effectBehindTheEnd effect.Position)
                else
                    input effect

                if RunStep.isOperationType effect.Data.Type then
                    tally.OfOperations.Add effect.Position
                elif not (RunStep.isEffectType effect.Data.Type) then
                    findings.Add(EntryFinding.effectOfUnknownType effect.Position)

                if effect.Data.Type = RunStep.snapshotType then
                    findings.Add(EntryFinding.stoodOnSnapshot (PayloadText.show effect.Data.Payload) effect.Position)

        outcome

    let strays () = streams.Values |> Seq.choose _.Stray() |> List.ofSeq |> first

    // Entries under the run's name that lie in no stream of it: the first that is no fact.
    let outside () =
        let isRead (stream: StreamId) =
            stream.Equals source.Run.Stream || stream.Equals(Run.effectsOf source.Run) || streams.ContainsKey stream

        let mutable found = None

        for entry in source.Scan do
            if entry.Data.Run = Some source.Run && not (isRead entry.Data.Stream) then
                if entry.Data.Role = Role.Fact then
                    tally.Outside.Add entry.Position

                    if entry.Position > started.Position then
                        beside.Add entry
                elif found.IsNone && not (Outbox.isOne entry.Data.Stream) then
                    found <- Some(RunEntry.stray entry)

        found

    let replayed () = [ for stream in streams.Values -> stream.AfterStep ]

    let summary (replayed: ReplayedStream list) (isWalked: bool) (ended: Entry option) (deleted: string list) =
        let isVouchedFor = ReplayEnding.vouchesForInputs ended && deleted.IsEmpty

        [
            yield! findings
            yield! ReplayEnding.findings source started context (max lastPosition tally.LastOutcome) isWalked ended

            for KeyValue(name, stream) in streams do
                if stream.StartVersion > 0L then
                    ReplayFinding.FromSnapshot(name, stream.StartVersion, skippedOf name)

            match replayed |> List.filter _.StateHash.IsNone with
            | first :: others -> ReplayFinding.NoStateHash(first.Stream, int64 others.Length)
            | [] -> ()

            yield! tally.OfOperations.NotReplayed

            if not isVouchedFor then
                yield! tally.Inputs.NotCompared "content, time, correlation and causation"
                yield! tally.Facts.NotCompared "content, run, time, correlation and causation"
                yield! tally.GivenIds.NotCompared "ids"

            yield! tally.Others.NotCompared "what is not this run's"
            yield! tally.Behind.NotCompared "what is not this run's"
            yield! tally.Upcast.NotCompared "bytes of an older schema version"
            yield! tally.Skipped.NotCompared "steps before a snapshot"
            yield! tally.WithoutMessages.NotCompared(if messages.IsLookedFor then "deleted messages" else "messages")
            yield! tally.NotRedecidable.NotCompared ReplayFinding.NotRedecidable
            yield! tally.Outside.NotCompared "facts outside the run's streams"
        ]

    let earliest (divergences: Divergence option list) = divergences |> List.choose id |> first

    /// Leads the run to its verdict. `entries` stands on the entry that started it.
    member _.Run(entries: IEnumerator<Entry>) : ReplayReport =
        let startDiffers = ReplayEnding.judgeStart started context
        let walked = walk entries
        let ended = walked |> Result.defaultValue None
        let effectsDiffer = readEffects ended

        let walkDiffers =
            match walked with
            | Error divergence -> earliest [ divergence; messages.StrayBefore lastPosition ]
            | Ok _ -> earliest [ strays (); messages.StrayBefore Int64.MaxValue ]

        let effectDiffers =
            match effectsDiffer with
            | Error divergence -> divergence
            | Ok() -> None

        let replayed = replayed ()
        let hash = ReplayEnding.stateHashOf replayed
        let differs = earliest [ startDiffers; walkDiffers; effectDiffers; outside () ]

        let deleted =
            [
                if effectsDeletedTo > 0L then
                    "'" + (Run.effectsOf source.Run).Value + "' up to version " + Numbers.text effectsDeletedTo

                for KeyValue(name, stream) in streams do
                    if stream.DeletedTo > 0L then
                        "'" + name.Value + "' up to version " + Numbers.text stream.DeletedTo
            ]

        let differs =
            match differs, ended with
            | None, Some entry ->
                let struct (divergence, found) =
                    let known = struct (beside, source.IsScanWhole)
                    ReplayEnding.judge started context entry hash streams.Values (List.ofSeq inputs) known deleted

                findings.AddRange found
                divergence
            | _ -> differs

        let verdict =
            if differs.IsSome then ReplayVerdict.Diverged
            elif streams.Count = 0 then ReplayVerdict.NotRecorded
            elif tally.NotRedecidable.Count > 0L then ReplayVerdict.Incomplete
            else ReplayVerdict.Matched

        {
            Run = source.Run
            Verdict = verdict
            Entries = tally.External + tally.Derived
            External = tally.External
            Decided = tally.Decided
            Derived = tally.Derived
            StateHash = (if verdict = ReplayVerdict.Matched then hash else None)
            Streams = replayed
            Divergence = differs
            Findings = summary replayed (Result.isOk walked) ended deleted
        }

    interface IDisposable with
        member _.Dispose() =
            for stream in streams.Values do
                stream.Dispose()

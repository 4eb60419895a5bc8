// Replay: folding recorded entries to a state, and verifying a run by deciding it again. Design section 5.
// Called by the facade, the tool, scripts and tests.
namespace Refold.Core

open System.Collections.Generic

/// Folding and verifying.
[<RequireQualifiedAccess>]
module Replay =

    /// Folds the entries of one stream from a state; they follow its version without gaps. Nothing is decided and nothing drawn.
    /// Facts, events and unmarked entries are applied; all other roles are counted and never given to the event codec.
    let fold (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) (start: FoldStart<'State>) (entries: Entry seq) : FoldReport<'State> =
        StreamFold<_, _, _, _>.Over(aggregate, start, entries)

    /// The start before a stream's first entry.
    let beginning (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) : FoldStart<'State> =
        { State = aggregate.Decider.Initial; Version = 0L }

    /// What verifies the streams of an aggregate's category.
    let verifier (aggregate: Aggregate<'State, 'Command, 'Event, 'Error>) : ReplayVerifier =
        ReplayVerifier(aggregate.Category, ReplayOpening.openStream aggregate)

    /// What verifies the streams of a category, each from an initial state of its own.
    let internal verifierOf (category: string) (fresh: unit -> Aggregate<'State, 'Command, 'Event, 'Error>) : ReplayVerifier =
        ReplayVerifier(category, fun input context tally stream -> ReplayOpening.openStream (fresh ()) input context tally stream)

    /// An input that starts at the beginning of every stream, compares no pin, and looks for no entry outside the run's streams: what the
    /// run sent is not compared then, and listed so.
    let input (run: RunId) (runEntries: Entry seq) (readStream: StreamId -> Entry seq) : VerifyInput =
        {
            Run = run
            RunEntries = runEntries
            ReadStream = readStream
            DeletedTo = fun _ -> 0L
            Scan = RunScan.notLookedFor
            IsScanWhole = false
            Start = []
            HeadAt = fun _ -> None
            CurrentPin = None
            IgnorePin = false
        }

    let private answer (input: VerifyInput) verdict divergence : ReplayReport =
        {
            Run = input.Run
            Verdict = verdict
            Entries = 0L
            External = 0L
            Decided = 0L
            Derived = 0L
            StateHash = None
            Streams = []
            Divergence = divergence
            Findings = []
        }

    // The value of a field that `RunPin.DiffersIn` names, and its place in the entry.
    let private pinField (pin: RunPin) (field: string) =
        match field with
        | "model" -> pin.Model
        | "provider" -> pin.Provider
        | "version" -> pin.Version
        | "seed" -> Numbers.text pin.Seed
        | setting ->
            match pin.Settings.TryGetValue(setting.Substring "settings/".Length) with
            | true, value -> value
            | false, _ -> Divergence.absent

    let private pinPath (field: string) =
        let settings = "settings/"

        if field.StartsWith(settings, System.StringComparison.Ordinal) then
            JsonPointer.child "/data/pin/settings" (field.Substring settings.Length)
        else
            "/data/pin/" + field

    let private pinMismatch (started: Entry) (recorded: RunPin) (current: RunPin) (fields: string list) =
        let field = List.head fields

        Divergence.at started (pinPath field) (DivergenceCause.PinMismatch fields) (pinField recorded field) (pinField current field)

    let private verifyStarted input verifiers (entries: IEnumerator<Entry>) (pin: RunPin) root =
        let started = entries.Current

        let fields =
            match input.CurrentPin with
            | Some current -> List.ofSeq (pin.DiffersIn current)
            | None -> []

        match input.CurrentPin with
        | Some current when not fields.IsEmpty && not input.IgnorePin ->
            answer input ReplayVerdict.Diverged (Some(pinMismatch started pin current fields))
        | _ ->
            let context = { Run = input.Run; Pin = pin; Root = root; Mode = RecordMode.Record }

            use verification = new Verification(input, verifiers, started, context)
            let report = verification.Run entries

            if fields.IsEmpty then
                report
            else
                { report with Findings = ReplayFinding.PinIgnored fields :: report.Findings }

    /// Decides every command of a run again and compares what comes out with what was recorded. Reads each stream once.
    /// What readers throw passes through; what the aggregates' code throws becomes the report.
    let verify (verifiers: ReplayVerifier list) (input: VerifyInput) : ReplayReport =
        use entries = input.RunEntries.GetEnumerator()

        if not (entries.MoveNext()) then
            answer input ReplayVerdict.NotRecorded None
        else
            let started = entries.Current

            match Folding.gap 0L started, Run.tryReadStart started with
            | Some divergence, _ -> answer input ReplayVerdict.Diverged (Some divergence)
            | None, Error(CodecError.UnknownType found) ->
                Divergence.at started "/type" DivergenceCause.Type Run.startedType found
                |> Some
                |> answer input ReplayVerdict.Diverged
            | None, Error error ->
                Divergence.at started "/data" DivergenceCause.Undecodable (PayloadDifference.show started.Data.Payload) (error.ToString())
                |> Some
                |> answer input ReplayVerdict.Diverged
            | None, Ok(pin, root) -> verifyStarted input verifiers entries pin root

// A report of any kind besides those of projections: the form that reads its kind first, and the trace of gates as a report.
// Called by the facade, which makes such reports and reads them back.
namespace Refold.Core

open System
open Refold

/// What gates said of a proposed append.
[<NoComparison>]
type internal GatesReportBody =
    {
        /// What became of each gate, and what was proposed.
        Trace: GateTrace
        /// The head behind the batch that was appended with the pass or around the gates, or behind the record of the denial; `None` where
        /// nothing was appended.
        Head: Head option
    }

/// A body of any kind besides those of projections.
[<RequireQualifiedAccess; NoComparison>]
type internal ReportBody =
    | Run of body: RunReportBody
    | Replay of body: ReplayReportBody
    | Opening of body: OpeningReportBody
    | Compaction of body: CompactionReportBody
    | Snapshot of body: SnapshotReportBody
    | Import of body: ImportReportBody
    | Gates of body: GatesReportBody

    /// What the body says of itself.
    member this.Kind: string =
        match this with
        | Run _ -> "run"
        | Replay _ -> "replay"
        | Opening _ -> "opening"
        | Compaction _ -> "compaction"
        | Snapshot _ -> "snapshot"
        | Import _ -> "import"
        | Gates _ -> "gates"

    /// The head that the body is as of; `None` where gates denied and nothing was appended.
    member this.Head: Head option =
        match this with
        | Run body -> Some body.Head
        | Replay body -> Some body.Head
        | Opening body -> Some body.Head
        | Compaction body -> Some body.Head
        | Snapshot body -> Some body.Head
        | Import body -> Some body.Head
        | Gates body -> body.Head

/// The form of a trace of gates, and the one form of all kinds.
[<RequireQualifiedAccess>]
module internal AnyReport =

    let private evaluations: JsonForm<GateEvaluation seq> =
        {
            Write = GateJson.evaluations
            Read =
                fun json ->
                    try
                        Seq.ofArray (GateJson.readEvaluations json)
                    with :? ArgumentException as error ->
                        raise (JsonFault error.Message)
        }

    /// `gates`.
    let gates: JsonForm<GatesReportBody> =
        let trace name (get: GateTrace -> 'Value) (form: JsonForm<'Value>) =
            JsonForm.field name (fun (body: GatesReportBody) -> get body.Trace) form

        JsonForm.object (
            members {
                let! _ = JsonForm.constant "kind" (JsonValue.String "gates")
                and! _ = JsonForm.constant "schema_version" (JsonValue.Number 1.0)
                and! pipeline = trace "pipeline" _.Pipeline JsonForm.text
                and! types = trace "types" (fun trace -> List.ofSeq trace.Types) (JsonForm.list JsonForm.text)
                and! content = trace "content" _.Content JsonForm.hash
                and! lines = trace "evaluations" (fun trace -> Seq.ofList (List.ofSeq trace.Evaluations)) evaluations

                and! head =
                    JsonForm.field "head" (fun (body: GatesReportBody) -> body.Head) (JsonForm.option ReportParts.head)

                return
                    {
                        Trace = GateTrace(pipeline, Array.ofList types, content, Array.ofSeq lines)
                        Head = head
                    }
            }
        )

    let private write (body: ReportBody) : JsonValue =
        match body with
        | ReportBody.Run body -> ReportForms.run.Write body
        | ReportBody.Replay body -> ReportForms.replay.Write body
        | ReportBody.Opening body -> ReportForms.opening.Write body
        | ReportBody.Compaction body -> ReportForms.compaction.Write body
        | ReportBody.Snapshot body -> ReportForms.snapshot.Write body
        | ReportBody.Import body -> ReportForms.import.Write body
        | ReportBody.Gates body -> gates.Write body

    let private read (json: JsonValue) : ReportBody =
        let kind =
            match json with
            | JsonValue.Object found -> found |> List.tryFind (fun (name, _) -> name = "kind") |> Option.map snd
            | _ -> raise (JsonFault "it is no object")

        match kind with
        | Some(JsonValue.String "run") -> ReportBody.Run(ReportForms.run.Read json)
        | Some(JsonValue.String "replay") -> ReportBody.Replay(ReportForms.replay.Read json)
        | Some(JsonValue.String "opening") -> ReportBody.Opening(ReportForms.opening.Read json)
        | Some(JsonValue.String "compaction") -> ReportBody.Compaction(ReportForms.compaction.Read json)
        | Some(JsonValue.String "snapshot") -> ReportBody.Snapshot(ReportForms.snapshot.Read json)
        | Some(JsonValue.String "import") -> ReportBody.Import(ReportForms.import.Read json)
        | Some(JsonValue.String "gates") -> ReportBody.Gates(gates.Read json)
        | Some(JsonValue.String other) -> raise (JsonFault("the kind '" + other + "' is unknown"))
        | _ -> raise (JsonFault "'kind' is missing")

    /// Any of them, by its kind.
    let form: JsonForm<ReportBody> = { Write = write; Read = read }

    /// A report of a body.
    let create (diagnostics: string seq) (body: ReportBody) : Result<EvidenceReport<ReportBody>, ValueError> =
        Report.create form (List.ofSeq diagnostics) body

    /// The canonical JSON of a body, in UTF-8.
    let bodyBytes (body: ReportBody) : Result<Bytes, ValueError> = Report.bodyBytes form body

    /// The whole report in canonical JSON.
    let toJson (report: EvidenceReport<ReportBody>) : Result<Bytes, ValueError> = Report.write form report

    /// The report of a JSON text.
    let ofJson (json: ReadOnlyMemory<byte>) : Result<EvidenceReport<ReportBody>, ValueError> = Report.read form json

/// Counts the entries of a run, in position order. Used by one thread at a time.
[<Sealed>]
type internal RunTally(run: RunId) =

    let mutable external = 0L
    let mutable derived = 0L
    let mutable last = 0L
    let mutable firstDrawn: Entry | null = null
    let mutable lastDrawn: Entry | null = null

    // The generator of the step that a command began: where its stream stood then is asked.
    let generator (root: RngState) (versionBefore: Func<StreamId, int64, int64>) (command: Entry | null) : (RngState * uint64) option =
        match command with
        | null -> None
        | command ->
            match Envelope.tryRead command.Data.Payload with
            | Error _ -> None
            | Ok(stream, _) ->
                let state = (RunStep.random root stream (versionBefore.Invoke(stream, command.Position))).State
                Some(state, Option.defaultValue 0UL command.Data.Drawn)

    /// One more entry of the journal; those of others are left out.
    member _.Add(entry: Entry) : unit =
        if RunEntry.isOf run entry then
            last <- entry.Position

            match entry.Data.Role with
            | Role.Control -> ()
            | Role.Command
            | Role.Fact
            | Role.Effect -> external <- external + 1L
            | Role.Event
            | Role.Refusal
            | Role.Message
            | Role.Unmarked -> derived <- derived + 1L

            match entry.Data.Drawn with
            | Some words when words > 0UL && entry.Data.Role = Role.Command ->
                if isNull firstDrawn then
                    firstDrawn <- entry

                lastDrawn <- entry
            | _ -> ()

    /// The position of the last entry of the run; 0 for none.
    member _.Last: int64 = last

    /// The body. `versionBefore` gives the version of a stream before a position.
    member _.Body(pin: RunPin, root: RngState, head: Head, versionBefore: Func<StreamId, int64, int64>) : ReportBody =
        ReportBody.Run
            {
                Run = run
                Pin = pin
                Root = root
                FirstRandom = generator root versionBefore firstDrawn |> Option.map fst
                LastRandom =
                    generator root versionBefore lastDrawn
                    |> Option.map (fun (state, words) -> state.Seek(state.WordPosition + UInt128.op_Implicit words))
                External = external
                Derived = derived
                Head = head
            }

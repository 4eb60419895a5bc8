// Running projections with evidence, and reports as canonical JSON.
// Called by programs over the immutable journal; by the facade over any other.
namespace Refold.Core

open System

/// What the immutable journal knows for runs of projections.
[<RequireQualifiedAccess>]
module internal JournalEvidence =

    // The highest position that the last deleted entry of a stream may have had. A receipt tells what a batch gave the stream, and the
    // entry behind the floor lies behind what was deleted; where nothing tells, it may have been anywhere.
    let private lastGone (journal: Journal) (stream: StreamSummary) : int64 =
        let holds (receipt: Receipt) =
            receipt.Versions
            |> List.exists (fun versions -> versions.Stream = stream.Stream && versions.First <= stream.Floor)

        let received =
            match Journal.receipts journal |> Seq.tryFindBack holds with
            | Some receipt -> receipt.Head.Position
            | None when (Journal.beginning journal).Position > 0L -> (Journal.beginning journal).Position
            | None -> (Journal.head journal).Position

        match Journal.readStream stream.Stream (stream.Floor + 1L) Int64.MaxValue 1 journal with
        | Ok [ next ] -> min received (next.Position - 1L)
        | _ -> received

    // Positions of no batch, and batches of which the receipt does not say whose every position is.
    let private unknown (journal: Journal) : struct (int64 * int64) list =
        let mutable before = (Journal.beginning journal).Position

        [
            for receipt in Journal.receipts journal do
                let known = receipt.Versions |> List.sumBy (fun versions -> versions.Last - versions.First + 1L)

                if receipt.FirstPosition > before + 1L then
                    struct (before + 1L, receipt.FirstPosition - 1L)

                if known < int64 receipt.Count then
                    struct (receipt.FirstPosition, receipt.Head.Position)

                before <- receipt.Head.Position
        ]

    /// What is gone of a journal.
    let gone (journal: Journal) : GoneEntries =
        let streams = Journal.streams journal
        let head = (Journal.head journal).Position
        let entries () = Journal.readAll 1L Int32.MaxValue journal

        GoneEntries.tell
            {
                Head = head
                Visible = streams |> Seq.sumBy (fun stream -> Int128.op_Implicit (stream.Highest - stream.Floor))
                Streams =
                    [
                        for stream in streams do
                            if stream.Floor > 0L then
                                { Stream = stream.Stream; Floor = stream.Floor; Last = lastGone journal stream }
                    ]
                Missing = fun () -> entries () |> Seq.map _.Position |> GoneEntries.missing head
                Unknown = Some(unknown journal)
            }

    /// The journal as a run of a projection reads it.
    let reader (journal: Journal) : EvidenceReader =
        {
            Head = Journal.head journal
            HashAt =
                fun position ->
                    match Journal.headAt position journal with
                    | Some head when head.Position = position -> Some head.Hash
                    | _ -> None
            PlaceAt = fun position -> Journal.placeAt position journal |> Option.defaultValue TreePlace.none |> EvidencePlace.Of
            Read =
                fun query first last ->
                    (Journal.query query first Int32.MaxValue journal).Entries
                    |> Seq.takeWhile (fun entry -> entry.Position <= last)
            Gone = fun () -> gone journal
        }

/// Evidence: canonical, hashed reports of what was read, folded and found.
[<RequireQualifiedAccess>]
module Evidence =

    /// The schema version of the bodies that runs make.
    let internal latestBodyVersion = 2

    let internal request (freshness: ProjectionRunRequestedFreshness) : ProjectionRequest =
        {
            Freshness = freshness
            Cache = CacheAnswer.Bypassed
            BodyVersion = latestBodyVersion
        }

    /// Runs a projection over a journal: the state, where something matched and the fold gave one, and the report. Nothing is appended, no
    /// cache is asked. A run that fails gives its report too: in the error.
    ///
    ///     match Evidence.runWithEvidence ProjectionRunRequestedFreshness.Consistent totals journal with
    ///     | Ok(state, report) -> printfn "%O %O" state report.BodyHash
    ///     | Error error -> printfn "%O" error
    let runWithEvidence
        (freshness: ProjectionRunRequestedFreshness)
        (projection: Projection<'State>)
        (journal: Journal)
        : Result<'State option * ProjectionRunEvidenceReport, ProjectionRunReportError> =
        ProjectionRun.over projection (request freshness) (JournalEvidence.reader journal)
        |> Result.map (fun outcome -> outcome.State, outcome.Report)

    let private encoding (result: Result<'Value, ValueError>) : Result<'Value, ProjectionRunReportError> =
        result |> Result.mapError (fun error -> ProjectionRunReportError.BodyEncoding(error.ToString()))

    /// The canonical JSON (RFC 8785) of a body, in UTF-8: what is hashed. `BodyEncoding` for a body without one.
    let bodyJson (body: ProjectionRunReportBody) : Result<Bytes, ProjectionRunReportError> =
        Report.bodyBytes ProjectionRunForms.form body |> encoding

    /// A report of a body, with its hash and nothing else beside it. `BodyEncoding` for a body without canonical form.
    let ofBody (body: ProjectionRunReportBody) : Result<ProjectionRunEvidenceReport, ProjectionRunReportError> =
        Report.create ProjectionRunForms.form [] body |> encoding

    /// The body with the members of seed 001 only: schema version 1.
    let version1 (body: ProjectionRunReportBody) : ProjectionRunReportBody =
        { body with
            SchemaVersion = 1
            Query = None
            Head = None
            TreeSize = None
            Root = None
            EntriesHash = None
        }

    /// The report in canonical JSON, in UTF-8: `{"body":{..},"body_hash":"..","diagnostics":[..],"generated_at_unix_ms":null,..}`.
    /// `Contradictory` where the hash is not that of the body.
    let toJson (report: ProjectionRunEvidenceReport) : Result<Bytes, ValueError> = Report.write ProjectionRunForms.form report

    /// The report of a JSON text in UTF-8. Refused as `Malformed`: unknown and missing members, other types, numbers where digits have to
    /// be; as `Contradictory`: a hash that is not the body's.
    let ofJson (json: ReadOnlyMemory<byte>) : Result<ProjectionRunEvidenceReport, ValueError> = Report.read ProjectionRunForms.form json

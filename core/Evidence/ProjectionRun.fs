// One run of a projection, over any journal: where it begins, what is folded, its report. It appends nothing.
// Called by Evidence.fs over a reader, and step by step by the facade, which reads in between.
namespace Refold.Core

open System

/// What a run is asked for.
[<NoComparison>]
type internal ProjectionRequest =
    {
        /// How fresh the state has to be.
        Freshness: ProjectionRunRequestedFreshness
        /// What the cache answered.
        Cache: CacheAnswer
        /// The schema version of the body, 1 or 2.
        BodyVersion: int
    }

/// What a journal says of a place where a batch ends.
[<NoComparison>]
type internal EvidencePlace =
    {
        /// How many batches there are up to it.
        TreeSize: int64
        /// The root over them.
        Root: Hash
        /// The greatest recorded time up to it, in 100 ns steps since 0001-01-01 (UTC); -1 where none was recorded.
        Latest: int64
    }

    /// The same of what batches come to.
    static member Of(place: TreePlace) : EvidencePlace =
        {
            TreeSize = place.Batches
            Root = (TreePlace.peaks place).Root
            Latest = place.Latest
        }

/// What a run reads of a journal, all of it as of one moment.
[<NoEquality; NoComparison>]
type internal EvidenceReader =
    {
        /// The head that the run is made at.
        Head: Head
        /// The head hash at a position; none where no batch ends there.
        HashAt: int64 -> Hash option
        /// The batch tree and the greatest recorded time at a place where a batch ends.
        PlaceAt: int64 -> EvidencePlace
        /// Entries that match a query, from one position to another, both included, in position order. More may be among them.
        Read: Query -> int64 -> int64 -> Entry seq
        /// What is gone: deleted, dropped, or never there.
        Gone: unit -> GoneEntries
    }

/// A run that has begun: these entries are to be read and handed to the fold.
[<NoEquality; NoComparison>]
type internal ProjectionStart<'State> =
    {
        /// The place that the state will be as of.
        Frontier: Head
        /// The first position to read; above the frontier where there is nothing to read.
        From: int64
        /// The fold.
        Fold: ProjectionFold<'State>
        /// What was found in the cache.
        Cache: ProjectionRunCacheStatus
        /// How fresh the state will be.
        Freshness: ProjectionRunFreshnessStatus
        /// The hash of the query.
        QueryHash: Hash
    }

/// What a run gives.
[<NoEquality; NoComparison>]
type internal ProjectionOutcome<'State> =
    {
        /// The state, where something matched and the fold gave one.
        State: 'State option
        /// That state as its codec writes it, where it does.
        Encoded: Encoded option
        /// The report.
        Report: ProjectionRunEvidenceReport
        /// What is worth keeping in a cache; none where the cache has it. Whether keeping it succeeds is not in the body.
        Keep: ProjectionRow option
    }

/// The steps of a run: `start`, entries to the fold, `finish`; `fail` where one of them does not succeed.
[<RequireQualifiedAccess>]
module internal ProjectionRun =

    /// The reason of a failed run.
    let failed = "projection_failed"

    /// The reason where a state has no hash.
    let stateEncodingFailed = "state_encoding_failed"

    // The code of what was dropped, as everywhere; the words of a body are seed 001's.
    let private historyDropped (struct (first, last): struct (int64 * int64)) =
        let where =
            if first = last then
                "an entry at position " + Numbers.text first + " that the query could match was"
            else
                "entries at positions " + Numbers.text first + " to " + Numbers.text last + " that the query could match were"

        ProjectionException(
            "history-dropped",
            "history-dropped: "
            + where
            + " deleted or dropped; run it over a backup that is whole, or from a state that a cache kept behind them",
            null
        )

    /// What reading threw.
    let readingFailed (error: exn) : ProjectionException = ProjectionException("reading-failed", Thrown.text "reading" error, error)

    /// Where the run begins; `history-dropped` where something that it would have to fold is gone.
    let start
        (projection: Projection<'State>)
        (request: ProjectionRequest)
        (head: Head)
        (hashAt: int64 -> Hash option)
        (gone: unit -> GoneEntries)
        : Result<ProjectionStart<'State>, ProjectionException> =
        let selection = Selection.ofProjection projection
        let queryHash = Selection.hash selection
        let plan = ProjectionCache.plan projection queryHash request.Freshness head hashAt request.Cache

        let from (frontier: Head) (after: int64) state entriesHash =
            {
                Frontier = frontier
                From = after + 1L
                Fold = ProjectionFold<'State>(projection, selection, state, entriesHash, after, frontier.Position)
                Cache = plan.Cache
                Freshness = plan.Freshness
                QueryHash = queryHash
            }

        let unlessLost after (started: ProjectionStart<'State>) =
            match GoneEntries.lost after (gone ()) selection with
            | ValueSome range -> Error(historyDropped range)
            | ValueNone -> Ok started

        match plan.Way with
        | CacheWay.Serve(row, state) -> Ok(from row.Watermark row.Watermark.Position state row.EntriesHash)
        | CacheWay.GoOn(row, state) -> from head row.Watermark.Position state row.EntriesHash |> unlessLost row.Watermark.Position
        | CacheWay.Replay -> from head 0L projection.Initial EntriesHash.zero |> unlessLost 0L

    let private body (projection: Projection<'State>) (request: ProjectionRequest) : ProjectionRunReportBody =
        {
            SchemaVersion = request.BodyVersion
            ProjectionId = projection.Id
            SourceRefs = ProjectionSource.sort projection.Sources
            ReplayMode = ProjectionRunReplayMode.Current
            RequestedFreshness = request.Freshness
            ObservedFreshness = ProjectionRunFreshnessStatus.NotApplicable
            InputFrontier = None
            OutputHash = ProjectionRunOutputHash.NotApplicable
            CacheStatus = ProjectionRunCacheStatus.Bypassed
            CheckpointRef = ProjectionRunCheckpointRef.NotApplicable
            Findings = []
            Query = if request.BodyVersion >= 2 then Some projection.Query else None
            Head = None
            TreeSize = None
            Root = None
            EntriesHash = None
        }

    let private report isFailed diagnostics (body: ProjectionRunReportBody) =
        let findings =
            ProjectionRunFindings.ofRun body.ObservedFreshness body.InputFrontier body.OutputHash body.CacheStatus isFailed

        Report.create ProjectionRunForms.form diagnostics { body with Findings = findings }
        |> Result.mapError (fun error -> ProjectionRunReportError.BodyEncoding(error.ToString()))

    /// The error of a run that failed, with its report.
    let fail (projection: Projection<'State>) (request: ProjectionRequest) (error: exn) : ProjectionRunReportError =
        { body projection request with
            ObservedFreshness = ProjectionRunFreshnessStatus.Unavailable failed
            OutputHash = ProjectionRunOutputHash.Unavailable failed
            CacheStatus = ProjectionRunCacheStatus.Unavailable failed
        }
        |> report true [ error.Message ]
        |> function
            | Ok report -> ProjectionRunReportError.ProjectionFailed(error, report)
            | Error error -> error

    let private tryEncode (projection: Projection<'State>) (state: 'State) : Encoded option =
        try
            match projection.State with
            | None -> None
            | Some codec -> codec.Encode state |> Result.toOption
        with _ ->
            None

    let private wallMs (place: EvidencePlace) : int64 =
        if place.Latest = TreePlace.noTime then
            0L
        else
            // Never below 0, so that it never goes back from where no time was recorded.
            max 0L (DateTimeOffset(place.Latest, TimeSpan.Zero).ToUnixTimeMilliseconds())

    /// The outcome, once the entries up to the frontier were handed to the fold. `place`: the tree and the time at the frontier.
    let finish
        (projection: Projection<'State>)
        (request: ProjectionRequest)
        (start: ProjectionStart<'State>)
        (place: EvidencePlace)
        : Result<ProjectionOutcome<'State>, ProjectionRunReportError> =
        match start.Fold.Failure with
        | null ->
            let fold = start.Fold
            let state = fold.State
            let encoded = state |> Option.map (tryEncode projection)

            let basis (body: ProjectionRunReportBody) =
                if body.SchemaVersion < 2 then
                    body
                else
                    { body with
                        Head = Some start.Frontier
                        TreeSize = Some place.TreeSize
                        Root = Some place.Root
                        EntriesHash = Some fold.EntriesHash
                    }

            let observed (body: ProjectionRunReportBody) =
                if fold.IsEmpty then
                    body
                else
                    { body with
                        ObservedFreshness = start.Freshness
                        InputFrontier = Some(ProjectionRunInputFrontier.Visible(wallMs place, start.Frontier.Position))
                        CacheStatus = start.Cache
                        OutputHash =
                            match encoded with
                            | None -> ProjectionRunOutputHash.NotApplicable
                            | Some None -> ProjectionRunOutputHash.Unavailable stateEncodingFailed
                            | Some(Some encoded) -> ProjectionRunOutputHash.Known(StateHash.ofPayload encoded.Payload)
                    }

            let isKept = start.Frontier.Position < start.From && start.Cache.IsHit

            let row () =
                {
                    Watermark = start.Frontier
                    SchemaVersion = projection.SchemaVersion
                    QueryHash = start.QueryHash
                    State = Option.flatten encoded
                    EntriesHash = fold.EntriesHash
                }

            body projection request
            |> observed
            |> basis
            |> report false []
            |> Result.map (fun report ->
                {
                    State = state
                    Encoded = Option.flatten encoded
                    Report = report
                    Keep = if fold.IsEmpty || isKept || encoded = Some None then None else Some(row ())
                })
        | failure -> Error(fail projection request failure)

    /// A whole run over a reader. What reading throws makes the run fail; a cancellation passes.
    let over
        (projection: Projection<'State>)
        (request: ProjectionRequest)
        (reader: EvidenceReader)
        : Result<ProjectionOutcome<'State>, ProjectionRunReportError> =
        let read () =
            try
                match start projection request reader.Head reader.HashAt reader.Gone with
                | Error error -> Error error
                | Ok started ->
                    if started.From <= started.Frontier.Position then
                        use entries = (reader.Read projection.Query started.From started.Frontier.Position).GetEnumerator()

                        while entries.MoveNext() && started.Fold.Add entries.Current do
                            ()

                    Ok(started, reader.PlaceAt started.Frontier.Position)
            with
            | :? OperationCanceledException -> reraise ()
            | error -> Error(readingFailed error)

        match read () with
        | Ok(started, place) -> finish projection request started place
        | Error error -> Error(fail projection request error)

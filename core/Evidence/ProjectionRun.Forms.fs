// The JSON form of the body of a projection run's report, versions 1 and 2.
// Called by ProjectionRun.fs and Evidence.fs.
namespace Refold.Core

/// `Form` is the one that is written, read and hashed.
[<RequireQualifiedAccess>]
module internal ProjectionRunForms =

    let private reason = JsonForm.one "reason" JsonForm.text

    let private range: JsonForm<struct (int64 * int64)> =
        JsonForm.object (
            members {
                let! first = JsonForm.field "from" (fun (struct (first, _)) -> first) JsonForm.int64
                and! last = JsonForm.field "to" (fun (struct (_, last)) -> last) JsonForm.int64
                return struct (first, last)
            }
        )

    let source: JsonForm<ProjectionSourceRef> =
        let ofText name tryPick make = JsonForm.case (fst name) tryPick make (JsonForm.one (snd name) JsonForm.text)

        JsonForm.union
            [
                ofText
                    ("Entity", "entity")
                    (function
                    | ProjectionSourceRef.Entity entity -> Some entity
                    | _ -> None)
                    ProjectionSourceRef.Entity
                ofText
                    ("RelevantKind", "type")
                    (function
                    | ProjectionSourceRef.RelevantKind name -> Some name
                    | _ -> None)
                    ProjectionSourceRef.RelevantKind
                ofText
                    ("Tag", "tag")
                    (function
                    | ProjectionSourceRef.Tag tag -> Some tag
                    | _ -> None)
                    ProjectionSourceRef.Tag
                JsonForm.case
                    "Range"
                    (function
                    | ProjectionSourceRef.Range(first, last) -> Some(struct (first, last))
                    | _ -> None)
                    (fun (struct (first, last)) -> ProjectionSourceRef.Range(first, last))
                    range
            ]
        |> JsonForm.checkedBy ProjectionSource.validate

    let private sources: JsonForm<ProjectionSourceRef list> =
        JsonForm.list source
        |> JsonForm.checkedBy (fun found ->
            if List.pairwise found |> List.forall (fun (left, right) -> ProjectionSource.compare left right <= 0) then
                Ok()
            else
                Error(ValueError.Malformed("the list of sources", "it is not sorted")))

    let private replayMode = JsonForm.union [ JsonForm.unitCase "Current" ProjectionRunReplayMode.Current ]

    let private checkpoint =
        JsonForm.union [ JsonForm.unitCase "NotApplicable" ProjectionRunCheckpointRef.NotApplicable ]

    let private requested: JsonForm<ProjectionRunRequestedFreshness> =
        JsonForm.union
            [
                JsonForm.unitCase "Consistent" ProjectionRunRequestedFreshness.Consistent
                JsonForm.case
                    "MaybeStale"
                    (function
                    | ProjectionRunRequestedFreshness.MaybeStale maxStaleMs -> Some maxStaleMs
                    | _ -> None)
                    ProjectionRunRequestedFreshness.MaybeStale
                    (JsonForm.one "max_stale_ms" JsonForm.uint64)
            ]

    let private freshness: JsonForm<ProjectionRunFreshnessStatus> =
        JsonForm.union
            [
                JsonForm.unitCase "Fresh" ProjectionRunFreshnessStatus.Fresh
                JsonForm.unitCase "StaleAllowed" ProjectionRunFreshnessStatus.StaleAllowed
                JsonForm.unitCase "NotApplicable" ProjectionRunFreshnessStatus.NotApplicable
                JsonForm.case
                    "Unavailable"
                    (function
                    | ProjectionRunFreshnessStatus.Unavailable reason -> Some reason
                    | _ -> None)
                    ProjectionRunFreshnessStatus.Unavailable
                    reason
            ]

    let private cache: JsonForm<ProjectionRunCacheStatus> =
        JsonForm.union
            [
                JsonForm.unitCase "Hit" ProjectionRunCacheStatus.Hit
                JsonForm.unitCase "Miss" ProjectionRunCacheStatus.Miss
                JsonForm.unitCase "Bypassed" ProjectionRunCacheStatus.Bypassed
                JsonForm.case
                    "Unavailable"
                    (function
                    | ProjectionRunCacheStatus.Unavailable reason -> Some reason
                    | _ -> None)
                    ProjectionRunCacheStatus.Unavailable
                    reason
            ]

    let private output: JsonForm<ProjectionRunOutputHash> =
        JsonForm.union
            [
                JsonForm.case
                    "Known"
                    (function
                    | ProjectionRunOutputHash.Known hash -> Some hash
                    | _ -> None)
                    ProjectionRunOutputHash.Known
                    JsonForm.hash
                JsonForm.unitCase "NotApplicable" ProjectionRunOutputHash.NotApplicable
                JsonForm.case
                    "Unavailable"
                    (function
                    | ProjectionRunOutputHash.Unavailable reason -> Some reason
                    | _ -> None)
                    ProjectionRunOutputHash.Unavailable
                    reason
            ]

    let private frontier: JsonForm<ProjectionRunInputFrontier> =
        JsonForm.object (
            members {
                let! _ = JsonForm.constant "kind" (JsonValue.String "Visible")

                and! wall =
                    JsonForm.field "wall_ms" (fun (ProjectionRunInputFrontier.Visible(wallMs, _)) -> wallMs) JsonForm.int64

                and! sequence =
                    JsonForm.field "global_sequence" (fun (ProjectionRunInputFrontier.Visible(_, sequence)) -> sequence) JsonForm.int64

                return ProjectionRunInputFrontier.Visible(wall, sequence)
            }
        )

    let private findings: JsonForm<ProjectionRunFinding list> =
        JsonForm.union
            [
                JsonForm.unitCase "ObservedFreshnessUnavailable" ProjectionRunFinding.ObservedFreshnessUnavailable
                JsonForm.unitCase "InputFrontierUnknown" ProjectionRunFinding.InputFrontierUnknown
                JsonForm.unitCase "OutputHashUnavailable" ProjectionRunFinding.OutputHashUnavailable
                JsonForm.unitCase "CacheStatusUnavailable" ProjectionRunFinding.CacheStatusUnavailable
                JsonForm.unitCase "PartialVisibilityNotApplicable" ProjectionRunFinding.PartialVisibilityNotApplicable
                JsonForm.unitCase "ProjectionFailed" ProjectionRunFinding.ProjectionFailed
                JsonForm.unitCase "StaleUsed" ProjectionRunFinding.StaleUsed
            ]
        |> JsonForm.list
        |> JsonForm.checkedBy (fun found ->
            if List.sort found = found then
                Ok()
            else
                Error(ValueError.Malformed("the list of findings", "it is not sorted")))

    // The type of the record is known before the name of a member of it.
    let private field name (get: ProjectionRunReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

    let private seedFields (version: int) : JsonFormMembers<ProjectionRunReportBody, ProjectionRunReportBody> =
        members {
            let! _ = JsonForm.constant "schema_version" (JsonValue.Number(double version))

            and! id =
                field "projection_id" _.ProjectionId (JsonForm.text |> JsonForm.checkedBy Projection.validateId)

            and! sources = field "source_refs" _.SourceRefs sources
            and! mode = field "replay_mode" _.ReplayMode replayMode
            and! requested = field "requested_freshness" _.RequestedFreshness requested
            and! observed = field "observed_freshness" _.ObservedFreshness freshness
            and! frontier = field "input_frontier" _.InputFrontier (JsonForm.option frontier)
            and! output = field "output_hash" _.OutputHash output
            and! cache = field "cache_status" _.CacheStatus cache
            and! checkpoint = field "checkpoint_ref" _.CheckpointRef checkpoint
            and! findings = field "findings" _.Findings findings

            return
                {
                    SchemaVersion = version
                    ProjectionId = id
                    SourceRefs = sources
                    ReplayMode = mode
                    RequestedFreshness = requested
                    ObservedFreshness = observed
                    InputFrontier = frontier
                    OutputHash = output
                    CacheStatus = cache
                    CheckpointRef = checkpoint
                    Findings = findings
                    Query = None
                    Head = None
                    TreeSize = None
                    Root = None
                    EntriesHash = None
                }
        }

    let private version1: JsonForm<ProjectionRunReportBody> =
        let plain = JsonForm.object (seedFields 1)

        let write (body: ProjectionRunReportBody) =
            if body.Query.IsSome || body.Head.IsSome || body.TreeSize.IsSome || body.Root.IsSome || body.EntriesHash.IsSome then
                raise (JsonFault "a body of version 1 has no query, no head, no tree and no hash of entries")

            plain.Write body

        { plain with Write = write }

    // The query as it is written: with the streams and ranges that the sources name.
    let private selection (body: ProjectionRunReportBody) : Selection =
        match body.Query with
        | Some query -> Selection.create query body.SourceRefs
        | None -> raise (JsonFault "a body of version 2 has a query")

    let private version2: JsonForm<ProjectionRunReportBody> =
        JsonForm.object (
            members {
                let! body = seedFields 2
                and! query = field "query" selection Selection.form
                and! head = field "head" _.Head (JsonForm.option ReportParts.head)
                and! size = field "tree_size" _.TreeSize (JsonForm.option JsonForm.int64)
                and! root = field "root" _.Root (JsonForm.option JsonForm.hash)
                and! entries = field "entries_hash" _.EntriesHash (JsonForm.option JsonForm.hash)

                if selection { body with Query = Some query.Query } <> query then
                    raise (JsonFault "the streams and ranges of the query are not those of the sources")

                return
                    { body with
                        Query = Some query.Query
                        Head = head
                        TreeSize = size
                        Root = root
                        EntriesHash = entries
                    }
            }
        )

    let private ofVersion (version: int) : JsonForm<ProjectionRunReportBody> =
        match version with
        | 1 -> version1
        | 2 -> version2
        | other -> raise (JsonFault("the body has schema version " + Numbers.text other + ", this program knows 1 and 2"))

    /// The form of a body: version 1 or 2, as it says itself.
    let form: JsonForm<ProjectionRunReportBody> =
        {
            Write = fun body -> (ofVersion body.SchemaVersion).Write body
            Read =
                fun json ->
                    match json with
                    | JsonValue.Object found ->
                        match found |> List.tryPick (fun (name, value) -> if name = "schema_version" then Some value else None) with
                        | Some version -> (ofVersion (JsonForm.int32.Read version)).Read json
                        | None -> raise (JsonFault "the member 'schema_version' is missing")
                    | _ -> raise (JsonFault "it is no object")
        }

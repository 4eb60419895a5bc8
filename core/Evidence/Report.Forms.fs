// The JSON forms of the reports besides those of projections: each body begins with its kind and its schema version.
// Called by the facade, by way of Report.fs, which adds hash and envelope.
namespace Refold.Core

/// Forms of bodies, by kind.
[<RequireQualifiedAccess>]
module internal ReportForms =

    // What every body says of itself.
    let private kind (name: string) : JsonFormMembers<'Body, unit> =
        members {
            let! _ = JsonForm.constant "kind" (JsonValue.String name)
            and! _ = JsonForm.constant "schema_version" (JsonValue.Number 1.0)
            return ()
        }

    /// `run`.
    let run: JsonForm<RunReportBody> =
        let field name (get: RunReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! _ = kind "run"
                and! run = field "run" _.Run ReportParts.run
                and! pin = field "pin" _.Pin ReportParts.pin
                and! seed = field "seed" _.Pin.Seed JsonForm.uint64
                and! root = field "root" _.Root ReportParts.random
                and! first = field "first_random" _.FirstRandom (JsonForm.option ReportParts.random)
                and! last = field "last_random" _.LastRandom (JsonForm.option ReportParts.random)
                and! external = field "external" _.External JsonForm.int64
                and! derived = field "derived" _.Derived JsonForm.int64
                and! head = field "head" _.Head ReportParts.head

                if seed <> pin.Seed then
                    raise (JsonFault "the seed is not that of the pin")

                return
                    {
                        Run = run
                        Pin = pin
                        Root = root
                        FirstRandom = first
                        LastRandom = last
                        External = external
                        Derived = derived
                        Head = head
                    }
            }
        )

    /// `replay`.
    let replay: JsonForm<ReplayReportBody> =
        JsonForm.object (
            members {
                let! _ = kind "replay"
                and! report = ReplayReportForm.fields (fun (body: ReplayReportBody) -> body.Report)
                and! head = JsonForm.field "head" (fun (body: ReplayReportBody) -> body.Head) ReportParts.head
                return { Report = report; Head = head }
            }
        )

    let private path: JsonForm<OpeningReportPath> =
        JsonForm.union
            [
                JsonForm.unitCase "Empty" OpeningReportPath.Empty
                JsonForm.unitCase "Footers" OpeningReportPath.Footers
                JsonForm.unitCase "Scan" OpeningReportPath.Scan
                JsonForm.unitCase "Checkpoint" OpeningReportPath.Checkpoint
            ]

    /// `opening`.
    let opening: JsonForm<OpeningReportBody> =
        let field name (get: OpeningReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! _ = kind "opening"
                and! path = field "path" _.Path path
                and! restored = field "restored" _.Restored JsonForm.int64
                and! tail = field "tail" _.Tail JsonForm.int64
                and! ignored = field "ignored" _.Ignored JsonForm.int32

                and! interrupted =
                    field "interrupted" _.Interrupted (JsonForm.option (JsonForm.one "switched" JsonForm.bool))

                and! head = field "head" _.Head ReportParts.head

                return
                    {
                        Path = path
                        Restored = restored
                        Tail = tail
                        Ignored = ignored
                        Interrupted = interrupted
                        Head = head
                    }
            }
        )

    let private order: JsonForm<CompactionOrder> =
        JsonForm.union
            [
                JsonForm.unitCase "Merge" CompactionOrder.Merge
                JsonForm.case
                    "RetainFrom"
                    (function
                    | CompactionOrder.RetainFrom position -> Some position
                    | _ -> None)
                    CompactionOrder.RetainFrom
                    (JsonForm.one "position" JsonForm.int64)
                JsonForm.case
                    "DeleteStream"
                    (function
                    | CompactionOrder.DeleteStream stream -> Some stream
                    | _ -> None)
                    CompactionOrder.DeleteStream
                    (JsonForm.one "stream" ReportParts.stream)
                JsonForm.case
                    "ForgetKeysBefore"
                    (function
                    | CompactionOrder.ForgetKeysBefore position -> Some position
                    | _ -> None)
                    CompactionOrder.ForgetKeysBefore
                    (JsonForm.one "position" JsonForm.int64)
                JsonForm.unitCase "DropDeleted" CompactionOrder.DropDeleted
            ]

    let private gone: JsonForm<CompactedVersions> =
        JsonForm.object (
            members {
                let! stream = JsonForm.field "stream" (fun (gone: CompactedVersions) -> gone.Stream) ReportParts.stream
                and! first = JsonForm.field "from_version" (fun (gone: CompactedVersions) -> gone.First) JsonForm.int64
                and! last = JsonForm.field "to_version" (fun (gone: CompactedVersions) -> gone.Last) JsonForm.int64
                return ({ Stream = stream; First = first; Last = last }: CompactedVersions)
            }
        )

    /// `compaction`.
    let compaction: JsonForm<CompactionReportBody> =
        let field name (get: CompactionReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! _ = kind "compaction"
                and! order = field "order" _.Order order
                and! gone = field "gone" _.Gone (JsonForm.list gone)
                and! keysBefore = field "keys_before" _.KeysBefore JsonForm.int64
                and! beginning = field "beginning" _.Beginning ReportParts.head
                and! beginningSize = field "beginning_tree_size" _.BeginningTreeSize JsonForm.int64
                and! beginningRoot = field "beginning_root" _.BeginningRoot JsonForm.hash
                and! head = field "head" _.Head ReportParts.head
                and! size = field "tree_size" _.TreeSize JsonForm.int64
                and! root = field "root" _.Root JsonForm.hash

                return
                    {
                        Order = order
                        Gone = gone
                        KeysBefore = keysBefore
                        Beginning = beginning
                        BeginningTreeSize = beginningSize
                        BeginningRoot = beginningRoot
                        Head = head
                        TreeSize = size
                        Root = root
                    }
            }
        )

    /// `snapshot`.
    let snapshot: JsonForm<SnapshotReportBody> =
        let field name (get: SnapshotReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! _ = kind "snapshot"
                and! stream = field "stream" _.Stream ReportParts.stream
                and! version = field "version" _.Version JsonForm.int64
                and! head = field "head" _.Head ReportParts.head
                and! stateType = field "state_type" _.StateType JsonForm.text
                and! stateSchemaVersion = field "state_schema_version" _.StateSchemaVersion JsonForm.int32
                and! stateHash = field "state_hash" _.StateHash JsonForm.hash
                and! run = field "run" _.Run (JsonForm.option ReportParts.run)
                and! pin = field "pin" _.Pin (JsonForm.option ReportParts.pin)
                and! checksum = field "checksum" _.Checksum JsonForm.hash

                return
                    {
                        Stream = stream
                        Version = version
                        Head = head
                        StateType = stateType
                        StateSchemaVersion = stateSchemaVersion
                        StateHash = stateHash
                        Run = run
                        Pin = pin
                        Checksum = checksum
                    }
            }
        )

    /// `import`.
    let import: JsonForm<ImportReportBody> =
        let field name (get: ImportReportBody -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! _ = kind "import"
                and! entries = field "entries" _.Entries JsonForm.int64
                and! there = field "already_there" _.AlreadyThere JsonForm.int64
                and! renumbered = field "renumbered" _.IsRenumbered JsonForm.bool
                and! truncated = field "times_truncated" _.TimesTruncated JsonForm.bool
                and! hash = field "entries_hash" _.EntriesHash JsonForm.hash
                and! before = field "head_before" _.Before ReportParts.head
                and! head = field "head" _.Head ReportParts.head
                and! size = field "tree_size" _.TreeSize JsonForm.int64
                and! root = field "root" _.Root JsonForm.hash

                return
                    {
                        Entries = entries
                        AlreadyThere = there
                        IsRenumbered = renumbered
                        TimesTruncated = truncated
                        EntriesHash = hash
                        Before = before
                        Head = head
                        TreeSize = size
                        Root = root
                    }
            }
        )

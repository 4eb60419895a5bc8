// Bodies of reports with every member anywhere in its range, changed in one member; rows and journals of which something is gone.
// Called by EvidenceProperties.fs.
module internal Refold.Properties.EvidenceGenerators

open System
open FsCheck
open FsCheck.FSharp
open Refold
open Refold.Core
open Refold.Properties.Generators

let hash: Gen<Hash> =
    Gen.arrayOfLength 32 (Gen.map byte (Gen.choose (0, 255)))
    |> Gen.map (fun bytes -> Hash.OfSpan(ReadOnlySpan bytes))

let long: Gen<int64> = words |> Gen.map int64

let private name = EntryGenerator.name

let source: Gen<ProjectionSourceRef> =
    Gen.oneof
        [
            name |> Gen.map ProjectionSourceRef.Entity
            name |> Gen.map ProjectionSourceRef.RelevantKind
            name |> Gen.map ProjectionSourceRef.Tag
            Gen.zip (Gen.choose64 (1L, Int64.MaxValue)) (Gen.choose64 (1L, Int64.MaxValue))
            |> Gen.map (fun (left, right) -> ProjectionSourceRef.Range(min left right, max left right))
        ]

let sources: Gen<ProjectionSourceRef list> = Gen.listOf source |> Gen.resize 6

let private requested: Gen<ProjectionRunRequestedFreshness> =
    Gen.oneof
        [
            Gen.constant ProjectionRunRequestedFreshness.Consistent
            words |> Gen.map ProjectionRunRequestedFreshness.MaybeStale
        ]

let freshness: Gen<ProjectionRunFreshnessStatus> =
    Gen.oneof
        [
            Gen.constant ProjectionRunFreshnessStatus.Fresh
            Gen.constant ProjectionRunFreshnessStatus.StaleAllowed
            Gen.constant ProjectionRunFreshnessStatus.NotApplicable
            texts |> Gen.map ProjectionRunFreshnessStatus.Unavailable
        ]

let cache: Gen<ProjectionRunCacheStatus> =
    Gen.oneof
        [
            Gen.constant ProjectionRunCacheStatus.Hit
            Gen.constant ProjectionRunCacheStatus.Miss
            Gen.constant ProjectionRunCacheStatus.Bypassed
            texts |> Gen.map ProjectionRunCacheStatus.Unavailable
        ]

let output: Gen<ProjectionRunOutputHash> =
    Gen.oneof
        [
            hash |> Gen.map ProjectionRunOutputHash.Known
            Gen.constant ProjectionRunOutputHash.NotApplicable
            texts |> Gen.map ProjectionRunOutputHash.Unavailable
        ]

let frontier: Gen<ProjectionRunInputFrontier option> =
    Gen.optionOf (Gen.zip long long |> Gen.map ProjectionRunInputFrontier.Visible)

let private findings: Gen<ProjectionRunFinding list> =
    Gen.subListOf
        [
            ProjectionRunFinding.ObservedFreshnessUnavailable
            ProjectionRunFinding.InputFrontierUnknown
            ProjectionRunFinding.OutputHashUnavailable
            ProjectionRunFinding.CacheStatusUnavailable
            ProjectionRunFinding.PartialVisibilityNotApplicable
            ProjectionRunFinding.ProjectionFailed
            ProjectionRunFinding.StaleUsed
        ]
    |> Gen.map List.ofSeq

/// A body of version 2.
let body: Gen<ProjectionRunReportBody> =
    gen {
        let! id = name
        let! sources = sources
        let! requested = requested
        let! observed = freshness
        let! frontier = frontier
        let! output = output
        let! cache = cache
        let! findings = findings
        let! query = JournalGenerators.query
        let! head = Gen.optionOf (Gen.zip long hash)
        let! size = Gen.optionOf long
        let! root = Gen.optionOf hash
        let! entries = Gen.optionOf hash

        return
            {
                SchemaVersion = 2
                ProjectionId = id
                SourceRefs = ProjectionSource.sort sources
                ReplayMode = ProjectionRunReplayMode.Current
                RequestedFreshness = requested
                ObservedFreshness = observed
                InputFrontier = frontier
                OutputHash = output
                CacheStatus = cache
                CheckpointRef = ProjectionRunCheckpointRef.NotApplicable
                Findings = findings
                Query = Some query
                Head = head |> Option.map (fun (position, hash) -> { Position = position; Hash = hash })
                TreeSize = size
                Root = root
                EntriesHash = entries
            }
    }

/// A body, and the same with one member taken from another body.
let changed: Gen<ProjectionRunReportBody * ProjectionRunReportBody> =
    gen {
        let! first = body
        let! other = body

        let! changed =
            Gen.elements
                [
                    { first with ProjectionId = other.ProjectionId }
                    { first with SourceRefs = other.SourceRefs }
                    { first with RequestedFreshness = other.RequestedFreshness }
                    { first with ObservedFreshness = other.ObservedFreshness }
                    { first with InputFrontier = other.InputFrontier }
                    { first with OutputHash = other.OutputHash }
                    { first with CacheStatus = other.CacheStatus }
                    { first with Findings = other.Findings }
                    { first with Query = other.Query }
                    { first with Head = other.Head }
                    { first with TreeSize = other.TreeSize }
                    { first with Root = other.Root }
                    { first with EntriesHash = other.EntriesHash }
                ]

        return first, changed
    }

/// What a report has beside its body.
let envelope: Gen<int64 option * string option * string list> =
    Gen.zip3 (Gen.optionOf long) (Gen.optionOf texts) (Gen.listOf texts |> Gen.resize 4)

/// Sources over the streams, types and tags that generated journals have.
let journalSources: Gen<ProjectionSourceRef list> =
    Gen.oneof
        [
            Gen.elements JournalGenerators.streams |> Gen.map (fun stream -> ProjectionSourceRef.Entity stream.Value)
            Gen.elements [ "t"; "u" ] |> Gen.map ProjectionSourceRef.RelevantKind
            Gen.elements [ "x"; "y"; "kind:derived" ] |> Gen.map ProjectionSourceRef.Tag
            Gen.zip (Gen.choose (1, 20)) (Gen.choose (0, 20))
            |> Gen.map (fun (first, more) -> ProjectionSourceRef.Range(int64 first, int64 (first + more)))
        ]
    |> Gen.listOf
    |> Gen.resize 3

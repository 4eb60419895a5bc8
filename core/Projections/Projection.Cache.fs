// The rule of cached states: serve, go on from it, or read everything again; and what the report says of it (seed 001).
// Called by Evidence/ProjectionRun.fs; caches of the facade keep the rows.
namespace Refold.Core

/// A state that was kept, with all that is needed to doubt it.
[<NoComparison>]
type internal ProjectionRow =
    {
        /// The place that the state is as of.
        Watermark: Head
        /// The projection's schema version.
        SchemaVersion: int
        /// The hash of the query; `Selection.hash`.
        QueryHash: Hash
        /// The state; `None` where the fold gave nothing.
        State: Encoded option
        /// The hash of the entries that were folded.
        EntriesHash: Hash
    }

/// Where a row comes from.
[<RequireQualifiedAccess; Struct>]
type internal CachePlace =
    /// From a store: a run goes on from there.
    | Kept
    /// From the memory of the process: used only where it is as of the head.
    | InMemory

/// What a cache answered.
[<RequireQualifiedAccess; NoComparison>]
type internal CacheAnswer =
    /// It was not asked.
    | Bypassed
    /// It could not be read.
    | Failed
    /// It has nothing.
    | Absent
    /// A row, and how many milliseconds ago it was written; below 0 where the clock went back.
    | Found of row: ProjectionRow * ageMs: int64 * place: CachePlace

/// Where a run begins.
[<RequireQualifiedAccess; NoComparison>]
type internal CacheWay<'State> =
    /// The state of the row is the answer.
    | Serve of row: ProjectionRow * state: 'State option
    /// Entries behind the row are folded into its state.
    | GoOn of row: ProjectionRow * state: 'State option
    /// Every entry is folded.
    | Replay

/// Where a run begins, and what its report says of that.
[<NoComparison>]
type internal CachePlan<'State> =
    {
        Way: CacheWay<'State>
        Cache: ProjectionRunCacheStatus
        Freshness: ProjectionRunFreshnessStatus
    }

/// The rule.
[<RequireQualifiedAccess>]
module internal ProjectionCache =

    /// The reason where a cache could not be read.
    let getFailed = "cache_get_failed"

    // A state whose codec makes other bytes of it, at the same schema version, is another state by now.
    let private tryDecode (codec: Codec<'State>) (kept: Encoded) : 'State option =
        try
            match codec.Decode kept with
            | Error _ -> None
            | Ok state ->
                match codec.Encode state with
                | Ok again when again.Type = kept.Type && again.SchemaVersion = kept.SchemaVersion && again.Payload <> kept.Payload -> None
                | Ok _ -> Some state
                | Error _ -> None
        with _ ->
            None

    // The state of a row that belongs to this journal, this query and this program.
    let private tryUse (projection: Projection<'State>) (queryHash: Hash) (head: Head) hashAt (row: ProjectionRow) : 'State option voption =
        let isOurs =
            row.SchemaVersion = projection.SchemaVersion
            && row.QueryHash = queryHash
            && row.EntriesHash <> EntriesHash.zero
            && row.Watermark.Position >= 1L
            && row.Watermark.Position <= head.Position
            && (hashAt row.Watermark.Position = Some row.Watermark.Hash)

        match row.State, projection.State with
        | _ when not isOurs -> ValueNone
        | None, _ -> ValueSome None
        | Some _, None -> ValueNone
        | Some kept, Some codec ->
            match tryDecode codec kept with
            | Some state -> ValueSome(Some state)
            | None -> ValueNone

    let private replay (cache: ProjectionRunCacheStatus) : CachePlan<'State> =
        {
            Way = CacheWay.Replay
            Cache = cache
            Freshness = ProjectionRunFreshnessStatus.Fresh
        }

    let private hit way freshness : CachePlan<'State> = { Way = way; Cache = ProjectionRunCacheStatus.Hit; Freshness = freshness }

    /// Where a run begins. `head`: the place the run is made at. `hashAt`: the journal's head hash at a position, none where no batch ends
    /// there.
    let plan
        (projection: Projection<'State>)
        (queryHash: Hash)
        (requested: ProjectionRunRequestedFreshness)
        (head: Head)
        (hashAt: int64 -> Hash option)
        (answer: CacheAnswer)
        : CachePlan<'State> =
        match answer with
        | CacheAnswer.Bypassed -> replay ProjectionRunCacheStatus.Bypassed
        | CacheAnswer.Failed -> replay (ProjectionRunCacheStatus.Unavailable getFailed)
        | CacheAnswer.Absent -> replay ProjectionRunCacheStatus.Miss
        | CacheAnswer.Found(row, ageMs, place) ->
            let isYoung =
                match requested with
                | ProjectionRunRequestedFreshness.Consistent -> false
                | ProjectionRunRequestedFreshness.MaybeStale maxStaleMs -> uint64 (max 0L ageMs) < maxStaleMs

            match tryUse projection queryHash head hashAt row with
            | ValueNone -> replay ProjectionRunCacheStatus.Miss
            | ValueSome state when row.Watermark.Position = head.Position ->
                hit (CacheWay.Serve(row, state)) ProjectionRunFreshnessStatus.Fresh
            | ValueSome _ when place = CachePlace.InMemory -> replay ProjectionRunCacheStatus.Miss
            | ValueSome state when isYoung -> hit (CacheWay.Serve(row, state)) ProjectionRunFreshnessStatus.StaleAllowed
            | ValueSome state -> hit (CacheWay.GoOn(row, state)) ProjectionRunFreshnessStatus.Fresh

// What a projection reads, how fresh its state has to be, and what was found of freshness and cache (seed 001).
// Used by Projection.fs and Projection.Cache.fs, and by the reports of Evidence.
namespace Refold.Core

/// What a projection reads. The cases are in seed 001's order; those that the seed lacks come after.
[<Struct; RequireQualifiedAccess; NoComparison>]
type ProjectionSourceRef =
    /// A stream, by its name.
    | Entity of entity: string
    /// Entries of a type, by its name.
    | RelevantKind of typeName: string
    /// Entries that have an outward tag; `kind:external` and `kind:derived` restrict the roles.
    | Tag of tag: string
    /// Entries at these positions, both included; 2^63 - 1 for no end.
    | Range of fromPosition: int64 * toPosition: int64

/// How fresh the state has to be.
[<Struct; RequireQualifiedAccess; NoComparison>]
type ProjectionRunRequestedFreshness =
    /// As of the journal's head.
    | Consistent
    /// From the cache, if what is there is younger than so many milliseconds; 0 for never.
    | MaybeStale of maxStaleMs: uint64

/// How fresh the state is.
[<Struct; RequireQualifiedAccess; NoComparison>]
type ProjectionRunFreshnessStatus =
    /// As of the journal's head.
    | Fresh
    /// From the cache, as of a place before the head.
    | StaleAllowed
    /// Nothing matched: there is no state.
    | NotApplicable
    /// The run failed.
    | Unavailable of reason: string

/// What was found in the cache.
[<Struct; RequireQualifiedAccess; NoComparison>]
type ProjectionRunCacheStatus =
    /// The state came from the cache, or the run went on from there.
    | Hit
    /// Nothing that could be used: every entry was read.
    | Miss
    /// The cache was not asked, or there is nothing to keep in one.
    | Bypassed
    /// The cache could not be read, or the run failed.
    | Unavailable of reason: string

/// Functions of source references.
[<RequireQualifiedAccess>]
module internal ProjectionSource =

    let private rank (source: ProjectionSourceRef) =
        match source with
        | ProjectionSourceRef.Entity _ -> 0
        | ProjectionSourceRef.RelevantKind _ -> 1
        | ProjectionSourceRef.Tag _ -> 2
        | ProjectionSourceRef.Range _ -> 3

    /// By declaration, then by UTF-8 bytes, ranges by their positions.
    let compare (left: ProjectionSourceRef) (right: ProjectionSourceRef) : int =
        match left, right with
        | ProjectionSourceRef.Entity left, ProjectionSourceRef.Entity right
        | ProjectionSourceRef.RelevantKind left, ProjectionSourceRef.RelevantKind right
        | ProjectionSourceRef.Tag left, ProjectionSourceRef.Tag right -> Text.compareUtf8 left right
        | ProjectionSourceRef.Range(leftFrom, leftTo), ProjectionSourceRef.Range(rightFrom, rightTo) ->
            compare (struct (leftFrom, leftTo)) (struct (rightFrom, rightTo))
        | _ -> compare (rank left) (rank right)

    /// In this order; what is declared twice stays twice.
    let sort (sources: ProjectionSourceRef list) : ProjectionSourceRef list = List.sortWith compare sources

    /// The rule that a source breaks.
    let validate (source: ProjectionSourceRef) : Result<unit, ValueError> =
        match source with
        | ProjectionSourceRef.Entity name -> StreamId.tryCreate name |> Result.map ignore
        | ProjectionSourceRef.RelevantKind name -> Text.validate "type" Limits.typeBytes name |> Result.map ignore
        | ProjectionSourceRef.Tag tag -> Tags.ofOutward [ tag ] |> Result.map ignore
        | ProjectionSourceRef.Range(first, last) when first < 1L || last < first ->
            Error(
                ValueError.OutOfRange("range", Numbers.text first + " to " + Numbers.text last, "of positions from 1, the lower one first")
            )
        | ProjectionSourceRef.Range _ -> Ok()

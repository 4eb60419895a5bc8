// A projection: a pure fold over the entries that a query names, of any number of streams, into a state that can be made again.
// Written by users; run by Evidence/Evidence.fs and by the facade.
namespace Refold.Core

/// A named fold over entries. Made by the functions of `Projection`.
[<NoEquality; NoComparison>]
type Projection<'State> =
    internal
        {
            Id: string
            SchemaVersion: int
            // As they were declared.
            Sources: ProjectionSourceRef list
            Query: Query
            Initial: 'State option
            // An error where the entry cannot be decoded.
            Apply: 'State option -> Entry -> Result<'State option, CodecError>
            State: Codec<'State> option
        }

/// Making projections. Names and numbers that break a rule throw `ArgumentException`.
[<RequireQualifiedAccess>]
module Projection =

    /// The longest id, in UTF-8 bytes.
    let internal maxIdBytes = 256

    let internal validateId (id: string) : Result<string, ValueError> = Text.validate "projection id" maxIdBytes id

    let private valid (parameter: string) (result: Result<'Value, ValueError>) : 'Value =
        match result with
        | Ok value -> value
        | Error error -> invalidArg parameter (error.ToString())

    let private firstFault (sources: ProjectionSourceRef list) : ValueError option =
        sources
        |> List.tryPick (fun source ->
            match ProjectionSource.validate source with
            | Ok() -> None
            | Error error -> Some error)

    /// The query that sources name: an entry matches where its type is one of the `RelevantKind` (any type, without one) and it has every
    /// `Tag`. Beside the query its stream has to be one of the `Entity` (any stream, without one), and its position in one of the `Range`
    /// (any position, without one). The role does not matter: commands, refusals and what else a run records match too, unless a `Tag`
    /// says `kind:external` or `kind:derived`.
    let queryOf (sources: ProjectionSourceRef list) : Result<Query, ValueError> =
        let types =
            sources
            |> List.choose (function
                | ProjectionSourceRef.RelevantKind name -> Some name
                | _ -> None)

        let tags =
            sources
            |> List.choose (function
                | ProjectionSourceRef.Tag tag -> Some tag
                | _ -> None)

        match firstFault sources with
        | Some error -> Error error
        | None ->
            Tags.ofOutward tags
            |> Result.map (fun (tags, kind) ->
                if types.IsEmpty && tags.IsEmpty && kind.IsNone then
                    Query.all
                else
                    { Items = [ { Types = List.distinct types; Tags = tags; Kind = kind } ] })

    // Tags of a query as they are declared: with the tag that its provenance shows as.
    let private sourcesOf (query: Query) : ProjectionSourceRef list =
        [
            for item in query.Items do
                for name in item.Types do
                    ProjectionSourceRef.RelevantKind name

                for tag in item.Tags do
                    ProjectionSourceRef.Tag tag.Value

                for kind in Option.toList item.Kind do
                    ProjectionSourceRef.Tag(EntryKind.tag kind)
        ]
        |> List.distinct

    let private create
        (id: string)
        (schemaVersion: int)
        (sources: ProjectionSourceRef list)
        (apply: 'State option -> Entry -> Result<'State option, CodecError>)
        : Projection<'State> =
        if schemaVersion < 1 then
            invalidArg (nameof schemaVersion) ("a schema version is 1 or more, not " + Numbers.text schemaVersion)

        {
            Id = valid (nameof id) (validateId id)
            SchemaVersion = schemaVersion
            Sources = sources
            Query = valid (nameof sources) (queryOf sources)
            Initial = None
            Apply = apply
            State = None
        }

    /// A projection over whole entries. The id is stable, 1 to 256 UTF-8 bytes without control characters, and no type name; the schema
    /// version is raised whenever `apply` or the state changes, so that no cached state of before is used. `sources`: see `queryOf`.
    /// `apply` gets `None` before the first entry; what it throws makes the run fail.
    ///
    ///     Projection.ofEntries "placed" 1 [ ProjectionSourceRef.RelevantKind "Placed" ] (fun count _ -> Some(defaultArg count 0L + 1L))
    ///     |> Projection.withState (Codec.int64 "placed")
    let ofEntries
        (id: string)
        (schemaVersion: int)
        (sources: ProjectionSourceRef list)
        (apply: 'State option -> Entry -> 'State option)
        : Projection<'State> =
        create id schemaVersion sources (fun state entry -> Ok(apply state entry))

    /// A projection over what a codec reads; `Codec.union` makes one codec of those of several types. An entry that matches and cannot be
    /// decoded makes the run fail.
    let ofEvents
        (id: string)
        (schemaVersion: int)
        (sources: ProjectionSourceRef list)
        (events: Codec<'Event>)
        (apply: 'State option -> 'Event -> 'State option)
        : Projection<'State> =
        create id schemaVersion sources (fun state entry ->
            events.Decode
                {
                    Type = entry.Data.Type
                    SchemaVersion = entry.Data.SchemaVersion
                    Payload = entry.Data.Payload
                }
            |> Result.map (apply state))

    /// What `apply` gets before the first entry, in place of `None`. Where nothing matches there is no state all the same.
    let startingWith (initial: 'State) (projection: Projection<'State>) : Projection<'State> = { projection with Initial = Some initial }

    /// The form of the state: for the hash of the output, and for caches.
    let withState (codec: Codec<'State>) (projection: Projection<'State>) : Projection<'State> = { projection with State = Some codec }

    /// Another query for types and tags, of several alternatives. Its types and tags are the declared sources from now on, beside the
    /// streams and ranges that were declared.
    let matching (query: Query) (projection: Projection<'State>) : Projection<'State> =
        let beside =
            projection.Sources
            |> List.filter (fun source ->
                match source with
                | ProjectionSourceRef.Entity _
                | ProjectionSourceRef.Range _ -> true
                | ProjectionSourceRef.RelevantKind _
                | ProjectionSourceRef.Tag _ -> false)

        let named = sourcesOf query
        firstFault named |> Option.iter (fun error -> invalidArg (nameof query) (error.ToString()))
        { projection with Sources = beside @ named; Query = query }

    /// The id.
    let id (projection: Projection<'State>) : string = projection.Id

    /// The schema version.
    let schemaVersion (projection: Projection<'State>) : int = projection.SchemaVersion

    /// The sources, as they were declared.
    let sources (projection: Projection<'State>) : ProjectionSourceRef list = projection.Sources

    /// The query for types and tags.
    let query (projection: Projection<'State>) : Query = projection.Query

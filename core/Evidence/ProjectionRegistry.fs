// Projections by id, as programs and tools run them by name.
// Called by the facade, whose registry holds one.
namespace Refold.Core

/// A projection whose type of state is not known beforehand.
type internal IRegisteredProjection =
    /// The id.
    abstract Id: string
    /// The schema version.
    abstract SchemaVersion: int
    /// The hash of what it reads, as caches know it.
    abstract QueryHash: Hash
    /// What it reads.
    abstract Sources: ProjectionSourceRef list
    /// The projection: the same object wherever it is registered.
    abstract Projection: obj
    /// A run, as `ProjectionRun.over` makes it, with the state as an object.
    abstract Run: request: ProjectionRequest * reader: EvidenceReader -> Result<ProjectionOutcome<objnull>, ProjectionRunReportError>

/// Projections by id. Registering gives another registry.
[<NoEquality; NoComparison>]
type internal ProjectionRegistry = private { Registered: IRegisteredProjection list }

/// Functions of registries.
[<RequireQualifiedAccess>]
module internal ProjectionRegistry =

    /// Without a projection.
    let empty: ProjectionRegistry = { Registered = [] }

    /// A projection without the type of its state.
    let ofProjection (projection: Projection<'State>) : IRegisteredProjection =
        { new IRegisteredProjection with
            member _.Id = projection.Id
            member _.SchemaVersion = projection.SchemaVersion
            member _.QueryHash = Selection.ofProjection projection |> Selection.hash
            member _.Sources = projection.Sources
            member _.Projection = projection :> obj

            member _.Run(request, reader) =
                ProjectionRun.over projection request reader
                |> Result.map (fun outcome ->
                    {
                        State = outcome.State |> Option.map box
                        Encoded = outcome.Encoded
                        Report = outcome.Report
                        Keep = outcome.Keep
                    })
        }

    /// With one more, in place of one of the same id.
    let add (projection: IRegisteredProjection) (registry: ProjectionRegistry) : ProjectionRegistry =
        {
            Registered =
                projection :: List.filter (fun known -> known.Id <> projection.Id) registry.Registered
                |> List.sortWith (fun left right -> Text.compareUtf8 left.Id right.Id)
        }

    /// With a projection, in place of one of the same id.
    let register (projection: Projection<'State>) (registry: ProjectionRegistry) : ProjectionRegistry =
        add (ofProjection projection) registry

    /// All of them, by UTF-8 bytes of their ids.
    let all (registry: ProjectionRegistry) : IRegisteredProjection list = registry.Registered

    /// Whether there is one of this id.
    let contains (id: string) (registry: ProjectionRegistry) : bool = registry.Registered |> List.exists (fun known -> known.Id = id)

    /// The ids, by UTF-8 bytes.
    let ids (registry: ProjectionRegistry) : string list = registry.Registered |> List.map _.Id

    /// The projection of this id; `None` for an id that nobody registered.
    let tryFind (id: string) (registry: ProjectionRegistry) : IRegisteredProjection option =
        registry.Registered |> List.tryFind (fun known -> known.Id = id)

    /// A run of the projection of this id; `None` for an id that nobody registered.
    let run
        (id: string)
        (request: ProjectionRequest)
        (reader: EvidenceReader)
        (registry: ProjectionRegistry)
        : Result<ProjectionOutcome<objnull>, ProjectionRunReportError> option =
        tryFind id registry |> Option.map (fun known -> known.Run(request, reader))

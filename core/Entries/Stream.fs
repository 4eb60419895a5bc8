// Names of streams and runs. Written for both languages: C# sees these types as they are.
// Made by whoever appends or reads; every later file speaks of streams through them.
namespace Refold

open System
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices
open Refold.Core

/// The name of a stream, the entries of one aggregate: 1 to 512 UTF-8 bytes, no control characters, no lone surrogates.
/// Names beginning with `$` are Refold's own. Equal and ordered by UTF-8 bytes.
[<Sealed>]
type StreamId private (value: string) =

    // 0 until it is asked for.
    let mutable hash = 0

    /// The longest name, in UTF-8 bytes.
    static member MaxBytes: int = 512

    static member internal Read(value: string) : Result<StreamId, ValueError> =
        Text.validate "stream" StreamId.MaxBytes value |> Result.map StreamId

    /// The name; false where it breaks a rule.
    static member TryCreate(value: string, [<Out; NotNullWhen true>] stream: byref<StreamId | null>) : bool =
        match StreamId.Read value with
        | Ok read ->
            stream <- read
            true
        | Error _ ->
            stream <- null
            false

    /// The name; throws `ArgumentException` where it breaks a rule.
    static member Create(value: string) : StreamId =
        match StreamId.Read value with
        | Ok stream -> stream
        | Error error -> raise (ArgumentException(error.ToString(), nameof value))

    /// The name; throws `ArgumentException` where it breaks a rule.
    static member op_Implicit(value: string) : StreamId = StreamId.Create value

    /// The name as text.
    member _.Value: string = value

    /// Whether the stream is Refold's own.
    member _.IsSystem: bool = value[0] = '$'

    /// The name as text.
    override _.ToString() = value

    /// Whether both are the same name.
    member _.Equals(other: StreamId) : bool = String.Equals(value, other.Value, StringComparison.Ordinal)

    override this.Equals(other: obj | null) =
        match other with
        | :? StreamId as stream -> this.Equals stream
        | _ -> false

    /// The same in every process.
    override _.GetHashCode() =
        if hash = 0 then
            hash <- StringHash.fnv1a value

        hash

    /// Whether both are the same name.
    static member op_Equality(left: StreamId | null, right: StreamId | null) : bool = Object.Equals(left, right)

    /// Whether the names differ.
    static member op_Inequality(left: StreamId | null, right: StreamId | null) : bool = not (Object.Equals(left, right))

    interface IEquatable<StreamId> with
        member this.Equals other =
            match other with
            | null -> false
            | stream -> this.Equals stream

    interface IComparable<StreamId> with
        member _.CompareTo other =
            match other with
            | null -> 1
            | stream -> Text.compareUtf8 value stream.Value

    interface IComparable with
        member _.CompareTo other =
            match other with
            | :? StreamId as stream -> Text.compareUtf8 value stream.Value
            | _ -> 1

/// The name of a run, one recorded execution: 1 to 128 UTF-8 bytes, no control characters, no lone surrogates.
[<Sealed>]
type RunId private (value: string) =

    let mutable stream: StreamId | null = null
    let mutable effects: StreamId | null = null
    let mutable named: obj | null = null

    /// The longest name, in UTF-8 bytes.
    static member MaxBytes: int = 128

    static member internal Read(value: string) : Result<RunId, ValueError> = Text.validate "run" RunId.MaxBytes value |> Result.map RunId

    /// The name; false where it breaks a rule.
    static member TryCreate(value: string, [<Out; NotNullWhen true>] run: byref<RunId | null>) : bool =
        match RunId.Read value with
        | Ok read ->
            run <- read
            true
        | Error _ ->
            run <- null
            false

    /// The name; throws `ArgumentException` where it breaks a rule.
    static member Create(value: string) : RunId =
        match RunId.Read value with
        | Ok run -> run
        | Error error -> raise (ArgumentException(error.ToString(), nameof value))

    /// The name; throws `ArgumentException` where it breaks a rule.
    static member op_Implicit(value: string) : RunId = RunId.Create value

    /// The name as text.
    member _.Value: string = value

    /// The run's own stream, `$run/<name>`: its commands, refusals, effects and control entries.
    member _.Stream: StreamId =
        match stream with
        | null ->
            let made = StreamId.Create("$run/" + value)
            stream <- made
            made
        | made -> made

    /// The run as what may be absent: what it recorded names it so, and shares one.
    member internal this.Named: RunId option =
        match named with
        | null ->
            let made = Some this
            named <- box made
            made
        | made -> unbox<RunId option> made

    /// The stream of the run's effects, `$fx/<name>`.
    member internal _.Effects: StreamId =
        match effects with
        | null ->
            let made = StreamId.Create("$fx/" + value)
            effects <- made
            made
        | made -> made

    /// The name as text.
    override _.ToString() = value

    /// Whether both are the same name.
    member _.Equals(other: RunId) : bool = String.Equals(value, other.Value, StringComparison.Ordinal)

    override this.Equals(other: obj | null) =
        match other with
        | :? RunId as run -> this.Equals run
        | _ -> false

    /// The same in every process.
    override _.GetHashCode() = StringHash.fnv1a value

    /// Whether both are the same name.
    static member op_Equality(left: RunId | null, right: RunId | null) : bool = Object.Equals(left, right)

    /// Whether the names differ.
    static member op_Inequality(left: RunId | null, right: RunId | null) : bool = not (Object.Equals(left, right))

    interface IEquatable<RunId> with
        member this.Equals other =
            match other with
            | null -> false
            | run -> this.Equals run

    interface IComparable<RunId> with
        member _.CompareTo other =
            match other with
            | null -> 1
            | run -> Text.compareUtf8 value run.Value

    interface IComparable with
        member _.CompareTo other =
            match other with
            | :? RunId as run -> Text.compareUtf8 value run.Value
            | _ -> 1

namespace Refold.Core

/// The name of a stream; see `Refold.StreamId`.
type StreamId = Refold.StreamId

/// The name of a run; see `Refold.RunId`.
type RunId = Refold.RunId

/// Functions of stream names.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module StreamId =

    /// The name, or which rule it breaks.
    let tryCreate (value: string) : Result<StreamId, ValueError> = StreamId.Read value

    /// What the streams of outboxes begin with.
    let internal outboxPrefix = "$outbox/"

    /// Whether the stream is that of an outbox.
    let internal isOutbox (stream: StreamId) : bool = stream.Value.StartsWith(outboxPrefix, System.StringComparison.Ordinal)

/// Functions of run names.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RunId =

    /// The name, or which rule it breaks.
    let tryCreate (value: string) : Result<RunId, ValueError> = RunId.Read value

// What an append expects of a stream before it may be committed. The type is written for both languages.
// Given by callers of an append; judged by Append.Rule.fs.
namespace Refold

open System
open System.Runtime.CompilerServices
open Refold.Core

/// The version a stream must have for an append to be committed. "No stream" is a value of its own, so that two creators of one stream can
/// never both win. Equal by content; the default is `Any`.
[<Struct; IsReadOnly; CustomEquality; NoComparison>]
type ExpectedVersion private (code: int64) =

    /// Whatever the stream's version is; also the default value.
    static member Any: ExpectedVersion = ExpectedVersion 0L

    /// The stream has never had an entry. A stream whose entries were deleted is not absent: its highest version survives.
    static member NoStream: ExpectedVersion = ExpectedVersion -1L

    /// The stream has had at least one entry.
    static member Exists: ExpectedVersion = ExpectedVersion -2L

    /// The stream's highest version is exactly this one; throws `ArgumentOutOfRangeException` below 1: "no stream" is `NoStream`.
    static member Exactly(version: int64) : ExpectedVersion =
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1L, nameof version)
        ExpectedVersion version

    member private _.Code = code

    /// Whether a stream whose highest version is `highest` (0 where it never had an entry) meets the expectation.
    member _.IsMetBy(highest: int64) : bool =
        match code with
        | 0L -> true
        | -1L -> highest = 0L
        | -2L -> highest > 0L
        | version -> highest = version

    /// Whether both expect the same.
    member _.Equals(other: ExpectedVersion) : bool = code = other.Code

    override this.Equals(other: obj | null) =
        match other with
        | :? ExpectedVersion as expected -> this.Equals expected
        | _ -> false

    override _.GetHashCode() = int (code ^^^ (code >>> 32))

    /// "any", "no stream", "an existing stream" or "version N".
    override _.ToString() =
        match code with
        | 0L -> "any"
        | -1L -> "no stream"
        | -2L -> "an existing stream"
        | version -> "version " + Numbers.text version

    /// Whether both expect the same.
    static member op_Equality(left: ExpectedVersion, right: ExpectedVersion) : bool = left.Equals right

    /// Whether they differ.
    static member op_Inequality(left: ExpectedVersion, right: ExpectedVersion) : bool = not (left.Equals right)

    interface IEquatable<ExpectedVersion> with
        member this.Equals other = this.Equals other

namespace Refold.Core

open Refold

/// The version a stream must have for an append to be committed.
type ExpectedVersion = Refold.ExpectedVersion

/// Making an expected version.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal ExpectedVersion =

    /// What a stream whose highest version is `highest` is expected to be when nothing else is to come between.
    let after (highest: int64) : ExpectedVersion = if highest = 0L then ExpectedVersion.NoStream else ExpectedVersion.Exactly highest

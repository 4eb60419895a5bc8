// Tags: what queries find entries by, besides their types.
// Made by whoever appends; indexed by every store.
namespace Refold.Core

open System

/// A tag: 1 to 256 UTF-8 bytes, no control characters, no lone surrogates, not beginning with `kind:`.
/// Equal and ordered by UTF-8 bytes.
[<Sealed>]
type Tag private (value: string) =

    /// The longest tag, in UTF-8 bytes.
    static member MaxBytes: int = 256

    /// The tag, or why it is none.
    static member TryCreate(value: string) : Result<Tag, ValueError> =
        match Text.validate "tag" Tag.MaxBytes value with
        | Error error -> Error error
        | Ok text when text.StartsWith(EntryKind.prefix, StringComparison.Ordinal) -> Error(ValueError.Reserved("tag", text))
        | Ok text -> Ok(Tag text)

    /// The tag; throws `ArgumentException` where it breaks a rule.
    static member Create(value: string) : Tag =
        match Tag.TryCreate value with
        | Ok tag -> tag
        | Error error -> raise (ArgumentException(error.ToString(), nameof value))

    /// The tag as text.
    member _.Value: string = value

    /// The tag as text.
    override _.ToString() = value

    override _.Equals(other: obj | null) =
        match other with
        | :? Tag as tag -> String.Equals(value, tag.Value, StringComparison.Ordinal)
        | _ -> false

    override _.GetHashCode() = StringHash.fnv1a value

    interface IComparable with
        member _.CompareTo other =
            match other with
            | :? Tag as tag -> Text.compareUtf8 value tag.Value
            | _ -> 1

/// A set of tags: at most 64, ordered by UTF-8 bytes, without repetition.
[<RequireQualifiedAccess>]
module internal Tags =

    /// The most tags an entry may have.
    let maxCount = 64

    /// The set in canonical order, or why it is none.
    let ofSeq (tags: Tag seq) : Result<Tag list, ValueError> =
        let sorted = tags |> Seq.distinct |> Seq.sort |> List.ofSeq

        if sorted.Length > maxCount then
            Error(ValueError.TooMany("tags", sorted.Length, maxCount))
        else
            Ok sorted

    /// Outward tags taken apart: the tags proper in canonical order, and the provenance that `kind:` tags give.
    let ofOutward (tags: string seq) : Result<Tag list * EntryKind option, ValueError> =
        let tags = List.ofSeq tags

        match EntryKind.fromTags tags with
        | Error error -> Error error
        | Ok kind ->
            let folder result (text: string) =
                match result with
                | Error _ -> result
                | Ok _ when text.StartsWith(EntryKind.prefix, StringComparison.Ordinal) -> result
                | Ok made -> Tag.TryCreate text |> Result.map (fun tag -> tag :: made)

            List.fold folder (Ok []) tags |> Result.bind ofSeq |> Result.map (fun made -> made, kind)

    /// The outward form: the tags and, last, the kind tag of the role where it has one.
    let toOutward (role: Role) (tags: Tag list) : string list =
        let texts = tags |> List.map _.Value

        match Role.kind role with
        | Some kind -> EntryKind.withKind kind texts
        | None -> texts

// Tags: what queries find entries by, besides their types.
// Made by whoever appends; indexed by every store.
namespace Refold.Core

open System
open System.Collections.Generic

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

    /// The set in canonical order, or why it is none. Of many more than are allowed no more are looked at than show that.
    let private gatherAny (make: 'Item -> Result<Tag option, ValueError>) (items: 'Item seq) : Result<Tag list, ValueError> =
        let found = HashSet<Tag>()
        use items = items.GetEnumerator()

        let rec next () =
            if not (items.MoveNext()) then
                Ok(found |> Seq.sort |> List.ofSeq)
            else
                match make items.Current with
                | Error error -> Error error
                | Ok(Some tag) when found.Add tag && found.Count > maxCount -> Error(ValueError.TooMany("tags", found.Count, maxCount))
                | Ok _ -> next ()

        next ()

    // Most entries have no tag.
    let private gather (make: 'Item -> Result<Tag option, ValueError>) (items: 'Item seq) : Result<Tag list, ValueError> =
        match items with
        | :? IReadOnlyCollection<'Item> as items when items.Count = 0 -> Ok []
        | _ -> gatherAny make items

    /// The set in canonical order, or why it is none.
    let ofSeq (tags: Tag seq) : Result<Tag list, ValueError> =
        match tags with
        | :? (Tag list) as tags when tags.IsEmpty || tags.Tail.IsEmpty -> Ok tags
        | _ -> gather (Some >> Ok) tags

    /// The set of tags that are written so.
    let ofTexts (texts: string seq) : Result<Tag list, ValueError> = gather (Tag.TryCreate >> Result.map Some) texts

    /// Outward tags taken apart: the tags proper in canonical order, and the provenance that `kind:` tags give.
    let ofOutward (tags: string seq) : Result<Tag list * EntryKind option, ValueError> =
        let kinds = HashSet<string> StringComparer.Ordinal

        let proper (text: string) =
            if not (text.StartsWith(EntryKind.prefix, StringComparison.Ordinal)) then
                Tag.TryCreate text |> Result.map Some
            elif kinds.Add text then
                EntryKind.fromTags kinds |> Result.map (fun _ -> None)
            else
                Ok None

        gather proper tags
        |> Result.bind (fun made -> EntryKind.fromTags kinds |> Result.map (fun kind -> made, kind))

    /// The outward form: the tags and, last, the kind tag of the role where it has one.
    let toOutward (role: Role) (tags: Tag list) : string list =
        let texts = tags |> List.map _.Value

        match Role.kind role with
        | Some kind -> EntryKind.withKind kind texts
        | None -> texts

// What a projection reads, whole: query, streams and ranges; its JSON form and hash.
// Called by Projection.Fold.fs and Projection.Cache.fs; the form is part of the body of a report.
namespace Refold.Core

open System

/// Everything that decides whether an entry is folded.
type internal Selection =
    {
        /// Types and tags.
        Query: Query
        /// One of these streams, distinct and by UTF-8 bytes; none: any.
        Streams: string list
        /// At a position in one of these ranges, both ends included, distinct and ascending; none: any.
        Ranges: (int64 * int64) list
    }

/// Functions of selections.
[<RequireQualifiedAccess>]
module internal Selection =

    /// The selection of a query and of sources, of which it takes the streams and the ranges.
    let create (query: Query) (sources: ProjectionSourceRef list) : Selection =
        {
            Query = query
            Streams =
                sources
                |> List.choose (function
                    | ProjectionSourceRef.Entity name -> Some name
                    | _ -> None)
                |> List.distinct
                |> List.sortWith Text.compareUtf8
            Ranges =
                sources
                |> List.choose (function
                    | ProjectionSourceRef.Range(first, last) -> Some(first, last)
                    | _ -> None)
                |> List.distinct
                |> List.sort
        }

    /// The selection of a projection.
    let ofProjection (projection: Projection<'State>) : Selection = create projection.Query projection.Sources

    /// Whether an entry is folded.
    let matches (selection: Selection) (entry: Entry) : bool =
        (selection.Streams.IsEmpty || List.contains entry.Data.Stream.Value selection.Streams)
        && (selection.Ranges.IsEmpty
            || selection.Ranges |> List.exists (fun (first, last) -> first <= entry.Position && entry.Position <= last))
        && Query.matches entry.Data selection.Query

    let private kind: JsonForm<EntryKind> =
        JsonForm.union
            [
                JsonForm.unitCase "External" EntryKind.External
                JsonForm.unitCase "Derived" EntryKind.Derived
            ]

    let private typeName = JsonForm.text |> JsonForm.checkedBy (Text.validate "type" Limits.typeBytes)

    let private tag =
        JsonForm.text |> JsonForm.map (fun (tag: Tag) -> tag.Value) (Tag.TryCreate >> Result.mapError string)

    let private item: JsonForm<QueryItem> =
        JsonForm.object (
            members {
                let! kind = JsonForm.field "kind" (fun (item: QueryItem) -> item.Kind) (JsonForm.option kind)
                and! tags = JsonForm.field "tags" (fun (item: QueryItem) -> item.Tags) (JsonForm.list tag)
                and! types = JsonForm.field "types" (fun (item: QueryItem) -> item.Types) (JsonForm.list typeName)
                return { Types = types; Tags = tags; Kind = kind }
            }
        )

    let private range: JsonForm<int64 * int64> =
        JsonForm.object (
            members {
                let! first = JsonForm.field "from" fst JsonForm.int64
                and! last = JsonForm.field "to" snd JsonForm.int64
                return first, last
            }
        )

    let private stream = JsonForm.text |> JsonForm.checkedBy StreamId.tryCreate

    /// `{"items":[{"kind":null,"tags":[..],"types":[..]}],"ranges":[{"from":"1","to":"9"}],"streams":[..]}`: items are alternatives, and
    /// no item is every entry; inside an item all tags, and any of the types.
    let form: JsonForm<Selection> =
        JsonForm.object (
            members {
                let! items =
                    JsonForm.field "items" (fun (selection: Selection) -> selection.Query.Items) (JsonForm.list item)

                and! ranges =
                    JsonForm.field "ranges" (fun (selection: Selection) -> selection.Ranges) (JsonForm.list range)

                and! streams =
                    JsonForm.field "streams" (fun (selection: Selection) -> selection.Streams) (JsonForm.list stream)

                return { Query = { Items = items }; Streams = streams; Ranges = ranges }
            }
        )

    /// SHA-256 of the canonical form: what a kept state belongs to.
    let hash (selection: Selection) : Hash =
        match JsonForm.toBytes "the query" form selection with
        | Ok bytes -> Hash.Compute bytes.Span
        | Error error -> raise (ArgumentException(error.ToString(), nameof selection))

// Queries over tags and types, and the append condition made of one (the dynamic consistency boundary).
// Evaluated by Journal.fs and by every store.
namespace Refold.Core

/// One way to match: all of the tags, any of the types (none named: every type), and the provenance where given.
type QueryItem =
    {
        /// The entry has one of these types; empty: any type.
        Types: string list
        /// The entry has all of these tags.
        Tags: Tag list
        /// The entry shows this provenance (the outward tags `kind:external` and `kind:derived`).
        Kind: EntryKind option
    }

/// An entry matches a query when it matches any of its items. A query without items matches every entry.
type Query =
    {
        /// The alternatives.
        Items: QueryItem list
    }

/// Fail an append if anything committed after `AsOf` matches the query.
type AppendCondition =
    {
        /// What must not have been appended meanwhile.
        Query: Query
        /// The head position at which the query was evaluated; 0 for an empty journal.
        AsOf: int64
    }

/// What a query found, in position order.
[<NoComparison>]
type QueryAnswer =
    {
        /// The head position at which it was evaluated, also when nothing was found.
        AsOf: int64
        /// The matches.
        Entries: Entry list
    }

/// Making and evaluating queries.
[<RequireQualifiedAccess>]
module Query =

    /// Every entry.
    let all: Query = { Items = [] }

    /// Entries that have all of these outward tags (`kind:external` and `kind:derived` included); no tags: every entry.
    let tags (tags: string seq) : Result<Query, ValueError> =
        Tags.ofOutward tags
        |> Result.map (fun (tags, kind) -> { Items = [ { Types = []; Tags = tags; Kind = kind } ] })

    /// Entries of any of these types.
    let types (types: string seq) : Query = { Items = [ { Types = List.ofSeq types; Tags = []; Kind = None } ] }

    /// Entries that match either query.
    let either (left: Query) (right: Query) : Query =
        if left.Items.IsEmpty || right.Items.IsEmpty then all else { Items = left.Items @ right.Items }

    /// Whether an entry matches one item.
    let itemMatches (data: EntryData) (item: QueryItem) : bool =
        (item.Types.IsEmpty || List.contains data.Type item.Types)
        && item.Tags |> List.forall (fun tag -> List.contains tag data.Tags)
        && (item.Kind.IsNone || Role.kind data.Role = item.Kind)

    /// Whether an entry matches.
    let matches (data: EntryData) (query: Query) : bool = query.Items.IsEmpty || List.exists (itemMatches data) query.Items

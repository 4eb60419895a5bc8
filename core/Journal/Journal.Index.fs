// Finding positions in a journal in memory: by number, by tag, by type, by provenance.
// Called by Journal.fs and ArrayJournal.fs only.
namespace Refold.Core

open System.Collections.Generic
open System.Collections.Immutable

/// Seeking in lists whose elements ascend by a number.
[<RequireQualifiedAccess>]
module internal Ascending =

    /// The lowest index in `start .. count` from which on the test holds; it must not hold before one index and hold from there on.
    let lowest (start: int) (count: int) (test: int -> bool) : int =
        let mutable low = start
        let mutable high = count

        while low < high do
            let middle = low + (high - low) / 2
            if test middle then high <- middle else low <- middle + 1

        low

    /// The index of the first element whose number is `from` or more; the list's length where there is none.
    let indexAt (number: 'Element -> int64) (from: int64) (list: IReadOnlyList<'Element>) : int =
        lowest 0 list.Count (fun index -> number list[index] >= from)

    /// The first number at or after `from`; 0 for none.
    let firstAt (from: int64) (numbers: IReadOnlyList<int64>) : int64 =
        match indexAt id from numbers with
        | index when index < numbers.Count -> numbers[index]
        | _ -> 0L

/// Positions of the entries that are there, by what queries ask for. An entry's provenance is found by its outward tag.
[<NoEquality; NoComparison>]
type internal JournalIndex =
    {
        /// Positions of every entry.
        All: ImmutableList<int64>
        /// Positions by outward tag, `kind:` tags included.
        Tagged: Map<string, ImmutableList<int64>>
        /// Positions by type.
        Typed: Map<string, ImmutableList<int64>>
    }

/// Where an index finds positions, whatever it is made of.
[<NoEquality; NoComparison>]
type internal PositionLookup =
    {
        /// Positions of every entry.
        Every: IReadOnlyList<int64>
        /// Positions by outward tag.
        OfTag: string -> IReadOnlyList<int64>
        /// Positions by type.
        OfType: string -> IReadOnlyList<int64>
    }

/// Keeping and asking the index.
[<RequireQualifiedAccess>]
module internal JournalIndex =

    let empty: JournalIndex = { All = ImmutableList.Empty; Tagged = Map.empty; Typed = Map.empty }

    let private change edit (word: string) (words: Map<string, ImmutableList<int64>>) =
        words
        |> Map.change word (fun found ->
            let positions: ImmutableList<int64> = edit (Option.defaultValue ImmutableList.Empty found)
            if positions.IsEmpty then None else Some positions)

    let private changeEntry edit (data: EntryData) (index: JournalIndex) =
        {
            All = edit index.All
            Tagged = Tags.toOutward data.Role data.Tags |> List.fold (fun words tag -> change edit tag words) index.Tagged
            Typed = change edit data.Type index.Typed
        }

    /// Adds an entry above every other.
    let add (position: int64) (data: EntryData) (index: JournalIndex) : JournalIndex = changeEntry _.Add(position) data index

    /// Removes an entry that was added.
    let remove (position: int64) (data: EntryData) (index: JournalIndex) : JournalIndex =
        changeEntry (fun positions -> positions.RemoveAt(Ascending.indexAt id position positions)) data index

    let private positions (words: Map<string, ImmutableList<int64>>) (word: string) : IReadOnlyList<int64> =
        Map.tryFind word words |> Option.defaultValue ImmutableList.Empty :> IReadOnlyList<int64>

    let private firstInAny (alternatives: IReadOnlyList<int64> list) (from: int64) : int64 =
        let folder least numbers =
            match least, Ascending.firstAt from numbers with
            | 0L, found -> found
            | least, 0L -> least
            | least, found -> min least found

        List.fold folder 0L alternatives

    /// The first position at or after `from` that every demand has in one of its lists; 0 for none.
    /// Leaps from list to list (leapfrog join, Veldhuizen 2014), so the cost follows the rarest.
    let private firstInAll (demands: IReadOnlyList<int64> list list) (from: int64) : int64 =
        let mutable candidate = from
        let mutable remaining = demands

        while candidate <> 0L && not remaining.IsEmpty do
            match firstInAny remaining.Head candidate with
            | found when found = candidate -> remaining <- remaining.Tail
            | further ->
                candidate <- further
                remaining <- demands

        candidate

    let private demandsOf (index: PositionLookup) (item: QueryItem) =
        let tags = (item.Tags |> List.map _.Value) @ (item.Kind |> Option.map EntryKind.tag |> Option.toList)

        [
            [ index.Every ]
            for tag in tags do
                [ index.OfTag tag ]
            if not item.Types.IsEmpty then
                [ for name in List.distinct item.Types -> index.OfType name ]
        ]

    /// What each alternative of a query demands, as it is now; for `findAmong`.
    let demands (query: Query) (index: PositionLookup) : IReadOnlyList<int64> list list list =
        if query.Items.IsEmpty then [ [ [ index.Every ] ] ] else query.Items |> List.map (demandsOf index)

    /// The positions of at most `maxCount` matches at or after `from`, ascending.
    let findAmong (from: int64) (maxCount: int) (alternatives: IReadOnlyList<int64> list list list) : int64 list =
        let waiting = PriorityQueue<IReadOnlyList<int64> list list, int64>()
        let found = ResizeArray<int64>()

        let seek demands from =
            match firstInAll demands from with
            | 0L -> ()
            | position -> waiting.Enqueue(demands, position)

        if maxCount > 0 then
            for demands in alternatives do
                seek demands (max 1L from)

        let mutable demands = []
        let mutable position = 0L

        while found.Count < maxCount && waiting.TryDequeue(&demands, &position) do
            if found.Count = 0 || found[found.Count - 1] <> position then
                found.Add position

            seek demands (position + 1L)

        List.ofSeq found

    /// The positions of at most `maxCount` matches at or after `from`, ascending.
    let find (query: Query) (from: int64) (maxCount: int) (index: JournalIndex) : int64 list =
        let lookup: PositionLookup =
            {
                Every = index.All
                OfTag = positions index.Tagged
                OfType = positions index.Typed
            }

        findAmong from maxCount (demands query lookup)

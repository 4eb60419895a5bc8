// Comparing single members of a recorded entry with those made now: as values, and shown as text only where they differ.
// Called by Replay.Compare.fs.
namespace Refold.Core

open System
open System.Globalization

/// The difference between two members; `None` where they are equal.
[<RequireQualifiedAccess>]
module internal FieldComparison =

    // Shown only where they differ.
    let private differing (entry: Entry) path cause (show: 'Value -> string) (expected: 'Value option) (actual: 'Value option) =
        let shown value = value |> Option.map show |> Option.defaultValue Divergence.absent
        Some(Divergence.at entry path cause (shown expected) (shown actual))

    /// A text, by its characters.
    let text (entry: Entry) path cause (expected: string) (actual: string) =
        if String.Equals(expected, actual, StringComparison.Ordinal) then
            None
        else
            Some(Divergence.at entry path cause expected actual)

    let private guid (id: Guid) = id.ToString "D"

    let private time (time: DateTimeOffset) = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)

    let private guids (entry: Entry) path (expected: Guid option) (actual: Guid option) =
        if SameEntry.guids expected actual then
            None
        else
            differing entry path DivergenceCause.Header guid expected actual

    let private times (entry: Entry) path (expected: DateTimeOffset option) (actual: DateTimeOffset option) =
        if SameEntry.times expected actual then
            None
        else
            differing entry path DivergenceCause.Header time expected actual

    let private runs (entry: Entry) path (expected: RunId option) (actual: RunId option) =
        if SameEntry.runs expected actual then
            None
        else
            differing entry path DivergenceCause.Header string expected actual

    let private keys (entry: Entry) path (expected: string option) (actual: string option) =
        if SameEntry.texts expected actual then
            None
        else
            differing entry path DivergenceCause.Header id expected actual

    /// Random words drawn.
    let words (entry: Entry) cause (expected: uint64 option) (actual: uint64 option) =
        match expected, actual with
        | None, None -> None
        | Some one, Some other when one = other -> None
        | _ -> differing entry "/drawn" cause Numbers.text expected actual

    /// The stream.
    let streams (entry: Entry) (made: EntryData) =
        if entry.Data.Stream.Equals made.Stream then
            None
        else
            differing entry "/stream" DivergenceCause.Header string (Some entry.Data.Stream) (Some made.Stream)

    /// The first tag that differs.
    let tags (entry: Entry) (made: EntryData) =
        let rec find index (recorded: Tag list) (now: Tag list) =
            match recorded, now with
            | [], [] -> None
            | one :: recorded, other :: now when one.Equals other -> find (index + 1) recorded now
            | _ ->
                let value (tags: Tag list) = List.tryHead tags |> Option.map _.Value
                let path = "/tags/" + Numbers.text (index: int)
                differing entry path DivergenceCause.Tagging id (value recorded) (value now)

        find 0 entry.Data.Tags made.Tags

    let private orElse (next: Entry -> EntryData -> Divergence option) entry made (found: Divergence option) =
        match found with
        | None -> next entry made
        | found -> found

    /// The first member of the header that differs.
    let header (entry: Entry) (made: EntryData) =
        let data = entry.Data

        streams entry made
        |> orElse (fun entry made -> times entry "/time" data.Time made.Time) entry made
        // Before the id, which follows from it.
        |> orElse (fun entry made -> runs entry "/run" data.Run made.Run) entry made
        // A step gives no id: what it follows from is compared, and a given one is not the step's, also where it says the same.
        |> orElse (fun entry made -> guids entry "/id" data.Id made.Id) entry made
        |> orElse (fun entry made -> guids entry "/correlationId" data.CorrelationId made.CorrelationId) entry made
        |> orElse (fun entry made -> guids entry "/causationId" data.CausationId made.CausationId) entry made
        |> orElse (fun entry made -> keys entry "/idempotencyKey" data.Key made.Key) entry made

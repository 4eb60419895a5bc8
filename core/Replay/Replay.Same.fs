// Whether recorded entries are those that are made now, asked of all of a step at once: most are, and then nothing is made to say so.
// Called by Replay.Remade.fs before it looks for the first difference, and member by member by Replay.Fields.fs, which tells it.
namespace Refold.Core

open System

/// Equality of entries, member by member, without an object.
[<RequireQualifiedAccess>]
module internal SameEntry =

    /// Ids.
    let guids (one: Guid option) (other: Guid option) : bool =
        match one, other with
        | None, None -> true
        | Some one, Some other -> one.Equals other
        | _ -> false

    /// Times, by the moment.
    let times (one: DateTimeOffset option) (other: DateTimeOffset option) : bool =
        match one, other with
        | None, None -> true
        | Some one, Some other -> one.UtcTicks = other.UtcTicks
        | _ -> false

    /// Runs.
    let runs (one: RunId option) (other: RunId option) : bool =
        match one, other with
        | None, None -> true
        | Some one, Some other -> obj.ReferenceEquals(one, other) || one.Equals other
        | _ -> false

    /// Keys.
    let texts (one: string option) (other: string option) : bool =
        match one, other with
        | None, None -> true
        | Some one, Some other -> String.Equals(one, other, StringComparison.Ordinal)
        | _ -> false

    let rec private tags (one: Tag list) (other: Tag list) : bool =
        match one, other with
        | [], [] -> true
        | first :: one, second :: other -> first.Equals second && tags one other
        | _ -> false

    /// Whether so many random words were drawn.
    let words (recorded: uint64 option) (drawn: uint64) : bool =
        match recorded with
        | Some words -> words = drawn
        | None -> false

    /// Whether an entry is what is made now: every member but its place and the words drawn.
    let isSame (entry: Entry) (made: EntryData) : bool =
        let data = entry.Data

        Role.toByte data.Role = Role.toByte made.Role
        && data.SchemaVersion = made.SchemaVersion
        && String.Equals(data.Type, made.Type, StringComparison.Ordinal)
        && data.Payload.Equals made.Payload
        && (obj.ReferenceEquals(data.Stream, made.Stream) || data.Stream.Equals made.Stream)
        && tags data.Tags made.Tags
        && times data.Time made.Time
        && runs data.Run made.Run
        && guids data.Id made.Id
        && guids data.CorrelationId made.CorrelationId
        && guids data.CausationId made.CausationId
        && texts data.Key made.Key

// A projection's fold under way, and the hash of what was folded. What goes wrong is a value.
// Called by Evidence/ProjectionRun.fs with entries as they are read.
namespace Refold.Core

open System

/// Why a run of a projection failed. Never thrown: it is the source in the error of the run.
[<Sealed>]
type internal ProjectionException(code: string, message: string, inner: exn | null) =
    inherit Exception(message, inner)

    /// A stable word: `history-dropped`, `undecodable`, `threw`, `reading-failed`.
    member _.Code: string = code

/// The hash of the entries that were folded, in their order: `h(n) = SHA-256(h(n-1) | SHA-256(line))`, the line being what an export has
/// for the entry, without its line feed.
[<RequireQualifiedAccess>]
module internal EntriesHash =

    /// Of no entry: 32 zero bytes.
    let zero = Hash.Zero

    /// With one entry more.
    let next (before: Hash) (entry: Entry) : Hash =
        let bytes = Span<byte>(Array.zeroCreate<byte> 64)
        let ofLine = Hash.Compute (Ndjson.write entry).Span
        before.CopyTo bytes
        ofLine.CopyTo(bytes.Slice 32)
        Hash.Compute(Span.op_Implicit bytes)

/// A fold under way. Used by one thread at a time.
[<Sealed>]
type internal ProjectionFold<'State>
    (projection: Projection<'State>, selection: Selection, state: 'State option, entriesHash: Hash, after: int64, upTo: int64) =

    let mutable state = state
    let mutable entriesHash = entriesHash
    let mutable last = after
    let mutable failure: ProjectionException | null = null

    let at (entry: Entry) =
        "the entry at position "
        + Numbers.text entry.Position
        + " (stream '"
        + entry.Data.Stream.Value
        + "' version "
        + Numbers.text entry.Version
        + ")"

    let fail code message inner =
        failure <- ProjectionException(code, message, inner)
        false

    let apply (entry: Entry) =
        try
            match projection.Apply state entry with
            | Ok next ->
                state <- next
                entriesHash <- EntriesHash.next entriesHash entry
                true
            | Error error -> fail "undecodable" (at entry + ": " + error.ToString()) null
        with error ->
            fail "threw" (at entry + ": " + Thrown.text "apply" error) error

    /// Folds an entry, in position order; one that does not match, or lies behind the frontier, is passed by. False: the fold failed.
    member _.Add(entry: Entry) : bool =
        if not (isNull failure) then
            false
        elif entry.Position > upTo || not (Selection.matches selection entry) then
            true
        elif entry.Position <= last then
            fail "reading-failed" (at entry + " came out of order, or twice") null
        else
            last <- entry.Position
            apply entry

    /// The state so far; `None` before the first entry, and where the fold gives nothing.
    member _.State: 'State option = if entriesHash = EntriesHash.zero then None else state

    /// The hash of what was folded, from the first entry on.
    member _.EntriesHash: Hash = entriesHash

    /// Whether nothing was folded, ever.
    member _.IsEmpty: bool = entriesHash = EntriesHash.zero

    /// Why it failed.
    member _.Failure: ProjectionException | null = failure

// Making a batch ready on the caller's thread: checking, encoding, hashing. Nothing here needs to know the journal.
// Called by Append.Rule.fs for new batches and for restored ones.
namespace Refold.Core

open System
open System.Security.Cryptography

/// The part of an append that comes before its place.
[<RequireQualifiedAccess>]
module internal Preparing =

    /// What a retry with the same key must repeat; see `PreparedBatch.Content`.
    // Hashed entry by entry: the content of a batch far above the limit has to be judged too, and may pass 2 GiB.
    let contentHash (entries: EntryData[]) =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
        let writer = ByteWriter 256

        let flush () =
            hash.AppendData writer.Written
            writer.Clear()

        writer.Text "refold.append-content"

        for data in entries do
            CanonicalBytes.writeContent writer data
            flush ()

        Hash.OfSpan(ReadOnlySpan(hash.GetHashAndReset()))

    let private violation (canonical: ReadOnlyMemory<byte>[]) =
        let largest = canonical |> Array.fold (fun most bytes -> max most bytes.Length) 0
        let total = canonical |> Array.sumBy (fun bytes -> int64 bytes.Length)

        if largest > Limits.entryBytes then
            Some(AppendError.LimitExceeded("bytes of an entry", int64 largest, int64 Limits.entryBytes))
        elif total > int64 Limits.batchBytes then
            Some(AppendError.LimitExceeded("bytes of the batch", total, int64 Limits.batchBytes))
        elif canonical.Length > Limits.batchEntries then
            Some(AppendError.LimitExceeded("entries of the batch", int64 canonical.Length, int64 Limits.batchEntries))
        else
            None

    let private normal (key: string option) (data: EntryData) =
        match data.Key, key with
        | Some own, Some key when own <> key -> Error(ValueError.Contradictory("idempotency keys", own + " and " + key))
        | Some own, None -> Error(ValueError.Contradictory("idempotency keys", own + " of an entry, none of the append"))
        | _ -> EntryData.validate { data with Key = key }

    let private badExpectation (request: AppendRequest) =
        request.Expected
        |> List.tryPick (fun (_, expected) ->
            match expected with
            | ExpectedVersion.Exactly version when version < 1L ->
                Some(ValueError.OutOfRange("expected version", Numbers.text version, "1 or more"))
            | _ -> None)

    let private normalEntries (request: AppendRequest) =
        let folder made data =
            match made with
            | Error _ -> made
            | Ok made -> normal request.Key data |> Result.map (fun valid -> valid :: made)

        List.fold folder (Ok []) request.Entries |> Result.map List.rev

    /// Validates, encodes and hashes. `adjacent index` says whether the entry at `index` takes the position after the one before it.
    let batch (adjacent: int -> bool) (request: AppendRequest) : Result<PreparedBatch, AppendError> =
        match badExpectation request, normalEntries request with
        | Some error, _
        | None, Error error -> Error(AppendError.Invalid error)
        | None, Ok [] -> Error(AppendError.Invalid(ValueError.Empty "the batch"))
        | None, Ok normal ->
            let entries = Array.ofList normal
            let canonical = entries |> Array.map (fun data -> (CanonicalBytes.ofData data).Memory)
            let follows index = adjacent index && entries[index].Stream = entries[index - 1].Stream

            Ok
                {
                    Request = { request with Entries = normal }
                    Entries = entries
                    Canonical = canonical
                    Leaves =
                        Leaf.cut (canonical |> Array.map _.Length) follows
                        |> List.map (fun (struct (start, count)) ->
                            struct (start, count, Leaf.hash (ArraySegment(canonical, start, count))))
                    Content = contentHash entries
                    Violation = violation canonical
                }

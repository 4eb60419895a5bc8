// Hashes of states: of one stream, and of all streams of a run.
// Called by Run.fs, Replay.Verify.fs and the facade's runs when they end.
namespace Refold.Core

open System

/// Hashes of states: what two replays must agree on besides the entries.
[<RequireQualifiedAccess>]
module internal StateHash =

    /// The hash of one stream's state: SHA-256 of the bytes that its state codec gives, the codec that snapshots use.
    let ofPayload (payload: Bytes) : Hash = Hash.Compute payload.Span

    /// The hash of all states of a run: SHA-256 over `stream LF version LF hash LF` in UTF-8, one triple a stream, streams by UTF-8
    /// bytes, versions in decimal, hashes in lower-case hexadecimal.
    let ofRun (states: (StreamId * int64 * Hash) seq) : Hash =
        let writer = ByteWriter 1024

        let line (text: string) =
            writer.Utf8(text.AsSpan())
            writer.Byte(byte '\n')

        for stream, version, hash in states |> Seq.sortBy (fun (stream, _, _) -> stream) do
            line stream.Value
            line (Numbers.text version)
            line (hash.ToString())

        Hash.Compute writer.Written

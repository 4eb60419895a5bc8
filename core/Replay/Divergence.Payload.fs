// How two payloads differ, said as a place in the NDJSON form: a JSON pointer, or an offset where they are no JSON.
// Called by Fold.fs (a codec that is not faithful) and Replay.Compare.fs (a decision that differs).
namespace Refold.Core

open System

/// Comparing and showing payloads.
[<RequireQualifiedAccess>]
module internal PayloadDifference =

    /// The payload as people read it.
    let show (payload: Bytes) : string = PayloadText.show payload

    /// The member of the NDJSON form that holds the payload.
    let memberPath (payload: Bytes) : string = if Json.isOneLine payload.Memory then "/data" else "/dataBase64"

    let private showFrom (offset: int) (payload: Bytes) =
        if offset = payload.Length then "the end" else (Bytes.Wrap(payload.Memory.Slice offset)).ToString()

    let private byBytes (entry: Entry) (expected: Bytes) (actual: Bytes) =
        let offset = MemoryExtensions.CommonPrefixLength(expected.Span, actual.Span)

        { Divergence.at entry (memberPath expected) DivergenceCause.Payload (showFrom offset expected) (showFrom offset actual) with
            ByteOffset = Some offset
        }

    /// The divergence of an entry with the payload `expected` where `actual` was made; `None` where they are equal.
    let find (entry: Entry) (expected: Bytes) (actual: Bytes) : Divergence option =
        if expected.Equals actual then
            None
        elif not (Json.isOneLine expected.Memory && Json.isOneLine actual.Memory) then
            Some(byBytes entry expected actual)
        else
            match JsonDifference.first expected.Memory actual.Memory with
            | Some difference ->
                Divergence.at entry ("/data" + difference.Pointer) DivergenceCause.Payload difference.Expected difference.Actual
                |> Some
            | None when JsonDifference.encodingOnly expected.Memory actual.Memory ->
                let difference = byBytes entry expected actual

                Some
                    { difference with
                        Expected = show expected
                        Actual = show actual
                        Cause = DivergenceCause.EncodingOnly
                    }
            // JSON by grammar that has no RFC 8785 form, such as a member twice.
            | None -> Some(byBytes entry expected actual)

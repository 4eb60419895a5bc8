// Where two JSON texts differ first, as a pointer (RFC 6901).
// Called by Replay.fs to name a divergence, and by the tool's diff.
namespace Refold.Core

open System

/// A place at which two JSON texts differ.
type internal JsonDifference =
    {
        /// The place as a JSON pointer (RFC 6901); empty for the whole text.
        Pointer: string
        /// What was expected there, in canonical JSON, or `absent`.
        Expected: string
        /// What is there, in canonical JSON, or `absent`.
        Actual: string
    }

/// Comparing JSON texts by meaning: space, escapes, the writing of numbers and the order of members do not count.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal JsonDifference =

    let private show (value: JsonValue option) =
        match value with
        | None -> "absent"
        | Some value ->
            match Canonical.write value with
            | Ok bytes -> bytes.ToText()
            // Cannot happen: what was parsed has a canonical form.
            | Error error -> error.ToString()

    let private item (pointer: string) (index: int) = pointer + "/" + Numbers.text index

    let rec private compare (pointer: string) (expected: JsonValue option) (actual: JsonValue option) =
        match expected, actual with
        | Some(JsonValue.Object expected), Some(JsonValue.Object actual) ->
            let expectedByName, actualByName = Map.ofList expected, Map.ofList actual
            let extra = actual |> List.filter (fun (name, _) -> not (expectedByName.ContainsKey name))

            expected @ extra
            |> List.tryPick (fun (name, _) ->
                compare (JsonPointer.child pointer name) (expectedByName.TryFind name) (actualByName.TryFind name))
        | Some(JsonValue.Array expected), Some(JsonValue.Array actual) ->
            let count = max expected.Length actual.Length
            let pad (items: JsonValue list) = List.map Some items @ List.replicate (count - items.Length) None

            List.zip (pad expected) (pad actual)
            |> List.indexed
            |> List.tryPick (fun (index, (expected, actual)) -> compare (item pointer index) expected actual)
        | _ when expected = actual -> None
        | _ -> Some { Pointer = pointer; Expected = show expected; Actual = show actual }

    /// The first difference in document order of the expected text; members that only the actual text has come last in their
    /// object. `None` where both mean the same, and where one is not JSON that `Canonical.parse` reads.
    let first (expected: ReadOnlyMemory<byte>) (actual: ReadOnlyMemory<byte>) : JsonDifference option =
        match Canonical.parse expected, Canonical.parse actual with
        | Ok expected, Ok actual -> compare "" (Some expected) (Some actual)
        | _ -> None

    /// Whether the texts have the same canonical form (RFC 8785) and other bytes.
    let encodingOnly (expected: ReadOnlyMemory<byte>) (actual: ReadOnlyMemory<byte>) : bool =
        match Canonical.ofJson expected, Canonical.ofJson actual with
        | Ok left, Ok right -> left = right && not (expected.Span.SequenceEqual actual.Span)
        | _ -> false

/// Showing payloads.
[<RequireQualifiedAccess>]
module internal PayloadText =

    /// The longest text shown of a payload, in characters.
    let private shown = 200

    /// The payload as people read it: JSON as text, other bytes in hexadecimal; cut where it is long.
    let show (payload: Bytes) : string =
        if not (Json.isOneLine payload.Memory) then
            payload.ToString()
        else
            let text = payload.ToText()

            // A character of two units is shown whole, or not.
            let cut =
                if text.Length > shown && System.Char.IsHighSurrogate text[shown - 1] then shown - 1 else shown

            if text.Length <= shown then text else text.Substring(0, cut) + "..."

// Canonical JSON (RFC 8785, JCS) for what Refold itself writes and hashes. A user's payload is never rewritten.
// Called by Codec.Json.fs, Json.Difference.fs, reports and evidence.
namespace Refold.Core

open System

/// The one JSON text of a value (RFC 8785): members sorted by UTF-16 code units, ECMAScript numbers, shortest escapes, no space.
[<RequireQualifiedAccess>]
module Canonical =

    let rec private writeAt (writer: ByteWriter) (depth: int) (value: JsonValue) : unit =
        // Without guards: for a match that could fail, the compiler puts the path of this file on its machine into the assembly.
        let below () =
            if depth >= JsonLimits.depth then
                raise (JsonLimits.tooDeep ())

        match value with
        | JsonValue.Null -> writer.Raw(ReadOnlySpan "null"B)
        | JsonValue.Bool isTrue -> if isTrue then writer.Raw(ReadOnlySpan "true"B) else writer.Raw(ReadOnlySpan "false"B)
        | JsonValue.Number number
        | JsonValue.Respelled number -> writer.Utf8((JsonNumber.format number).AsSpan())
        | JsonValue.String text -> JsonString.write writer text
        | JsonValue.Array items ->
            below ()
            writer.Byte(byte '[')

            items
            |> List.iteri (fun index item ->
                if index > 0 then
                    writer.Byte(byte ',')

                writeAt writer (depth + 1) item)

            writer.Byte(byte ']')
        | JsonValue.Object members ->
            below ()
            let object = JsonObjectWriter writer
            let sorted = members |> List.sortWith (fun (left, _) (right, _) -> String.CompareOrdinal(left, right))

            for (left, _), (right, _) in List.pairwise sorted do
                if left = right then
                    raise (JsonFault("the member '" + left + "' occurs twice"))

            for name, value in sorted do
                object.Name name
                writeAt writer (depth + 1) value

            object.Close()

    /// The canonical form at the end of the writer; what has none raises `JsonFault`.
    let internal append (writer: ByteWriter) (value: JsonValue) : unit = writeAt writer 0 value

    /// The canonical form of a value in UTF-8. Refused: numbers that are not finite, lone surrogates, a name twice in an object,
    /// more than 512 levels.
    let internal write (value: JsonValue) : Result<Bytes, ValueError> =
        Json.attempt "the JSON value" (fun () ->
            let writer = ByteWriter 256
            append writer value
            Bytes.Wrap writer.WrittenMemory)

    /// Reads a JSON text in UTF-8, strictly (RFC 8259 and the rules of I-JSON, RFC 7493, on which RFC 8785 stands): refused are
    /// duplicate members, lone surrogates, numbers outside the range of an IEEE 754 double, a byte order mark, more than 512 levels.
    let internal parse (json: ReadOnlyMemory<byte>) : Result<JsonValue, ValueError> = Json.parse "the JSON text" json

    /// The canonical form of a JSON text in UTF-8, read as `parse` does.
    let ofJson (json: ReadOnlyMemory<byte>) : Result<Bytes, ValueError> =
        if JsonGrammar.isSurelyCanonical json.Span then
            Ok(Bytes.Copy json.Span)
        else
            parse json |> Result.bind write

    /// SHA-256 of the canonical form of a JSON text in UTF-8.
    let hash (json: ReadOnlyMemory<byte>) : Result<Hash, ValueError> =
        ofJson json |> Result.map (fun canonical -> Hash.Compute canonical.Span)

// The JSON forms of types that are no containers. Whatever has more than 53 bits, or more than one way to be written, is a string
// with exactly one accepted text; small integers and doubles are numbers.
// Called by Codec.Json.Build.fs.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Globalization
open System.Numerics

/// Shapes by type.
[<RequireQualifiedAccess>]
module internal JsonScalar =

    let private invariant = CultureInfo.InvariantCulture

    // Kept as a dictionary's entry.
    let private entry<'Value> (write: JsonPath -> 'Value -> JsonValue) (read: JsonPath -> JsonValue -> 'Value) =
        let shape =
            JsonShape.create
                (fun path value ->
                    match value with
                    | :? 'Value as value -> write path value
                    | _ -> raise (path.Fault "is null"))
                (fun path json -> box (read path json))

        KeyValuePair(typeof<'Value>, shape)

    // A string that is accepted only as it would be written: what is decoded and encoded again has the same bytes.
    let private text<'Value> (what: string) (format: 'Value -> string) (tryParse: string -> 'Value option) =
        let read (path: JsonPath) json =
            match json with
            | JsonValue.String text ->
                match tryParse text with
                | Some value when format value = text -> value
                | _ -> raise (path.Fault("must be " + what + " as it is written, not '" + text + "'"))
            | _ -> raise (path.Fault("must be a string with " + what))

        let made = entry (fun _ value -> JsonValue.String(format value)) read
        made.Value.IsText <- true
        made

    let private parsed (success: bool, value: 'Value) = if success then Some value else None

    let private number<'Value> (what: string) (toDouble: 'Value -> double) (ofDouble: double -> 'Value) =
        let read (path: JsonPath) json =
            match json with
            | JsonValue.Number value when toDouble (ofDouble value) = value -> ofDouble value
            | _ -> raise (path.Fault("must be " + what))

        entry (fun _ value -> JsonValue.Number(toDouble value)) read

    // The four doubles that JSON has no number for.
    let private special = [ "-0", -0.0; "NaN", nan; "Infinity", infinity; "-Infinity", -infinity ]

    let private floating<'Value> (what: string) (toDouble: 'Value -> double) (ofDouble: double -> 'Value) =
        let write _ value =
            let value = toDouble value

            if Double.IsNaN value then JsonValue.String "NaN"
            elif Double.IsPositiveInfinity value then JsonValue.String "Infinity"
            elif Double.IsNegativeInfinity value then JsonValue.String "-Infinity"
            elif value = 0.0 && Double.IsNegative value then JsonValue.String "-0"
            else JsonValue.Number value

        let read (path: JsonPath) json =
            let found =
                match json with
                | JsonValue.Number value
                | JsonValue.Respelled value when toDouble (ofDouble value) = value && not (value = 0.0 && Double.IsNegative value) ->
                    Some(ofDouble value)
                | JsonValue.String text -> special |> List.tryPick (fun (name, value) -> if name = text then Some(ofDouble value) else None)
                | _ -> None

            match found with
            | Some value -> value
            | None -> raise (path.Fault("must be " + what + ", or \"-0\", \"NaN\", \"Infinity\", \"-Infinity\""))

        entry write read

    let private bool =
        entry (fun _ value -> JsonValue.Bool value) (fun path json ->
            match json with
            | JsonValue.Bool value -> value
            | _ -> raise (path.Fault "must be true or false"))

    let private unit =
        let shape =
            JsonShape.create (fun _ _ -> JsonValue.Object []) (fun path json ->
                match json with
                | JsonValue.Object [] -> box ()
                | _ -> raise (path.Fault "must be an empty object"))

        KeyValuePair(typeof<unit>, shape)

    let private utc =
        let shape =
            text "a UTC time" (fun (time: DateTime) -> Timestamp.format (DateTimeOffset time)) (fun text ->
                match Timestamp.parse text with
                | Ok time when time.Offset = TimeSpan.Zero -> Some time.UtcDateTime
                | _ -> None)

        let write = shape.Value.Write

        shape.Value.Write <-
            fun path value ->
                match value with
                | :? DateTime as time when time.Kind <> DateTimeKind.Utc ->
                    raise (path.Fault "is a time whose kind is not UTC: what it means depends on the machine")
                | _ -> write path value

        shape

    let private base64 (text: string) =
        try
            Some(Convert.FromBase64String text)
        with :? FormatException ->
            None

    // A type with a JSON text of its own, which is put into the value as JSON.
    let private embedded<'Value> (toJson: 'Value -> string) (ofJson: string -> Result<'Value, ValueError>) =
        let write (path: JsonPath) value =
            match Json.parse "the value" (Bytes.OfText(toJson value)).Memory with
            | Ok json -> json
            | Error error -> raise (path.Fault(error.ToString()))

        let read (path: JsonPath) json =
            match Canonical.write json |> Result.bind (fun bytes -> ofJson (bytes.ToText())) with
            | Ok value when Canonical.write (write path value) = Canonical.write json -> value
            | Ok _ -> raise (path.Fault "must be as it is written")
            | Error error -> raise (path.Fault("is wrong: " + error.ToString()))

        entry write read

    let private integer (parse: string * NumberStyles * IFormatProvider -> bool * 'Value) (text: string) =
        parsed (parse (text, NumberStyles.AllowLeadingSign, invariant))

    let private shapes =
        Dictionary<Type, JsonShape>(
            [
                bool
                unit
                number "an integer from -128 to 127" double sbyte
                number "an integer from 0 to 255" double byte
                number "an integer from -32768 to 32767" double int16
                number "an integer from 0 to 65535" double uint16
                number "an integer of 32 bits" double int
                number "an integer from 0 to 4294967295" double uint32
                text "a 64-bit integer" (fun (value: int64) -> value.ToString invariant) (integer Int64.TryParse)
                text "a 64-bit integer, 0 or more" (fun (value: uint64) -> value.ToString invariant) (integer UInt64.TryParse)
                text "a 128-bit integer" (fun (value: Int128) -> value.ToString invariant) (integer Int128.TryParse)
                text "a 128-bit integer, 0 or more" (fun (value: UInt128) -> value.ToString invariant) (integer UInt128.TryParse)
                text "an integer" (fun (value: BigInteger) -> value.ToString invariant) (integer BigInteger.TryParse)
                text "a decimal" (fun (value: decimal) -> value.ToString invariant) (fun text ->
                    parsed (Decimal.TryParse(text, NumberStyles.AllowLeadingSign ||| NumberStyles.AllowDecimalPoint, invariant)))
                floating "a number" id id
                floating "a number of 32 bits" double float32
                text "text" id Some
                text "one character" (fun (value: char) -> String(value, 1)) (fun text -> if text.Length = 1 then Some text[0] else None)
                text "a UUID" (fun (value: Guid) -> value.ToString "D") (fun text -> parsed (Guid.TryParseExact(text, "D")))
                text "a time with its offset" Timestamp.format (Timestamp.parse >> Result.toOption)
                utc
                text "a duration" (fun (value: TimeSpan) -> value.ToString("c", invariant)) (fun text ->
                    parsed (TimeSpan.TryParseExact(text, "c", invariant)))
                text "a date" (fun (value: DateOnly) -> value.ToString("O", invariant)) (fun text ->
                    parsed (DateOnly.TryParseExact(text, "O", invariant, DateTimeStyles.None)))
                text "a time of day" (fun (value: TimeOnly) -> value.ToString("O", invariant)) (fun text ->
                    parsed (TimeOnly.TryParseExact(text, "O", invariant, DateTimeStyles.None)))
                text "base64" (fun (value: byte[]) -> Convert.ToBase64String value) base64
                text "base64" (fun (value: Bytes) -> Convert.ToBase64String value.Span) (fun text ->
                    base64 text |> Option.map (fun bytes -> Bytes.Wrap(ReadOnlyMemory bytes)))
                text "a hash" (fun (value: Hash) -> value.ToString()) (fun text -> parsed (Hash.TryParse text))
                text "a stream" (fun (value: StreamId) -> value.Value) (StreamId.tryCreate >> Result.toOption)
                text "a run" (fun (value: RunId) -> value.Value) (RunId.tryCreate >> Result.toOption)
                text "a tag" (fun (value: Tag) -> value.Value) (Tag.TryCreate >> Result.toOption)
                embedded RngState.toJson RngState.ofJson
                embedded RunPin.toJson RunPin.ofJson
            ]
        )

    /// The shape of a type that is no container.
    let tryFind (valueType: Type) : JsonShape option =
        match shapes.TryGetValue valueType with
        | true, shape -> Some shape
        | false, _ -> None

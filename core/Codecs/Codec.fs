// Codecs: how values become payloads and payloads values, both directions able to fail.
// Made by users with the functions here; called by Aggregate, Run, Replay and Snapshot.
namespace Refold.Core

open System
open System.Buffers
open System.Buffers.Binary
open System.Collections.Generic
open System.Text
open System.Text.Unicode

/// One of the types that a codec of several types is made of; see `Codec.case` and `Codec.union`.
[<NoEquality; NoComparison>]
type CodecCase<'Value> =
    private
        {
            TypeName: string
            TryEncode: Writing -> 'Value -> Result<Encoded, CodecError> option
            // Of a codec that needs no object for a payload.
            Write: CaseEncode<'Value> voption
            DecodeCase: Encoded -> Result<'Value, CodecError>
            // Of a codec with redaction: whether it made a payload.
            Made: (Encoded -> bool) option
        }

/// Making codecs. A type name is 1 to 256 UTF-8 bytes; a schema version is 1 or more; anything else throws `ArgumentException`.
[<RequireQualifiedAccess>]
module Codec =

    let private requireName (typeName: string) =
        match Text.validate "type" Limits.typeBytes typeName with
        | Ok _ -> ()
        | Error error -> invalidArg (nameof typeName) (error.ToString())

    let private requireVersion (parameter: string) (version: int) =
        if version < 1 then
            invalidArg parameter ("a schema version is 1 or more, not " + Numbers.text version)

    // Changes what reads the current version below the upcasts.
    let private mapDecode
        (change: (Encoded -> Result<'Value, CodecError>) -> Encoded -> Result<'Other, CodecError>)
        (decode: Encoded -> Result<'Value, CodecError>)
        : Encoded -> Result<'Other, CodecError> =
        match box decode with
        | :? UpcastingDecode<'Value> as upcasting ->
            unbox (box (UpcastingDecode<'Other>(change upcasting.Inner, upcasting.Steps, upcasting.Unwraps)))
        | _ -> change decode

    // What reads the current version, the upcasts below it, and whether redacted payloads are read.
    let private decoding (codec: Codec<'Value>) =
        match box codec.Decode with
        | :? UpcastingDecode<'Value> as upcasting -> upcasting.Inner, upcasting.Steps, upcasting.Unwraps
        | _ -> codec.Decode, Map.empty, false

    // An object that is a function, as that function: without the way over an object the compiler makes another function around it.
    let inline private asFunction (func: objnull) : 'Input -> 'Output = unbox func

    // `isOwn`: the payload that `encode` gives is nobody else's.
    let private createBy
        (isOwn: bool)
        (typeName: string)
        (schemaVersion: int)
        (encode: 'Value -> Result<Bytes, string>)
        (decode: Bytes -> Result<'Value, string>)
        : Codec<'Value> =
        requireName typeName
        requireVersion (nameof schemaVersion) schemaVersion

        {
            Encode = asFunction (box (BytesEncode(typeName, schemaVersion, encode, isOwn)))
            Decode = asFunction (box (BytesDecode(typeName, schemaVersion, decode)))
        }

    /// A codec of one type and its current schema version. Both functions give the reason where there is no result. Older payloads
    /// are `MissingUpcast` until `withUpcast` adds the way from them; newer ones are refused. A `decode` that throws says that the payload
    /// cannot be decoded.
    let create
        (typeName: string)
        (schemaVersion: int)
        (encode: 'Value -> Result<Bytes, string>)
        (decode: Bytes -> Result<'Value, string>)
        : Codec<'Value> =
        createBy false typeName schemaVersion encode decode

    // Of functions that use no memory again.
    let internal createOwn typeName encode decode : Codec<'Value> = createBy true typeName 1 encode decode

    /// As `create`, without an array for each payload: `encode` writes into a buffer writer, `decode` reads the bytes where they lie. Folds
    /// over segment files copy no payload then. What `encode` gets of the writer is zeroed; it may neither be used nor kept afterwards.
    ///
    ///     Codec.overSpans "Moved" 1
    ///         (fun amount writer -> BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan 8, amount); writer.Advance 8; Ok())
    ///         (SpanDecode(fun payload ->
    ///             if payload.Length = 8 then Ok(BinaryPrimitives.ReadInt64LittleEndian payload) else Error "8 bytes expected"))
    let overSpans
        (typeName: string)
        (schemaVersion: int)
        (encode: 'Value -> IBufferWriter<byte> -> Result<unit, string>)
        (decode: SpanDecode<'Value>)
        : Codec<'Value> =
        requireName typeName
        requireVersion (nameof schemaVersion) schemaVersion

        {
            Encode = asFunction (box (SpanEncode(typeName, schemaVersion, encode)))
            Decode = asFunction (box (SpanDecoding(typeName, schemaVersion, decode)))
        }

    /// The codec of a type that is the same information in another form.
    let map (ofSource: 'Source -> 'Value) (toSource: 'Value -> 'Source) (codec: Codec<'Source>) : Codec<'Value> =
        {
            Encode =
                match box codec.Encode with
                | :? PlainEncode<'Source> as plain -> asFunction (box (MappedEncode(plain, toSource)))
                | _ -> codec.Encode |> CodecEncode.map (fun encode -> toSource >> encode) id
            Decode = codec.Decode |> mapDecode (fun decode -> asFunction (box (MappedDecode(decode, ofSource, true))))
        }

    /// Raises the current schema version of one type of a codec that wrote version 1: done whenever its payload changes its form,
    /// together with a `withUpcast` from the version before.
    let withVersion (typeName: string) (schemaVersion: int) (codec: Codec<'Value>) : Codec<'Value> =
        requireName typeName
        requireVersion (nameof schemaVersion) schemaVersion

        let at version (encoded: Encoded) = if encoded.Type = typeName then { encoded with SchemaVersion = version } else encoded

        {
            Encode =
                match box codec.Encode with
                | :? PlainEncode<'Value> as plain -> asFunction (box (VersionedEncode(plain, typeName, schemaVersion)))
                | _ -> codec.Encode |> CodecEncode.map (fun encode -> encode >> Result.map (at schemaVersion)) (at 1)
            Decode = codec.Decode |> mapDecode (fun decode -> asFunction (box (VersionedDecode(decode, typeName, schemaVersion))))
        }

    /// Adds the way from one schema version of a type to the next: payload to payload. The upcasts of a chain are added in any order:
    /// `codec |> withUpcast "Placed" 1 toSecond |> withUpcast "Placed" 2 toThird` reads versions 1, 2 and 3. A step that throws says
    /// that the payload cannot be decoded. Throws `ArgumentException` for a second upcast from one version.
    let withUpcast (typeName: string) (fromVersion: int) (step: Bytes -> Result<Bytes, string>) (codec: Codec<'Value>) : Codec<'Value> =
        requireName typeName
        requireVersion (nameof fromVersion) fromVersion

        let inner, steps, unwraps = decoding codec

        if Map.containsKey (typeName, fromVersion) steps then
            let version = Numbers.text fromVersion
            invalidArg (nameof fromVersion) ("'" + typeName + "' already has an upcast from schema version " + version)

        { codec with
            Decode = unbox (box (UpcastingDecode<'Value>(inner, Map.add (typeName, fromVersion) step steps, unwraps)))
        }

    /// Does not write what lies at JSON paths (`$.card.number`, `$.items[*].secret`): each such value is replaced by `"[redacted]"`, and
    /// the payload says so, as `{"$redacted":PAYLOAD}`. What is read back has the text in its place, so an event or a refusal must be able
    /// to hold one there. A command is decided as it was given, and verifying cannot decide it again. Redacting more or less than before
    /// is another form: raise the schema version. Throws `ArgumentException` for what is no path.
    let redact (paths: string list) (codec: Codec<'Value>) : Codec<'Value> =
        let stepsOf (path: string) =
            match Redaction.tryPath path with
            | Some steps -> steps
            | None -> invalidArg (nameof paths) ("'" + path + "' is no path such as $.card.number or $.items[*].secret")

        let inner, upcasts, _ = decoding codec

        {
            Encode =
                match box codec.Encode with
                // By both, so that a mark of one alone is not believed.
                | :? PathRedactingEncode<'Value> as before ->
                    unbox (box (PathRedactingEncode<'Value>(before.Inner, before.Paths @ List.map stepsOf paths)))
                | _ -> unbox (box (PathRedactingEncode<'Value>(codec.Encode, List.map stepsOf paths)))
            Decode = unbox (box (UpcastingDecode<'Value>(inner, upcasts, true)))
        }

    /// As `withUpcast`, from a value of the older form to a value of the next one. `older` and `next` are codecs of the two forms under
    /// the same type name and of schema version 1, as `json` makes them:
    /// `codec |> withTypedUpcast "Placed" 1 (json<PlacedV1> "Placed") (json<Placed> "Placed") (fun old -> ...)`.
    let withTypedUpcast
        (typeName: string)
        (fromVersion: int)
        (older: Codec<'Older>)
        (next: Codec<'Next>)
        (step: 'Older -> 'Next)
        (codec: Codec<'Value>)
        : Codec<'Value> =
        let convert (payload: Bytes) =
            older.Decode { Type = typeName; SchemaVersion = 1; Payload = payload }
            |> Result.bind (step >> CodecEncode.by next.Encode Writing.Whole)
            |> Result.map _.Payload
            |> Result.mapError _.ToString()

        withUpcast typeName fromVersion convert codec

    /// One type of a codec of several: the values it is for, how they become values of the whole, and its codec.
    let case (typeName: string) (tryPick: 'Value -> 'Case option) (make: 'Case -> 'Value) (codec: Codec<'Case>) : CodecCase<'Value> =
        requireName typeName

        let encode writing (value: 'Case) =
            match CodecEncode.by codec.Encode writing value with
            | Ok encoded when encoded.Type <> typeName ->
                Error(CodecError.Unencodable(typeName, "its codec writes the type '" + encoded.Type + "'"))
            | result -> result

        {
            TypeName = typeName
            TryEncode = fun writing value -> tryPick value |> Option.map (encode writing)
            Write =
                match box codec.Encode with
                | :? PlainEncode<'Case> as plain -> ValueSome(PickingEncode(typeName, tryPick, plain))
                | _ -> ValueNone
            DecodeCase = asFunction (box (MappedDecode(codec.Decode, make, false)))
            Made = if CodecEncode.redacts codec then Some(CodecEncode.isRedacted codec) else None
        }

    /// A codec of several types: the first case that is for a value writes it; the entry's type says which case reads it.
    /// Throws `ArgumentException` where two cases have one type name.
    let union (cases: CodecCase<'Value> list) : Codec<'Value> =
        let byName = Dictionary<string, CodecCase<'Value>> StringComparer.Ordinal

        for case in cases do
            if not (byName.TryAdd(case.TypeName, case)) then
                invalidArg (nameof cases) ("two cases are called '" + case.TypeName + "'")

        let encode writing value =
            cases
            |> List.tryPick (fun case -> case.TryEncode writing value)
            |> Option.defaultValue (Error(CodecError.Unencodable("", "no case is for the value")))

        let redacting () =
            { new RedactingEncode<'Value>() with
                member _.Encode(writing, value) = encode writing value

                member _.Made encoded =
                    match byName.TryGetValue encoded.Type with
                    | true, { Made = Some made } -> made encoded
                    | _ -> false
            }

        let decodeOf =
            Dictionary(
                Seq.map (fun (case: CodecCase<'Value>) -> KeyValuePair(case.TypeName, case.DecodeCase)) cases,
                StringComparer.Ordinal
            )

        {
            Encode =
                if cases |> List.exists _.Made.IsSome then
                    unbox (box (redacting ()))
                elif cases |> List.forall _.Write.IsSome then
                    asFunction (box (UnionEncode [| for case in cases -> case.Write.Value |]))
                else
                    encode (Writing.Recorded ignore)
            Decode = asFunction (box (UnionDecode decodeOf))
        }

    /// The bytes as they are.
    let bytes (typeName: string) : Codec<Bytes> = create typeName 1 Ok Ok

    /// Text in UTF-8; without lone surrogates, with any other character.
    let text (typeName: string) : Codec<string> =
        let encode (value: string) =
            match (if isNull (box value) then -2 else Text.firstLoneSurrogate value) with
            | -2 -> Error "it is null"
            | -1 -> Ok(Bytes.OfText value)
            | index -> Error(ValueError.LoneSurrogate("the text", index).ToString())

        let decode (payload: Bytes) = if Utf8.IsValid payload.Span then Ok(payload.ToText()) else Error "invalid UTF-8"

        createOwn typeName encode decode

    /// Eight bytes, little-endian, two's complement.
    let int64 (typeName: string) : Codec<int64> =
        let encode (value: int64) =
            let writer = ByteWriter 8
            writer.Int64 value
            Ok(Bytes.Wrap writer.WrittenMemory)

        let decode (payload: Bytes) =
            if payload.Length = 8 then
                Ok(BinaryPrimitives.ReadInt64LittleEndian payload.Span)
            else
                Error("8 bytes expected, not " + Numbers.text payload.Length)

        createOwn typeName encode decode

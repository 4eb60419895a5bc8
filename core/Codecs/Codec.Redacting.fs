// Encoding of which something is not written, and what of it stays so whatever it is made a part of.
// Used by Codec.fs; asked by runs and the replay, which encode by CodecEncode.record; the facade makes encodings of its own.
namespace Refold.Core

open System
open System.Runtime.InteropServices

/// How a value is encoded by what does not write all of it.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal Writing =
    /// As it is recorded. `told`: each value that is replaced, as JSON.
    | Recorded of told: (ReadOnlyMemory<byte> -> unit)
    /// With all that is redacted; for a value that is used and not written.
    | Whole

/// Encoding of which something is not written. What makes another encoding of one keeps it one; see `CodecEncode`.
[<AbstractClass>]
type internal RedactingEncode<'Value>() =
    inherit FSharpFunc<'Value, Result<Encoded, CodecError>>()

    /// Encodes.
    abstract Encode: writing: Writing * value: 'Value -> Result<Encoded, CodecError>

    /// Whether a payload with the mark is one that this made: of an older schema version nobody knows.
    abstract Made: encoded: Encoded -> bool

    override this.Invoke(value: 'Value) : Result<Encoded, CodecError> = this.Encode(Writing.Recorded ignore, value)

/// Encoding that reads back what it writes, and writes it again, before it answers.
[<AbstractClass>]
type internal SettlingEncode<'Value>() =
    inherit PlainEncode<'Value>()

    /// The decoding that it reads back by. Where a codec has another one, nothing is settled.
    abstract Decode: (Encoded -> Result<'Value, CodecError>)

    /// Encodes, and gives type, schema version and payload with what decoding and encoding it again shows to be the same.
    /// The array of the payload is nobody else's, and may have so many bytes before and behind it to be filled in.
    abstract TrySettle:
        value: 'Value * before: int * behind: int -> Result<struct (string * int * ReadOnlyMemory<byte> * 'Value) voption, CodecError>

    /// Reads a payload where it lies. True: `value` is what decoding gives, and it is proved that encoding that gives this payload, under
    /// this type and schema version. False says nothing; what the way there throws comes again where it is decoded.
    abstract TryRead: typeName: string * version: int * payload: ReadOnlySpan<byte> * [<Out>] value: byref<'Value> -> bool

/// Encoding with and without redaction.
[<RequireQualifiedAccess>]
module internal CodecEncode =

    /// The encoding that reads back what it writes, by the codec's own decoding.
    let trySettling (codec: Codec<'Value>) : SettlingEncode<'Value> voption =
        match box codec.Encode with
        | :? SettlingEncode<'Value> as settling when obj.ReferenceEquals(settling.Decode, codec.Decode) -> ValueSome settling
        | _ -> ValueNone

    /// Whether something may be redacted.
    let redacts (codec: Codec<'Value>) : bool = box codec.Encode :? RedactingEncode<'Value>

    // A payload of the user's that looks like one in which something was replaced would be read as one.
    let private reserved (result: Result<Encoded, CodecError>) =
        match result with
        | Ok encoded when Redaction.isMarked encoded.Payload -> Error(CodecError.Unencodable(encoded.Type, Redaction.reserved))
        | result -> result

    /// Encodes by a codec's function. An error where the payload has the reserved form and is not redacted.
    let by (encode: 'Value -> Result<Encoded, CodecError>) (writing: Writing) (value: 'Value) : Result<Encoded, CodecError> =
        match box encode with
        | :? RedactingEncode<'Value> as redacting -> redacting.Encode(writing, value)
        | _ -> reserved (encode value)

    /// As `by`, by the parts of a payload: null where there is one.
    let write
        (encode: PlainEncode<'Value>)
        (
            value: byref<'Value>,
            writer: PayloadWriter | null,
            typeName: byref<string>,
            version: byref<int>,
            payload: byref<ReadOnlyMemory<byte>>
        ) : CodecError | null =
        match encode.Write(&value, writer, &typeName, &version, &payload) with
        | null when Redaction.isOpened payload.Span && Redaction.isMarked (Bytes.Wrap payload) ->
            CodecError.Unencodable(typeName, Redaction.reserved)
        | error -> error

    /// Encodes as it is recorded. Passes on what the codec throws.
    let record (codec: Codec<'Value>) (value: 'Value) : Result<Encoded, CodecError> = by codec.Encode (Writing.Recorded ignore) value

    /// Whether the payload is one in which the codec replaced something. One that looks so and is not is a payload like others.
    let isRedacted (codec: Codec<'Value>) (encoded: Encoded) : bool =
        match box codec.Encode with
        | :? RedactingEncode<'Value> as redacting when Redaction.isMarked encoded.Payload ->
            match box codec.Decode with
            | :? UpcastingDecode<'Value> as upcasting when upcasting.Steps.ContainsKey((encoded.Type, encoded.SchemaVersion)) -> true
            | _ -> redacting.Made encoded
        | _ -> false

    /// Encoding of another type, or under another version, by one that may redact. `current`: the encoded form as `inner` writes it, of
    /// one as the changed one does.
    let map
        (change: ('Value -> Result<Encoded, CodecError>) -> 'Other -> Result<Encoded, CodecError>)
        (current: Encoded -> Encoded)
        (inner: 'Value -> Result<Encoded, CodecError>)
        : 'Other -> Result<Encoded, CodecError> =
        match box inner with
        | :? RedactingEncode<'Value> as redacting ->
            let encode =
                { new RedactingEncode<'Other>() with
                    member _.Encode(writing, value) = change (fun inner -> redacting.Encode(writing, inner)) value
                    member _.Made encoded = redacting.Made(current encoded)
                }

            unbox (box encode)
        | _ -> change inner

/// Encoding with what lies at JSON paths replaced.
[<Sealed>]
type internal PathRedactingEncode<'Value>(inner: 'Value -> Result<Encoded, CodecError>, paths: string list list) =
    inherit RedactingEncode<'Value>()

    // What goes wrong before anything was replaced may show it.
    let hidden (typeName: string) = Error(CodecError.Unencodable(typeName, "the reason is not told, as it may show what is redacted"))

    let encode writing (value: 'Value) =
        try
            match CodecEncode.by inner writing value with
            | Error(CodecError.Unencodable(typeName, _)) -> hidden typeName
            | result -> result
        with
        | :? OutOfMemoryException -> reraise ()
        | _ -> hidden ""

    // What another one replaced before.
    let unwrap (encoded: Encoded) = Redaction.tryUnwrap encoded.Payload |> ValueOption.defaultValue encoded.Payload

    let redact told (encoded: Encoded) =
        match if paths.IsEmpty then Ok ValueNone else Redaction.apply told paths (unwrap encoded).Memory with
        | Ok(ValueSome replaced) -> Ok { encoded with Payload = Redaction.wrap replaced }
        | Ok ValueNone -> Ok encoded
        | Error _ -> Error(CodecError.Unencodable(encoded.Type, "it is no JSON in which values could be redacted by their paths"))

    /// What it redacts a part of.
    member _.Inner = inner

    /// Where.
    member _.Paths = paths

    override _.Encode(writing, value) =
        match writing with
        | Writing.Whole -> encode writing value
        | Writing.Recorded told -> encode writing value |> Result.bind (redact told)

    override _.Made encoded =
        Redaction.isMadeBy paths encoded.Payload
        || (match box inner with
            | :? RedactingEncode<'Value> as redacting -> redacting.Made encoded
            | _ -> false)

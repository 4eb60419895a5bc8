// What codecs are made of: their type, what calls functions of users, decoding with upcasts.
// Used by Codec.fs; the types by everything that records or reads payloads.
namespace Refold.Core

open System
open System.Runtime.InteropServices

/// A payload with what a reader must know to read it.
[<NoComparison>]
type Encoded =
    {
        /// An explicit name of what the payload is; never a CLR type name.
        Type: string
        /// The payload's schema version, from 1.
        SchemaVersion: int
        /// The bytes.
        Payload: Bytes
    }

/// Both directions of a payload's form. Encoding what was decoded from a payload of the current schema version must give the same bytes.
[<NoEquality; NoComparison>]
type Codec<'Value> =
    {
        /// Value to payload.
        Encode: 'Value -> Result<Encoded, CodecError>
        /// Payload to value; an older schema version is upcast, a newer one refused.
        Decode: Encoded -> Result<'Value, CodecError>
    }

/// Reads a payload where it lies: its value, or the reason why it has none. What is thrown is a reason too. The bytes are the reader's only
/// during the call.
type SpanDecode<'Value> = delegate of payload: ReadOnlySpan<byte> -> Result<'Value, string>

/// Decoding that can be called without an object for the payload.
[<AbstractClass>]
type internal PlainDecode<'Value>() =
    inherit FSharpFunc<Encoded, Result<'Value, CodecError>>()

    /// As decoding, of bytes that may be kept: null where there is a value.
    abstract Read: typeName: string * version: int * payload: ReadOnlyMemory<byte> * [<Out>] value: byref<'Value> -> CodecError | null

    /// As decoding, of bytes that stay only for the call. What may keep them gets a copy.
    abstract ReadSpan: typeName: string * version: int * payload: ReadOnlySpan<byte> * [<Out>] value: byref<'Value> -> CodecError | null

    override this.Invoke(encoded: Encoded) : Result<'Value, CodecError> =
        let mutable value = Unchecked.defaultof<'Value>

        match this.Read(encoded.Type, encoded.SchemaVersion, encoded.Payload.Memory, &value) with
        | null -> Ok value
        | error -> Error error

/// Encoding that can be called without an object for the payload; see `CodecEncode.write`.
[<AbstractClass>]
type internal PlainEncode<'Value>() =
    inherit FSharpFunc<'Value, Result<Encoded, CodecError>>()

    /// As encoding: null where there is a payload. Where a writer is there, the payload may lie in it and be valid until it is lent again;
    /// otherwise it stays. The value is not changed: it may be large.
    abstract Write:
        value: byref<'Value> *
        writer: PayloadWriter | null *
        [<Out>] typeName: byref<string> *
        [<Out>] version: byref<int> *
        [<Out>] payload: byref<ReadOnlyMemory<byte>> ->
            CodecError | null

    override this.Invoke(value: 'Value) : Result<Encoded, CodecError> =
        let mutable typeName = ""
        let mutable version = 0
        let mutable payload = ReadOnlyMemory<byte>.Empty

        let mutable value = value

        match this.Write(&value, null, &typeName, &version, &payload) with
        | null -> Ok { Type = typeName; SchemaVersion = version; Payload = Bytes.Wrap payload }
        | error -> Error error

/// Functions of users, which may throw.
[<RequireQualifiedAccess>]
module internal CodecFunction =

    /// What an exception says; its type where its own message throws.
    let reasonOf (error: exn) : string =
        try
            error.Message
        with _ ->
            error.GetType().ToString()

    /// The function's result; what it throws is a reason for none, but for a lack of memory.
    let attempt (read: 'Input -> Result<'Output, string>) (input: 'Input) : Result<'Output, string> =
        try
            read input
        with
        | :? OutOfMemoryException -> reraise ()
        | error -> Error(reasonOf error)

/// Decoding by any function: by its parts where the function has them, by an object otherwise.
[<RequireQualifiedAccess>]
module internal Decoding =

    /// Decodes bytes that may be kept: null where there is a value.
    let read
        (decode: Encoded -> Result<'Value, CodecError>)
        (typeName: string, version: int, payload: ReadOnlyMemory<byte>, value: byref<'Value>)
        : CodecError | null =
        match box decode with
        | :? PlainDecode<'Value> as plain -> plain.Read(typeName, version, payload, &value)
        | _ ->
            match decode { Type = typeName; SchemaVersion = version; Payload = Bytes.Wrap payload } with
            | Ok read ->
                value <- read
                null
            | Error error -> error

    /// Decodes bytes that stay only for the call.
    let readSpan
        (decode: Encoded -> Result<'Value, CodecError>)
        (typeName: string, version: int, payload: ReadOnlySpan<byte>, value: byref<'Value>)
        : CodecError | null =
        match box decode with
        | :? PlainDecode<'Value> as plain -> plain.ReadSpan(typeName, version, payload, &value)
        | _ -> read decode (typeName, version, ReadOnlyMemory(payload.ToArray()), &value)

/// Decoding with upcasts: kept by what each reads, so that they may be added in any order. `unwraps`: redacted payloads are read too, by
/// what they hold.
[<Sealed>]
type internal UpcastingDecode<'Value>
    (inner: Encoded -> Result<'Value, CodecError>, steps: Map<string * int, Bytes -> Result<Bytes, string>>, unwraps: bool) =
    inherit PlainDecode<'Value>()

    let all =
        [|
            for KeyValue((typeName, version), step) in steps -> struct (typeName, version, step)
        |]

    let tryFind (typeName: string) (version: int) : (Bytes -> Result<Bytes, string>) voption =
        let mutable found = ValueNone

        for struct (stepType, stepVersion, step) in all do
            if stepVersion = version && String.Equals(stepType, typeName) then
                found <- ValueSome step

        found

    /// What reads the current version.
    member _.Inner: Encoded -> Result<'Value, CodecError> = inner

    /// The upcasts by type and version.
    member _.Steps: Map<string * int, Bytes -> Result<Bytes, string>> = steps

    /// Whether redacted payloads are read.
    member _.Unwraps: bool = unwraps

    member private this.Upcast(typeName: string, version: int, payload: ReadOnlyMemory<byte>, value: byref<'Value>) : CodecError | null =
        match tryFind typeName version with
        | ValueNone -> Decoding.read inner (typeName, version, payload, &value)
        | ValueSome step ->
            match CodecFunction.attempt step (Bytes.Wrap payload) with
            | Ok payload -> this.Upcast(typeName, version + 1, payload.Memory, &value)
            | Error reason -> CodecError.Undecodable(typeName, "upcast from schema version " + Numbers.text version + ": " + reason)

    override this.Read(typeName, version, payload, value) =
        match (if unwraps then Redaction.tryUnwrap (Bytes.Wrap payload) else ValueNone) with
        | ValueSome whole -> this.Upcast(typeName, version, whole.Memory, &value)
        | ValueNone -> this.Upcast(typeName, version, payload, &value)

    override this.ReadSpan(typeName, version, payload, value) =
        match tryFind typeName version with
        | ValueNone when not (unwraps && Redaction.isOpened payload) -> Decoding.readSpan inner (typeName, version, payload, &value)
        | _ -> this.Read(typeName, version, ReadOnlyMemory(payload.ToArray()), &value)

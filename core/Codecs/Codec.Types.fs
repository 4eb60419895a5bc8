// What codecs are made of: their type, what calls functions of users, decoding with upcasts.
// Used by Codec.fs; the types by everything that records or reads payloads.
namespace Refold.Core

open System

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

/// Functions of users, which may throw.
[<RequireQualifiedAccess>]
module internal CodecFunction =

    // What an exception says; its type where its own message throws.
    let private reasonOf (error: exn) : string =
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

/// Decoding with upcasts: kept by what each reads, so that they may be added in any order. `unwraps`: redacted payloads are read too, by
/// what they hold.
[<Sealed>]
type internal UpcastingDecode<'Value>
    (inner: Encoded -> Result<'Value, CodecError>, steps: Map<string * int, Bytes -> Result<Bytes, string>>, unwraps: bool) =
    inherit FSharpFunc<Encoded, Result<'Value, CodecError>>()

    /// What reads the current version.
    member _.Inner: Encoded -> Result<'Value, CodecError> = inner

    /// The upcasts by type and version.
    member _.Steps: Map<string * int, Bytes -> Result<Bytes, string>> = steps

    /// Whether redacted payloads are read.
    member _.Unwraps: bool = unwraps

    override _.Invoke(encoded: Encoded) : Result<'Value, CodecError> =
        let rec decode (encoded: Encoded) =
            match Map.tryFind (encoded.Type, encoded.SchemaVersion) steps with
            | None -> inner encoded
            | Some step ->
                match CodecFunction.attempt step encoded.Payload with
                | Ok payload -> decode { encoded with SchemaVersion = encoded.SchemaVersion + 1; Payload = payload }
                | Error reason ->
                    let version = Numbers.text encoded.SchemaVersion
                    Error(CodecError.Undecodable(encoded.Type, "upcast from schema version " + version + ": " + reason))

        match unwraps, Redaction.tryUnwrap encoded.Payload with
        | true, ValueSome payload -> decode { encoded with Payload = payload }
        | _ -> decode encoded

// Codecs that need no object for a payload: of functions over bytes, spans and buffer writers, and what is made of such codecs.
// Used by Codec.fs; called by folds, which decode entries where they lie, as PlainDecode and PlainEncode.
namespace Refold.Core

open System
open System.Buffers
open System.Collections.Generic
open System.Runtime.InteropServices

/// What a codec that reads one schema version of one type refuses.
[<RequireQualifiedAccess>]
module internal Admission =

    /// The reason against a payload of a type and schema version; null for none.
    let refuse (typeName: string) (supported: int) (foundType: string) (foundVersion: int) : CodecError | null =
        if foundType <> typeName then CodecError.UnknownType foundType
        elif foundVersion > supported then CodecError.NewerSchema(typeName, foundVersion, supported)
        elif foundVersion < supported then CodecError.MissingUpcast(typeName, foundVersion)
        else null

/// Encoding by a function that makes the payload. `isOwn`: by one of Refold, which uses no memory again.
[<Sealed>]
type internal BytesEncode<'Value>(typeName: string, version: int, encode: 'Value -> Result<Bytes, string>, isOwn: bool) =
    inherit PlainEncode<'Value>()

    override _.Write(value, comparing, writtenType, writtenVersion, payload) =
        writtenType <- typeName
        writtenVersion <- version

        match encode value with
        | Ok written ->
            // A copy, but where bytes are only compared: memory that was wrapped may be used again, and the next value would
            // change this one.
            payload <-
                match comparing with
                | null when not isOwn -> ReadOnlyMemory(written.Span.ToArray())
                | _ -> written.Memory

            null
        | Error reason -> CodecError.Unencodable(typeName, reason)

/// Decoding by a function that may keep the payload.
[<Sealed>]
type internal BytesDecode<'Value>(typeName: string, version: int, decode: Bytes -> Result<'Value, string>) =
    inherit PlainDecode<'Value>()

    override _.Read(foundType, foundVersion, payload, value) =
        match Admission.refuse typeName version foundType foundVersion with
        | null ->
            match CodecFunction.attempt decode (Bytes.Wrap payload) with
            | Ok read ->
                value <- read
                null
            | Error reason -> CodecError.Undecodable(typeName, reason)
        | error -> error

    override this.ReadSpan(foundType, foundVersion, payload, value) =
        this.Read(foundType, foundVersion, ReadOnlyMemory(payload.ToArray()), &value)

/// Encoding by a function that writes into a buffer writer.
[<Sealed>]
type internal SpanEncode<'Value>(typeName: string, version: int, encode: 'Value -> IBufferWriter<byte> -> Result<unit, string>) =
    inherit PlainEncode<'Value>()

    let encode = OptimizedClosures.FSharpFunc<_, _, _>.Adapt encode
    let writers = PayloadWriters()

    // Whatever is thrown, the writer is closed to what threw.
    let write (value: byref<'Value>) (writer: PayloadWriter) : CodecError | null =
        writer.Lend()

        try
            match encode.Invoke(value, writer) with
            | Error reason -> CodecError.Unencodable(typeName, reason)
            | Ok() -> null
        finally
            writer.Take()

    override _.Write(value, writer, writtenType, writtenVersion, payload) =
        writtenType <- typeName
        writtenVersion <- version

        match writer with
        | null ->
            let own = writers.Take()
            let error = write &value own

            // What stays is a copy: the writer and its buffer may be the function's own, for all it keeps of them.
            if isNull error then
                payload <- ReadOnlyMemory(own.Written.ToArray())

            writers.GiveBack own
            error
        | writer ->
            let error = write &value writer
            payload <- writer.Written
            error

/// Decoding by a function over the bytes where they lie.
[<Sealed>]
type internal SpanDecoding<'Value>(typeName: string, version: int, decode: SpanDecode<'Value>) =
    inherit PlainDecode<'Value>()

    override _.ReadSpan(foundType, foundVersion, payload, value) =
        match Admission.refuse typeName version foundType foundVersion with
        | null ->
            try
                match decode.Invoke payload with
                | Ok read ->
                    value <- read
                    null
                | Error reason -> CodecError.Undecodable(typeName, reason)
            with
            | :? OutOfMemoryException -> reraise ()
            | error -> CodecError.Undecodable(typeName, CodecFunction.reasonOf error)
        | error -> error

    override this.Read(foundType, foundVersion, payload, value) = this.ReadSpan(foundType, foundVersion, payload.Span, &value)

/// Decoding to another form of the same information. `isGuarded`: what `change` throws says that the payload cannot be decoded.
[<Sealed>]
type internal MappedDecode<'Source, 'Value>(inner: Encoded -> Result<'Source, CodecError>, change: 'Source -> 'Value, isGuarded: bool) =
    inherit PlainDecode<'Value>()

    let convert (typeName: string) (source: 'Source) (value: byref<'Value>) : CodecError | null =
        try
            value <- change source
            null
        with
        | :? OutOfMemoryException -> reraise ()
        | error when isGuarded -> CodecError.Undecodable(typeName, CodecFunction.reasonOf error)

    override _.Read(typeName, version, payload, value) =
        let mutable source = Unchecked.defaultof<'Source>

        match Decoding.read inner (typeName, version, payload, &source) with
        | null -> convert typeName source &value
        | error -> error

    override _.ReadSpan(typeName, version, payload, value) =
        let mutable source = Unchecked.defaultof<'Source>

        match Decoding.readSpan inner (typeName, version, payload, &source) with
        | null -> convert typeName source &value
        | error -> error

/// Encoding of another form of the same information.
[<Sealed>]
type internal MappedEncode<'Source, 'Value>(inner: PlainEncode<'Source>, change: 'Value -> 'Source) =
    inherit PlainEncode<'Value>()

    override _.Write(value, writer, typeName, version, payload) =
        let mutable source = change value
        inner.Write(&source, writer, &typeName, &version, &payload)

/// Decoding with another current schema version of one type.
[<Sealed>]
type internal VersionedDecode<'Value>(inner: Encoded -> Result<'Value, CodecError>, typeName: string, current: int) =
    inherit PlainDecode<'Value>()

    override _.Read(foundType, version, payload, value) =
        if foundType = typeName then
            match Admission.refuse typeName current foundType version with
            | null -> Decoding.read inner (foundType, 1, payload, &value)
            | error -> error
        else
            Decoding.read inner (foundType, version, payload, &value)

    override _.ReadSpan(foundType, version, payload, value) =
        if foundType = typeName then
            match Admission.refuse typeName current foundType version with
            | null -> Decoding.readSpan inner (foundType, 1, payload, &value)
            | error -> error
        else
            Decoding.readSpan inner (foundType, version, payload, &value)

/// Encoding with another current schema version of one type.
[<Sealed>]
type internal VersionedEncode<'Value>(inner: PlainEncode<'Value>, typeName: string, current: int) =
    inherit PlainEncode<'Value>()

    override _.Write(value, writer, writtenType, version, payload) =
        let error = inner.Write(&value, writer, &writtenType, &version, &payload)

        if writtenType = typeName then
            version <- current

        error

/// Decoding by the type that a payload has.
[<Sealed>]
type internal UnionDecode<'Value>(decodeOf: Dictionary<string, Encoded -> Result<'Value, CodecError>>) =
    inherit PlainDecode<'Value>()

    override _.Read(typeName, version, payload, value) =
        match decodeOf.TryGetValue typeName with
        | true, decode -> Decoding.read decode (typeName, version, payload, &value)
        | false, _ -> CodecError.UnknownType typeName

    override _.ReadSpan(typeName, version, payload, value) =
        match decodeOf.TryGetValue typeName with
        | true, decode -> Decoding.readSpan decode (typeName, version, payload, &value)
        | false, _ -> CodecError.UnknownType typeName

/// Encoding of the values that one case of a union is for.
[<AbstractClass>]
type internal CaseEncode<'Value>() =

    /// As encoding; false where the case is not for the value.
    abstract TryWrite:
        value: byref<'Value> *
        writer: PayloadWriter | null *
        [<Out>] typeName: byref<string> *
        [<Out>] version: byref<int> *
        [<Out>] payload: byref<ReadOnlyMemory<byte>> *
        [<Out>] error: byref<CodecError | null> ->
            bool

/// Encoding of the values that a function picks.
[<Sealed>]
type internal PickingEncode<'Case, 'Value>(caseName: string, tryPick: 'Value -> 'Case option, inner: PlainEncode<'Case>) =
    inherit CaseEncode<'Value>()

    override _.TryWrite(value, writer, typeName, version, payload, error) =
        match tryPick value with
        | None -> false
        | Some picked ->
            let mutable picked = picked
            error <- CodecEncode.write inner (&picked, writer, &typeName, &version, &payload)

            if isNull error && typeName <> caseName then
                error <- CodecError.Unencodable(caseName, "its codec writes the type '" + typeName + "'")

            true

/// Encoding by the first case that is for a value.
[<Sealed>]
type internal UnionEncode<'Value>(cases: CaseEncode<'Value>[]) =
    inherit PlainEncode<'Value>()

    override _.Write(value, writer, typeName, version, payload) =
        let mutable error: CodecError | null = null
        let mutable isWritten = false
        let mutable next = 0

        while not isWritten && next < cases.Length do
            isWritten <- cases[next].TryWrite(&value, writer, &typeName, &version, &payload, &error)
            next <- next + 1

        if isWritten then error else CodecError.Unencodable("", "no case is for the value")

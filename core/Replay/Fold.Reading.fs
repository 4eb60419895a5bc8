// Reading recorded entries by a codec, and judging the codec by them: what is decoded is encoded again and compared.
// Used by Fold.fs and Fold.Stream.fs.
namespace Refold.Core

open System

/// What is not as it should be with an entry, told once the entry is there as a whole.
[<Sealed; AllowNullLiteral>]
type internal Differing(told: Entry -> Divergence, goesOn: bool) =

    /// The divergence of the entry.
    member _.Of(entry: Entry) : Divergence = told entry

    /// Whether the fold goes on behind the entry; otherwise it ended before it.
    member _.GoesOn: bool = goesOn

/// Decoding and encoding of entries by a codec; what goes wrong is told of the entry as a whole.
[<RequireQualifiedAccess>]
module internal FoldReading =

    /// What an entry's codec is handed.
    let encodedOf (data: EntryData) : Encoded = { Type = data.Type; SchemaVersion = data.SchemaVersion; Payload = data.Payload }

    /// The place in an entry that an error of its codec is about.
    let private errorPath (data: EntryData) (error: CodecError) =
        match error with
        | CodecError.UnknownType _ -> "/type"
        | CodecError.NewerSchema _
        | CodecError.MissingUpcast _ -> "/schemaVersion"
        | CodecError.Undecodable _
        | CodecError.Unencodable _ -> PayloadDifference.memberPath data.Payload

    let undecodable (payload: ReadOnlyMemory<byte>) (error: CodecError) (entry: Entry) =
        let shown = PayloadDifference.show (Bytes.Wrap payload)
        Divergence.at entry (errorPath entry.Data error) DivergenceCause.Undecodable shown (error.ToString())

    let decodeThrew (payload: ReadOnlyMemory<byte>) (error: exn) =
        let text = Thrown.text "decode" error

        fun (entry: Entry) ->
            let path = PayloadDifference.memberPath entry.Data.Payload
            Divergence.at entry path DivergenceCause.Threw (PayloadDifference.show (Bytes.Wrap payload)) text

    let tryDecode (codec: Codec<'Value>) (encoded: Encoded) : Result<'Value, Entry -> Divergence> =
        try
            match codec.Decode encoded with
            | Ok value -> Ok value
            | Error error -> Error(undecodable encoded.Payload.Memory error)
        with error ->
            Error(decodeThrew encoded.Payload.Memory error)

    let unencodable (reason: string) (entry: Entry) =
        let payload = entry.Data.Payload
        let path = PayloadDifference.memberPath payload
        Divergence.at entry path DivergenceCause.CodecNotFaithful (PayloadDifference.show payload) reason

    let tryEncode (codec: Codec<'Value>) (value: 'Value) : Result<Encoded, Entry -> Divergence> =
        try
            match CodecEncode.record codec value with
            | Ok encoded -> Ok encoded
            | Error error -> Error(unencodable (string error))
        with error ->
            Error(unencodable (Thrown.text "encode" error))

    let differs path expected actual (entry: Entry) = Divergence.at entry path DivergenceCause.CodecNotFaithful expected actual

    let payloadDiffers (again: ReadOnlyMemory<byte>) (entry: Entry) =
        match PayloadDifference.find entry entry.Data.Payload (Bytes.Wrap again) with
        | Some found -> { found with Cause = DivergenceCause.CodecNotFaithful }
        | None -> invalidOp "bytes that differ have a difference"

    let ends (told: Entry -> Divergence) = Differing(told, false)

    let isUnfaithful (told: Entry -> Divergence) = Differing(told, true)

/// Reads payloads by a codec and judges the codec by them. What of the codec can be called without an object is found once. Used by one
/// thread.
[<Sealed>]
type internal FoldReader<'Event>(codec: Codec<'Event>) =

    let settling =
        match CodecEncode.trySettling codec with
        | ValueSome settling -> settling
        | ValueNone -> Unchecked.defaultof<_>

    let plainDecode =
        match box codec.Decode with
        | :? PlainDecode<'Event> as plain -> plain
        | _ -> Unchecked.defaultof<_>

    let plainEncode =
        match box codec.Encode with
        | :? PlainEncode<'Event> as plain -> plain
        | _ -> Unchecked.defaultof<_>

    // What is written again is compared at once, and then forgotten.
    let mutable writer: PayloadWriter | null = null

    // Of what cannot be read the bytes are kept, to be told.
    static let refused (payload: ReadOnlySpan<byte>) (error: CodecError) =
        let kept = ReadOnlyMemory(payload.ToArray())
        FoldReading.ends (FoldReading.undecodable kept error)

    static let threw (payload: ReadOnlySpan<byte>) (error: exn) =
        let kept = ReadOnlyMemory(payload.ToArray())
        FoldReading.ends (FoldReading.decodeThrew kept error)

    // By any function, of bytes that stay.
    let decodeKept (typeName: string) (schemaVersion: int) (payload: ReadOnlyMemory<byte>) (event: byref<'Event>) : Differing =
        match FoldReading.tryDecode codec { Type = typeName; SchemaVersion = schemaVersion; Payload = Bytes.Wrap payload } with
        | Ok read ->
            event <- read
            null
        | Error told -> FoldReading.ends told

    // Bytes first: only where they differ it is asked how.
    static let compare
        (typeName: string)
        (schemaVersion: int)
        (payload: ReadOnlySpan<byte>)
        (againType: string)
        (againVersion: int)
        (again: ReadOnlyMemory<byte>)
        : Differing =
        if againVersion < schemaVersion then
            FoldReading.isUnfaithful (FoldReading.differs "/schemaVersion" (Numbers.text schemaVersion) (Numbers.text againVersion))
        elif not (String.Equals(againType, typeName)) then
            FoldReading.isUnfaithful (FoldReading.differs "/type" typeName againType)
        elif again.Span.SequenceEqual payload then
            null
        else
            // What a codec gave may be its own, and other bytes by the time that this is told; also those that it should have given.
            FoldReading.isUnfaithful (FoldReading.payloadDiffers (ReadOnlyMemory(again.ToArray())))

    let judgeByObject (event: 'Event) (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (wasUpcast: byref<bool>) =
        match FoldReading.tryEncode codec event with
        | Error told -> FoldReading.isUnfaithful told
        | Ok again when again.SchemaVersion > schemaVersion ->
            wasUpcast <- true
            null
        | Ok again -> compare typeName schemaVersion payload again.Type again.SchemaVersion again.Payload.Memory

    let write
        (event: byref<'Event>)
        (typeName: byref<string>)
        (version: byref<int>)
        (payload: byref<ReadOnlyMemory<byte>>)
        : string | null =
        let lent =
            match writer with
            | null ->
                let made = PayloadWriter()
                writer <- made
                made
            | there -> there

        try
            match CodecEncode.write plainEncode (&event, lent, &typeName, &version, &payload) with
            | null -> null
            | error -> string error
        with error ->
            Thrown.text "encode" error

    // Encodes again what was decoded.
    let judge (event: byref<'Event>) (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (wasUpcast: byref<bool>) =
        if isNull (box plainEncode) then
            judgeByObject event typeName schemaVersion payload &wasUpcast
        else
            let mutable againType = ""
            let mutable againVersion = 0
            let mutable again = ReadOnlyMemory<byte>.Empty

            match write &event &againType &againVersion &again with
            | null when againVersion > schemaVersion ->
                wasUpcast <- true
                null
            | null -> compare typeName schemaVersion payload againType againVersion again
            | reason -> FoldReading.isUnfaithful (FoldReading.unencodable reason)

    // Whether the payload proves the codec faithful; false says nothing.
    let tryProve (typeName: string) (schemaVersion: int) (payload: ReadOnlySpan<byte>) (event: byref<'Event>) : bool =
        if isNull (box settling) then
            false
        else
            // Whatever is thrown is told where the payload is judged.
            try
                settling.TryRead(typeName, schemaVersion, payload, &event)
            with _ ->
                false

    /// Reads a payload where it lies, and encodes again what was decoded unless that is proved. Null: nothing differs. One that goes on:
    /// the codec writes it otherwise; any other: there is no event.
    member _.ReadSpan
        (typeName: string, schemaVersion: int, payload: ReadOnlySpan<byte>, event: byref<'Event>, wasUpcast: byref<bool>)
        : Differing =
        if tryProve typeName schemaVersion payload &event then
            null
        else
            let differing =
                if isNull (box plainDecode) then
                    // A codec may keep what it is given.
                    decodeKept typeName schemaVersion (ReadOnlyMemory(payload.ToArray())) &event
                else
                    try
                        match plainDecode.ReadSpan(typeName, schemaVersion, payload, &event) with
                        | null -> null
                        | error -> refused payload error
                    with error ->
                        threw payload error

            match differing with
            | null -> judge &event typeName schemaVersion payload &wasUpcast
            | differing -> differing

    /// As `ReadSpan`, of a payload that stays.
    member _.Read(data: EntryData, event: byref<'Event>, wasUpcast: byref<bool>) : Differing =
        let typeName = data.Type
        let schemaVersion = data.SchemaVersion
        let payload = data.Payload.Memory

        if tryProve typeName schemaVersion payload.Span &event then
            null
        else
            let differing =
                if isNull (box plainDecode) then
                    decodeKept typeName schemaVersion payload &event
                else
                    try
                        match plainDecode.Read(typeName, schemaVersion, payload, &event) with
                        | null -> null
                        | error -> refused payload.Span error
                    with error ->
                        threw payload.Span error

            match differing with
            | null -> judge &event typeName schemaVersion payload.Span &wasUpcast
            | differing -> differing

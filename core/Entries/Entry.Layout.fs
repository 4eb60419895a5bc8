// Where the fields of canonical bytes lie: read once, so that a frame's header can say it. FORMAT.md, "Frame".
// Called by Refold.Format when frames are written and checked.
namespace Refold.Core

open System
open System.Buffers.Binary

/// Where the fields of canonical bytes lie, without their values.
[<Struct; NoComparison>]
type internal CanonicalLayout =
    {
        /// The code of the role.
        Role: byte
        /// Which optional fields are there: bit 0 time, 1 id, 2 correlation id, 3 causation id, 4 run, 5 words drawn, 6 key.
        Fields: byte
        /// Bytes of the stream's name.
        Stream: int
        /// Bytes of the type.
        Type: int
        /// The payload's schema version.
        SchemaVersion: int
        /// Bytes of the payload.
        Payload: int
        /// Bytes of the tags, their count included.
        Tags: int
        /// Bytes of the run's id; 0 without one.
        Run: int
    }

/// Steps over canonical bytes: each moves the offset behind what it reads, to -1 where the bytes end before.
[<RequireQualifiedAccess>]
module internal CanonicalLayoutReading =

    /// So many bytes.
    let skip (count: int) (bytes: ReadOnlySpan<byte>) (at: byref<int>) : unit =
        at <- if at < 0 || count < 0 || count > bytes.Length - at then -1 else at + count

    /// A byte.
    let one (bytes: ReadOnlySpan<byte>) (at: byref<int>) : int =
        let start = at
        skip 1 bytes &at
        if at < 0 then 0 else int bytes[start]

    /// Four bytes.
    let four (bytes: ReadOnlySpan<byte>) (at: byref<int>) : int =
        let start = at
        skip 4 bytes &at
        if at < 0 then 0 else BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(start, 4))

    /// A length and so many bytes; answers the length.
    let prefixed (bytes: ReadOnlySpan<byte>) (at: byref<int>) : int =
        let count = four bytes &at
        skip count bytes &at
        if at < 0 then 0 else count

/// Reading layouts, and what follows from them.
[<RequireQualifiedAccess>]
module internal CanonicalLayout =

    let private optionalBytes = 7

    /// The bits of `Fields`.
    let time, id, correlation, causation, run, drawn, key = 1uy, 2uy, 4uy, 8uy, 16uy, 32uy, 64uy

    /// Whether both are the same.
    let same (left: CanonicalLayout) (right: CanonicalLayout) : bool =
        left.Role = right.Role
        && left.Fields = right.Fields
        && left.Stream = right.Stream
        && left.Type = right.Type
        && left.SchemaVersion = right.SchemaVersion
        && left.Payload = right.Payload
        && left.Tags = right.Tags
        && left.Run = right.Run

    /// Whether an optional field is there.
    let has (field: byte) (layout: CanonicalLayout) : bool = layout.Fields &&& field <> 0uy

    /// The offset of the stream's UTF-8 bytes.
    let streamOffset = 4

    /// The offset of the type's UTF-8 bytes.
    let typeOffset (layout: CanonicalLayout) : int = streamOffset + layout.Stream + 1 + 4

    /// The offset of the payload.
    let payloadOffset (layout: CanonicalLayout) : int = typeOffset layout + layout.Type + 4 + 4

    /// The offset of the tags' count.
    let tagsOffset (layout: CanonicalLayout) : int = payloadOffset layout + layout.Payload

    /// The offset of the presence byte of the time.
    let timeOffset (layout: CanonicalLayout) : int = tagsOffset layout + layout.Tags

    let private behind field bytes (layout: CanonicalLayout) offset = offset + 1 + (if has field layout then bytes else 0)

    /// The offset of the presence byte of the id.
    let idOffset (layout: CanonicalLayout) : int = timeOffset layout |> behind time 8 layout

    /// The offset of the presence byte of the correlation id.
    let correlationOffset (layout: CanonicalLayout) : int = idOffset layout |> behind id 16 layout

    /// The offset of the presence byte of the causation id.
    let causationOffset (layout: CanonicalLayout) : int = correlationOffset layout |> behind correlation 16 layout

    /// The offset of the presence byte of the run.
    let runOffset (layout: CanonicalLayout) : int = causationOffset layout |> behind causation 16 layout

    /// The layout of canonical bytes; none where they are not as long as it says. What the fields hold is not looked at.
    let tryRead (bytes: ReadOnlySpan<byte>) : CanonicalLayout voption =
        // Each step answers where the next field begins, -1 where the bytes end before.
        let mutable at = 0
        let mutable fields = 0uy

        let stream = CanonicalLayoutReading.prefixed bytes &at
        let role = CanonicalLayoutReading.one bytes &at
        let typeName = CanonicalLayoutReading.prefixed bytes &at
        let schemaVersion = CanonicalLayoutReading.four bytes &at
        let payload = CanonicalLayoutReading.prefixed bytes &at
        let tagsAt = at
        let tags = CanonicalLayoutReading.four bytes &at
        let mutable left = tags

        while left > 0 && at >= 0 do
            CanonicalLayoutReading.prefixed bytes &at |> ignore<int>
            left <- left - 1

        let tagsBytes = at - tagsAt
        let mutable runBytes = 0

        for field in 0 .. optionalBytes - 1 do
            let present = CanonicalLayoutReading.one bytes &at

            if present = 1 then
                fields <- fields ||| (1uy <<< field)

                match field with
                | 0
                | 5 -> CanonicalLayoutReading.skip 8 bytes &at
                | 4 -> runBytes <- CanonicalLayoutReading.prefixed bytes &at
                | 6 -> CanonicalLayoutReading.prefixed bytes &at |> ignore<int>
                | _ -> CanonicalLayoutReading.skip 16 bytes &at
            elif present <> 0 then
                at <- -1

        if at <> bytes.Length || tags < 0 then
            ValueNone
        else
            ValueSome
                {
                    Role = byte role
                    Fields = fields
                    Stream = stream
                    Type = typeName
                    SchemaVersion = schemaVersion
                    Payload = payload
                    Tags = tagsBytes
                    Run = runBytes
                }

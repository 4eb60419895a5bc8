// Canonical bytes read with texts that were read before: streams, types, tags and runs come again and again, and were checked once.
// Called by Refold.Format when frames are scanned.
namespace Refold.Core

open System
open System.Buffers.Binary
open Refold

/// Values by their bytes, the last one at each place of a few.
[<Sealed>]
type internal KnownValues<'Value when 'Value: not struct>() =

    let places = 256

    let keys = Array.create places Array.empty<byte>
    let values = Array.zeroCreate<'Value> places

    let placeOf (bytes: ReadOnlySpan<byte>) = int (Checksum.plain bytes) &&& (places - 1)

    /// The value of these bytes; none of no bytes.
    member _.Find(bytes: ReadOnlySpan<byte>) : 'Value voption =
        let place = placeOf bytes

        if bytes.Length > 0 && bytes.SequenceEqual(ReadOnlySpan keys[place]) then
            ValueSome values[place]
        else
            ValueNone

    /// Keeps it.
    member _.Keep(bytes: ReadOnlySpan<byte>, value: 'Value) : unit =
        let place = placeOf bytes
        keys[place] <- bytes.ToArray()
        values[place] <- value

/// Reads entries as `CanonicalBytes.tryRead` does, which it asks for everything that was not met yet, and for what is rare. Used by one
/// thread.
[<Sealed>]
type internal KnownEntries() =

    let streams = KnownValues<StreamId>()
    let types = KnownValues<string>()
    let tags = KnownValues<Tag list>()
    let runs = KnownValues<RunId>()

    let rare = CanonicalLayout.drawn ||| CanonicalLayout.key

    let streamOf (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) = bytes.Slice(CanonicalLayout.streamOffset, layout.Stream)

    let typeOf (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) = bytes.Slice(CanonicalLayout.typeOffset layout, layout.Type)

    let tagsOf (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) = bytes.Slice(CanonicalLayout.tagsOffset layout, layout.Tags)

    // Behind its presence byte and its length.
    let runOf (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) = bytes.Slice(CanonicalLayout.runOffset layout + 5, layout.Run)

    let isLate (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) =
        let ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(CanonicalLayout.timeOffset layout + 1))
        ticks < 0L || ticks > DateTime.MaxValue.Ticks

    let idAt (offset: int) (bytes: ReadOnlySpan<byte>) = Guid(bytes.Slice(offset + 1, 16), true)

    // An id of zeros names nobody: which it is then is decided elsewhere.
    let isUsual (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) =
        layout.Fields &&& rare = 0uy
        && layout.SchemaVersion >= 1
        && not (CanonicalLayout.has CanonicalLayout.time layout && isLate layout bytes)
        && not (
            CanonicalLayout.has CanonicalLayout.causation layout
            && idAt (CanonicalLayout.causationOffset layout) bytes = Guid.Empty
        )

    let optionalId field (layout: CanonicalLayout) (offset: int) (bytes: ReadOnlySpan<byte>) =
        if CanonicalLayout.has field layout then Some(idAt offset bytes) else None

    let known (layout: CanonicalLayout) (memory: ReadOnlyMemory<byte>) : EntryData voption =
        let bytes = memory.Span

        let run =
            if CanonicalLayout.has CanonicalLayout.run layout then runs.Find(runOf layout bytes) else ValueNone

        let isRunKnown = run.IsSome || not (CanonicalLayout.has CanonicalLayout.run layout)

        match
            Role.ofByte layout.Role, streams.Find(streamOf layout bytes), types.Find(typeOf layout bytes), tags.Find(tagsOf layout bytes)
        with
        | Some role, ValueSome stream, ValueSome typeName, ValueSome tags when isRunKnown ->
            ValueSome
                {
                    Stream = stream
                    Role = role
                    Type = typeName
                    SchemaVersion = layout.SchemaVersion
                    Payload = Bytes.Wrap(memory.Slice(CanonicalLayout.payloadOffset layout, layout.Payload))
                    Tags = tags
                    Time =
                        if CanonicalLayout.has CanonicalLayout.time layout then
                            let ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice(CanonicalLayout.timeOffset layout + 1))
                            Some(DateTimeOffset(ticks, TimeSpan.Zero))
                        else
                            None
                    Id = optionalId CanonicalLayout.id layout (CanonicalLayout.idOffset layout) bytes
                    CorrelationId = optionalId CanonicalLayout.correlation layout (CanonicalLayout.correlationOffset layout) bytes
                    CausationId = optionalId CanonicalLayout.causation layout (CanonicalLayout.causationOffset layout) bytes
                    Run =
                        match run with
                        | ValueSome run -> Some run
                        | ValueNone -> None
                    Drawn = None
                    Key = None
                }
        | _ -> ValueNone

    let keep (layout: CanonicalLayout) (bytes: ReadOnlySpan<byte>) (data: EntryData) =
        streams.Keep(streamOf layout bytes, data.Stream)
        types.Keep(typeOf layout bytes, data.Type)
        tags.Keep(tagsOf layout bytes, data.Tags)

        match data.Run with
        | Some run -> runs.Keep(runOf layout bytes, run)
        | None -> ()

    /// See `CanonicalBytes.tryRead`.
    member _.TryRead(memory: ReadOnlyMemory<byte>) : EntryData voption =
        let bytes = memory.Span

        match CanonicalLayout.tryRead bytes with
        // They are not as long as they say.
        | ValueNone -> ValueNone
        | ValueSome layout ->
            match (if isUsual layout bytes then known layout memory else ValueNone) with
            | ValueSome data -> ValueSome data
            | ValueNone ->
                match CanonicalBytes.tryRead memory with
                | Some data ->
                    keep layout bytes data
                    ValueSome data
                | None -> ValueNone

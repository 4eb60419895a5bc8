// Codecs that write F# values as canonical JSON (RFC 8785): values alike in every part give equal bytes on every machine.
// Made by users for commands, events, refusals and states.
namespace Refold.Core

open System
open System.Collections.Generic

/// Makes `Codec.json` and `Codec.jsonUnion` part of `Codec`.
[<AutoOpen>]
module CodecJson =

    let private toBytes (write: JsonPath -> JsonValue) : Result<Bytes, string> =
        try
            let writer = ByteWriter 256
            Canonical.append writer (write JsonPath.Root)
            Ok(Bytes.Wrap writer.WrittenMemory)
        with JsonFault reason ->
            Error reason

    let private ofBytes (payload: Bytes) (read: JsonPath -> JsonValue -> objnull) : Result<'Value, string> =
        try
            let reader = JsonReader(payload.Memory, true)
            let json = reader.Value()
            reader.End()
            Ok(unbox<'Value>(read JsonPath.Root json))
        with JsonFault reason ->
            Error reason

    /// Codecs that write F# values as canonical JSON.
    [<RequireQualifiedAccess>]
    module Codec =

        /// Values of one type as canonical JSON, schema version 1 (`Codec.withVersion` raises it).
        ///
        /// Records are objects; unions are objects with the case's name as `case` and its fields by name; options are null, or
        /// left out where they are fields; lists, arrays and tuples are arrays; sets are arrays and maps are objects (where all keys
        /// are strings) or arrays of `[key, value]`, in the order of the keys' canonical forms. Integers of 64 bits and more, decimals
        /// with their scale, times, durations, UUIDs, bytes (base64) and names of enumerations are strings; smaller integers and
        /// doubles are numbers, but for "-0", "NaN", "Infinity" and "-Infinity". `JsonName` renames fields and cases.
        ///
        /// Values that are alike in every part give equal bytes. 1.0m and 1.00m are equal and yet not alike: a decimal keeps its scale,
        /// a time its offset. The sign of a decimal zero alone is not kept.
        ///
        /// Reading is strict: unknown, missing and repeated members, null for an absent option, sets and maps in another order, a second
        /// name of an enumeration's value, and texts and integers that would not be written so, are errors. Spaces, the order of members,
        /// escapes in strings and the digits of doubles are free.
        /// Throws `ArgumentException`, naming the place, for types without such a form: functions, lazy sequences, objects,
        /// interfaces, classes, options of options.
        let json<'Value> (typeName: string) : Codec<'Value> =
            let shape = JsonBuild.shape typeof<'Value>

            Codec.createOwn typeName (fun (value: 'Value) -> toBytes (fun path -> shape.Write path (box value))) (fun payload ->
                ofBytes payload shape.Read)

        /// Every case of a union as an entry type of its own, named as the case, with the case's fields as an object; every type has
        /// schema version 1 (`Codec.withVersion` raises it). Forms and exceptions as with `json`.
        let jsonUnion<'Union> () : Codec<'Union> =
            let tag, cases = JsonBuild.cases typeof<'Union>

            let codecs =
                cases
                |> Array.map (fun case ->
                    Codec.createOwn
                        case.Name
                        (fun (value: 'Union) -> toBytes (fun path -> JsonValue.Object(case.Members.Write(path, case.Fields(box value)))))
                        (fun payload ->
                            ofBytes payload (fun path json ->
                                match json with
                                | JsonValue.Object members -> case.Make(case.Members.Read(path, members))
                                | _ -> raise (path.Fault "must be an object"))))

            let byName = Dictionary<string, Codec<'Union>> StringComparer.Ordinal
            Array.iter2 (fun (case: JsonCase) codec -> byName.Add(case.Name, codec)) cases codecs

            {
                Encode = fun value -> codecs[tag (box value)].Encode value
                Decode =
                    fun encoded ->
                        match byName.TryGetValue encoded.Type with
                        | true, codec -> codec.Decode encoded
                        | false, _ -> Error(CodecError.UnknownType encoded.Type)
            }

// Reading JSON values (RFC 8259) from tokens.
// Called by Json.Members.fs, Canonical.fs, Ndjson.fs, Codec.Json.fs.
namespace Refold.Core

open System
open System.Collections.Generic

/// Reads JSON from the front of the memory. What cannot be read raises `JsonFault`.
[<Sealed>]
type internal JsonReader(memory: ReadOnlyMemory<byte>) =

    let scanner = JsonScanner memory

    // One after the other until the closing character.
    let sequence (opening: char) (closing: char) (item: unit -> unit) =
        scanner.Expect opening
        scanner.SkipSpace()

        if scanner.Peek = closing then
            scanner.Expect closing
        else
            item ()
            scanner.SkipSpace()

            while scanner.Peek = ',' do
                scanner.Expect ','
                scanner.SkipSpace()
                item ()
                scanner.SkipSpace()

            scanner.Expect closing

    let (|Number|_|) (character: char) = character = '-' || Char.IsAsciiDigit character

    let colon () =
        scanner.SkipSpace()
        scanner.Expect ':'
        scanner.SkipSpace()

    let members (read: unit -> 'Value) : (string * 'Value) list =
        let found = ResizeArray<string * 'Value>()
        let names = HashSet<string> StringComparer.Ordinal

        sequence '{' '}' (fun () ->
            let name = scanner.String()
            colon ()

            if not (names.Add name) then
                raise (scanner.Fault("the member '" + name + "' occurs twice"))

            found.Add(name, read ()))

        List.ofSeq found

    let word () =
        match scanner.Peek with
        | 't' -> scanner.Literal("true", JsonValue.Bool true)
        | 'f' -> scanner.Literal("false", JsonValue.Bool false)
        | 'n' -> scanner.Literal("null", JsonValue.Null)
        | _ -> raise (scanner.Fault "a JSON value expected")

    let rec read depth : JsonValue =
        if depth > JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

        match scanner.Peek with
        | '{' -> JsonValue.Object(members (fun () -> read (depth + 1)))
        | '[' ->
            let items = ResizeArray()
            sequence '[' ']' (fun () -> items.Add(read (depth + 1)))
            JsonValue.Array(List.ofSeq items)
        | '"' -> JsonValue.String(scanner.String())
        | Number -> JsonValue.Number(scanner.Number())
        | _ -> word ()

    // Checks the grammar only: duplicate members, numbers beyond a double and escaped lone surrogates pass.
    let rec skip depth : unit =
        if depth > JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

        match scanner.Peek with
        | '{' ->
            sequence '{' '}' (fun () ->
                scanner.SkipString()
                colon ()
                skip (depth + 1))
        | '[' -> sequence '[' ']' (fun () -> skip (depth + 1))
        | '"' -> scanner.SkipString()
        | Number -> scanner.SkipNumber()
        | _ -> word () |> ignore<JsonValue>

    let slice () =
        let start = scanner.Position
        skip 0
        memory.Slice(start, scanner.Position - start)

    /// The next value.
    member _.Value() : JsonValue =
        scanner.SkipSpace()
        read 0

    /// The bytes of the next value, checked for grammar only.
    member _.Slice() : ReadOnlyMemory<byte> =
        scanner.SkipSpace()
        slice ()

    /// The names of the next object, all distinct, with the bytes of their values, checked for grammar only.
    member _.Members() : (string * ReadOnlyMemory<byte>) list =
        scanner.SkipSpace()
        members slice

    /// Nothing but space may be left.
    member _.End() : unit =
        scanner.SkipSpace()

        if not scanner.AtEnd then
            raise (scanner.Fault "nothing may follow the value")

/// Whole JSON texts.
[<RequireQualifiedAccess>]
module internal Json =

    /// Runs a function over a reader, and names `what` where the text cannot be read.
    let attempt (what: string) (read: unit -> 'Value) : Result<'Value, ValueError> =
        try
            Ok(read ())
        with JsonFault reason ->
            Error(ValueError.Malformed(what, reason))

    /// The one value of the text; duplicate members, lone surrogates and numbers outside a double are refused (I-JSON, RFC 7493).
    let parse (what: string) (memory: ReadOnlyMemory<byte>) : Result<JsonValue, ValueError> =
        attempt what (fun () ->
            let reader = JsonReader memory
            let value = reader.Value()
            reader.End()
            value)

    /// Whether the bytes are exactly one JSON value by grammar, without space around it and without line ends in it.
    let isOneLine (memory: ReadOnlyMemory<byte>) : bool =
        memory.Span.IndexOfAny(byte '\r', byte '\n') < 0
        && (match attempt "" (fun () -> (JsonReader memory).Slice().Length) with
            | Ok length -> length = memory.Length
            | Error _ -> false)

// Reading JSON values (RFC 8259) from tokens.
// Called by Json.Members.fs, Canonical.fs, Ndjson.fs, Codec.Json.fs.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Text

/// Reads JSON from the front of the memory. What cannot be read raises `JsonFault`. Where `tellsSpelling`, a number that the core would
/// write otherwise is `Respelled`.
[<Sealed>]
type internal JsonReader(memory: ReadOnlyMemory<byte>, tellsSpelling: bool) =

    // Up to so many digits a whole number is written as it is.
    let surelyWhole = 15

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

    let isWhole (text: ReadOnlySpan<byte>) = text.Length <= surelyWhole && not (text.ContainsAnyExceptInRange(byte '0', byte '9'))

    let number () =
        let start = scanner.Position
        let value = scanner.Number()
        let text = memory.Span.Slice(start, scanner.Position - start)

        if not tellsSpelling || isWhole text || Encoding.ASCII.GetString text = JsonNumber.format value then
            JsonValue.Number value
        else
            JsonValue.Respelled value

    // Arrays and objects count, a value in them does not.
    let enter depth =
        if depth >= JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

    let rec read depth : JsonValue =
        match scanner.Peek with
        | '{' ->
            enter depth
            JsonValue.Object(members (fun () -> read (depth + 1)))
        | '[' ->
            enter depth
            let items = ResizeArray()
            sequence '[' ']' (fun () -> items.Add(read (depth + 1)))
            JsonValue.Array(List.ofSeq items)
        | '"' -> JsonValue.String(scanner.String())
        | Number -> number ()
        | _ -> word ()

    // Checks the grammar only: duplicate members, numbers beyond a double and escaped lone surrogates pass.
    let rec skip depth : unit =
        match scanner.Peek with
        | '{' ->
            enter depth

            sequence '{' '}' (fun () ->
                scanner.SkipString()
                colon ()
                skip (depth + 1))
        | '[' ->
            enter depth
            sequence '[' ']' (fun () -> skip (depth + 1))
        | '"' -> scanner.SkipString()
        | Number -> scanner.SkipNumber()
        | _ -> word () |> ignore<JsonValue>

    let slice () =
        let start = scanner.Position
        skip 0
        memory.Slice(start, scanner.Position - start)

    /// A reader to which a number is a number, in whatever characters.
    new(memory: ReadOnlyMemory<byte>) = JsonReader(memory, false)

    /// The next value.
    member _.Value() : JsonValue =
        scanner.SkipSpace()
        read 0

    /// The values of the next array, each read when it is asked for. To be asked for once.
    member _.Items() : JsonValue seq =
        seq {
            scanner.SkipSpace()
            scanner.Expect '['
            scanner.SkipSpace()

            if scanner.Peek <> ']' then
                yield read 1
                scanner.SkipSpace()

                while scanner.Peek = ',' do
                    scanner.Expect ','
                    scanner.SkipSpace()
                    yield read 1
                    scanner.SkipSpace()

            scanner.Expect ']'
        }

    /// The bytes of the next value, checked for grammar only.
    member _.Slice() : ReadOnlyMemory<byte> =
        scanner.SkipSpace()
        slice ()

    /// The bytes of the items of the next array, checked for grammar only.
    member _.Slices() : ReadOnlyMemory<byte> list =
        let found = ResizeArray()
        scanner.SkipSpace()
        sequence '[' ']' (fun () -> found.Add(slice ()))
        List.ofSeq found

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
        memory.Span.IndexOfAny(byte '\r', byte '\n') < 0 && JsonGrammar.isValue memory.Span

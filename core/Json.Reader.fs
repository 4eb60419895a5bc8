// Reading JSON (RFC 8259) in UTF-8, strictly: nothing is guessed, repaired or skipped.
// Called by Json.Members.fs, Canonical.fs, Ndjson.fs, Codec.Json.fs.
namespace Refold.Core

open System
open System.Buffers
open System.Collections.Generic
open System.Globalization
open System.Text
open System.Text.Unicode

/// Reads JSON from the front of the memory. What cannot be read raises `JsonFault`.
[<Sealed>]
type internal JsonReader(memory: ReadOnlyMemory<byte>) =

    // What ends a run of characters inside a string: the quote, an escape, and control characters, which are not allowed.
    static let special = SearchValues.Create(ReadOnlySpan<byte>([| yield! [ 0uy .. 31uy ]; byte '"'; byte '\\' |]))

    let mutable position = 0

    let fault (reason: string) : exn =
        JsonFault("at byte " + position.ToString CultureInfo.InvariantCulture + ": " + reason)

    // The character of the next byte; NUL, which is no part of JSON, at the end.
    let peek () = if position < memory.Length then char memory.Span[position] else '\000'

    let skipSpace () =
        while (peek () = ' ' || peek () = '\t' || peek () = '\n' || peek () = '\r') do
            position <- position + 1

    let expect (character: char) =
        if peek () <> character then
            let ends = if position = memory.Length then ", but the text ends" else ""
            raise (fault ("'" + String(character, 1) + "' expected" + ends))

        position <- position + 1

    let literal (word: string) (value: JsonValue) =
        for character in word do
            if peek () <> character then
                raise (fault ("'" + word + "' expected"))

            position <- position + 1

        value

    let hexUnit () =
        if memory.Length - position < 4 then
            raise (fault "four hexadecimal digits expected")

        let digits = memory.Span.Slice(position, 4)
        let mutable unit = 0

        for digit in digits do
            if not (Char.IsAsciiHexDigit(char digit)) then
                raise (fault "four hexadecimal digits expected")

            unit <- unit * 16 + Convert.ToInt32(string (char digit), 16)

        position <- position + 4
        char unit

    let escape () =
        expect '\\'
        let character = peek ()

        let decoded =
            match character with
            | '"'
            | '\\'
            | '/' -> character
            | 'b' -> '\b'
            | 't' -> '\t'
            | 'n' -> '\n'
            | 'f' -> '\f'
            | 'r' -> '\r'
            | 'u' -> 'u'
            | _ -> raise (fault "unknown escape")

        position <- position + 1
        if character = 'u' then hexUnit () else decoded

    // Up to the next quote or escape.
    let run () =
        let rest = memory.Span.Slice position
        let length = rest.IndexOfAny special

        if length < 0 then
            position <- memory.Length
            raise (fault "the string does not end")

        let slice = rest.Slice(0, length)

        if not (Utf8.IsValid slice) then
            raise (fault "invalid UTF-8")

        let text = memory.Slice(position, length)
        position <- position + length

        if peek () < ' ' then
            raise (fault "a control character in a string")

        text

    let skipString () =
        expect '"'
        run () |> ignore

        while peek () <> '"' do
            escape () |> ignore
            run () |> ignore

        expect '"'

    let readString () =
        expect '"'
        let first = Encoding.UTF8.GetString((run ()).Span)

        let text =
            if peek () = '"' then
                first
            else
                let builder = StringBuilder first

                while peek () <> '"' do
                    builder.Append(escape ()) |> ignore
                    builder.Append(Encoding.UTF8.GetString((run ()).Span)) |> ignore

                builder.ToString()

        match Text.firstLoneSurrogate text with
        | -1 -> ()
        | index -> raise (fault (ValueError.LoneSurrogate("the string", index).ToString()))

        expect '"'
        text

    let (|Number|_|) (character: char) = character = '-' || Char.IsAsciiDigit character

    let digits () =
        if not (Char.IsAsciiDigit(peek ())) then
            raise (fault "a digit expected")

        while Char.IsAsciiDigit(peek ()) do
            position <- position + 1

    let skipNumber () =
        let start = position

        if peek () = '-' then
            position <- position + 1

        if peek () = '0' then position <- position + 1 else digits ()

        if peek () = '.' then
            position <- position + 1
            digits ()

        if peek () = 'e' || peek () = 'E' then
            position <- position + 1

            if peek () = '+' || peek () = '-' then
                position <- position + 1

            digits ()

        memory.Slice(start, position - start)

    let readNumber () =
        let text = skipNumber ()

        match Double.TryParse(text.Span, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, value when Double.IsFinite value -> value
        | _ -> raise (fault "the number is outside the range of an IEEE 754 double")

    // One after the other until the closing character.
    let sequence (opening: char) (closing: char) (item: unit -> unit) =
        expect opening
        skipSpace ()

        if peek () = closing then
            position <- position + 1
        else
            item ()
            skipSpace ()

            while peek () = ',' do
                position <- position + 1
                skipSpace ()
                item ()
                skipSpace ()

            expect closing

    let colon () =
        skipSpace ()
        expect ':'
        skipSpace ()

    let members (read: unit -> 'Value) : (string * 'Value) list =
        let found = ResizeArray<string * 'Value>()
        let names = HashSet<string> StringComparer.Ordinal

        sequence '{' '}' (fun () ->
            let name = readString ()
            colon ()

            if not (names.Add name) then
                raise (fault ("the member '" + name + "' occurs twice"))

            found.Add(name, read ()))

        List.ofSeq found

    let word () =
        match peek () with
        | 't' -> literal "true" (JsonValue.Bool true)
        | 'f' -> literal "false" (JsonValue.Bool false)
        | 'n' -> literal "null" JsonValue.Null
        | _ -> raise (fault "a JSON value expected")

    let rec read depth : JsonValue =
        if depth > JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

        match peek () with
        | '{' -> JsonValue.Object(members (fun () -> read (depth + 1)))
        | '[' ->
            let items = ResizeArray()
            sequence '[' ']' (fun () -> items.Add(read (depth + 1)))
            JsonValue.Array(List.ofSeq items)
        | '"' -> JsonValue.String(readString ())
        | Number -> JsonValue.Number(readNumber ())
        | _ -> word ()

    // Checks the grammar only: duplicate members, numbers beyond a double and escaped lone surrogates pass.
    let rec skip depth : unit =
        if depth > JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

        match peek () with
        | '{' ->
            sequence '{' '}' (fun () ->
                skipString ()
                colon ()
                skip (depth + 1))
        | '[' -> sequence '[' ']' (fun () -> skip (depth + 1))
        | '"' -> skipString ()
        | Number -> skipNumber () |> ignore<ReadOnlyMemory<byte>>
        | _ -> word () |> ignore<JsonValue>

    let slice () =
        let start = position
        skip 0
        memory.Slice(start, position - start)

    /// The next value.
    member _.Value() : JsonValue =
        skipSpace ()
        read 0

    /// The bytes of the next value, checked for grammar only.
    member _.Slice() : ReadOnlyMemory<byte> =
        skipSpace ()
        slice ()

    /// The names of the next object, all distinct, with the bytes of their values, checked for grammar only.
    member _.Members() : (string * ReadOnlyMemory<byte>) list =
        skipSpace ()
        members slice

    /// Nothing but space may be left.
    member _.End() : unit =
        skipSpace ()

        if position < memory.Length then
            raise (fault "nothing may follow the value")

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

// The tokens of JSON (RFC 8259) in UTF-8, strictly: nothing is guessed, repaired or skipped.
// Called by Json.Reader.fs.
namespace Refold.Core

open System
open System.Buffers
open System.Globalization
open System.Text
open System.Text.Unicode

/// Reads the tokens of JSON from the front of the memory. What cannot be read raises `JsonFault`.
[<Sealed>]
type internal JsonScanner(memory: ReadOnlyMemory<byte>) =

    // What ends a run of characters inside a string: the quote, an escape, and control characters, which are not allowed.
    static let special = SearchValues.Create(ReadOnlySpan<byte>([| yield! [ 0uy .. 31uy ]; byte '"'; byte '\\' |]))

    let mutable position = 0

    let fault (reason: string) : exn = JsonFault("at byte " + Numbers.text position + ": " + reason)

    let peek () = if position < memory.Length then char memory.Span[position] else '\000'

    let expect (character: char) =
        if peek () <> character then
            let ends = if position = memory.Length then ", but the text ends" else ""
            raise (fault ("'" + String(character, 1) + "' expected" + ends))

        position <- position + 1

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

    /// The offset of the next byte.
    member _.Position: int = position

    /// The character of the next byte; NUL, which is no part of JSON, at the end.
    member _.Peek: char = peek ()

    /// Whether nothing is left.
    member _.AtEnd: bool = position = memory.Length

    /// What is wrong at the next byte.
    member _.Fault(reason: string) : exn = fault reason

    /// Leaves space behind.
    member _.SkipSpace() : unit =
        while (peek () = ' ' || peek () = '\t' || peek () = '\n' || peek () = '\r') do
            position <- position + 1

    /// This character, which is a byte of its own.
    member _.Expect(character: char) : unit = expect character

    /// The word for the value.
    member _.Literal(word: string, value: JsonValue) : JsonValue =
        for character in word do
            if peek () <> character then
                raise (fault ("'" + word + "' expected"))

            position <- position + 1

        value

    /// A number, checked and left behind.
    member _.SkipNumber() : unit = skipNumber () |> ignore<ReadOnlyMemory<byte>>

    /// A string, checked and left behind: lone surrogates in escapes pass.
    member _.SkipString() : unit =
        expect '"'
        run () |> ignore

        while peek () <> '"' do
            escape () |> ignore
            run () |> ignore

        expect '"'

    /// A string without lone surrogates.
    member _.String() : string =
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

    /// A number within the range of a double.
    member _.Number() : double =
        let text = skipNumber ()

        match Double.TryParse(text.Span, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, value when Double.IsFinite value -> value
        | _ -> raise (fault "the number is outside the range of an IEEE 754 double")

// Looking at JSON in place: whether bytes are one value, and whether they are its canonical form. Nothing is made, nothing thrown.
// Called by Json.Reader.fs, Canonical.fs and the facade's JSON codecs, before what reads values and says what is wrong.
namespace Refold.Core

open System
open System.Buffers
open System.Globalization
open System.Text
open System.Text.Unicode

/// Where a value that begins at an index ends; -1 where there is none. The grammar is JsonScanner's.
[<RequireQualifiedAccess>]
module internal JsonGrammar =

    // Up to so many digits a whole number is written as it is.
    let private surelyWhole = 15

    // What ends a run of characters inside a string.
    let private special =
        SearchValues.Create(ReadOnlySpan<byte>([| yield! [ 0uy .. 31uy ]; byte '"'; byte '\\' |]))

    let private isDigit (value: byte) = value >= '0'B && value <= '9'B

    let private at (json: ReadOnlySpan<byte>) (index: int) = if index < json.Length then json[index] else 0uy

    let private digits (json: ReadOnlySpan<byte>) (start: int) : int =
        let mutable index = start

        while isDigit (at json index) do
            index <- index + 1

        if index = start then -1 else index

    let private number (json: ReadOnlySpan<byte>) (start: int) : int =
        let first = if at json start = '-'B then start + 1 else start
        let mutable index = if at json first = '0'B then first + 1 else digits json first

        if index >= 0 && at json index = '.'B then
            index <- digits json (index + 1)

        if index >= 0 && (at json index ||| 0x20uy) = 'e'B then
            let next = at json (index + 1)
            index <- digits json (if next = '+'B || next = '-'B then index + 2 else index + 1)

        index

    let private isHex (json: ReadOnlySpan<byte>) (index: int) = Char.IsAsciiHexDigit(char (at json index))

    // Behind a backslash.
    let private escape (json: ReadOnlySpan<byte>) (index: int) : int =
        match at json index with
        | '"'B
        | '\\'B
        | '/'B
        | 'b'B
        | 'f'B
        | 'n'B
        | 'r'B
        | 't'B -> index + 1
        | 'u'B ->
            if isHex json (index + 1) && isHex json (index + 2) && isHex json (index + 3) && isHex json (index + 4) then
                index + 5
            else
                -1
        | _ -> -1

    // As RFC 8785 writes what must be escaped.
    let private shortEscape (json: ReadOnlySpan<byte>) (index: int) : int =
        match at json index with
        | '"'B
        | '\\'B
        | 'b'B
        | 'f'B
        | 'n'B
        | 'r'B
        | 't'B -> index + 1
        | 'u'B when at json (index + 1) = '0'B && at json (index + 2) = '0'B ->
            let high, low = at json (index + 3), at json (index + 4)
            let isLow = isDigit low || (low >= 'a'B && low <= 'f'B)

            let isShorter = high = '0'B && (low = '8'B || low = '9'B || low = 'a'B || low = 'c'B || low = 'd'B)

            if (high = '0'B || high = '1'B) && isLow && not isShorter then index + 5 else -1
        | _ -> -1

    let private string (isCanonical: bool) (json: ReadOnlySpan<byte>) (start: int) : int =
        let mutable index = if at json start = '"'B then start + 1 else -1
        let mutable isOpen = index > 0

        while isOpen do
            let length = json.Slice(index).IndexOfAny special

            if length < 0 || not (Utf8.IsValid(json.Slice(index, length))) then
                index <- -1
                isOpen <- false
            else
                index <- index + length

                match json[index] with
                | '"'B ->
                    index <- index + 1
                    isOpen <- false
                | '\\'B ->
                    index <- if isCanonical then shortEscape json (index + 1) else escape json (index + 1)

                    isOpen <- index >= 0
                | _ ->
                    index <- -1
                    isOpen <- false

        index

    /// Whether the bytes stand in a string as they are, without escapes.
    let isPlainText (json: ReadOnlySpan<byte>) : bool = not (json.ContainsAny special) && Utf8.IsValid json

    let private word (json: ReadOnlySpan<byte>) (start: int) : int =
        let rest = json.Slice start

        if rest.StartsWith(ReadOnlySpan "true"B) || rest.StartsWith(ReadOnlySpan "null"B) then start + 4
        elif rest.StartsWith(ReadOnlySpan "false"B) then start + 5
        else -1

    let private space (json: ReadOnlySpan<byte>) (start: int) : int =
        let mutable index = start

        while (match at json index with
               | ' 'B
               | '\t'B
               | '\n'B
               | '\r'B -> true
               | _ -> false) do
            index <- index + 1

        index

    let private skip (isCanonical: bool) (json: ReadOnlySpan<byte>) (index: int) : int =
        if isCanonical || index < 0 then index else space json index

    let private canonicalNumber (json: ReadOnlySpan<byte>) (start: int) : int =
        let until = number json start

        if until < 0 then
            -1
        else
            let text = json.Slice(start, until - start)
            let whole = if text[0] = '-'B then text.Slice 1 else text

            if whole.Length <= surelyWhole && not (whole.ContainsAnyExceptInRange('0'B, '9'B)) then
                if text[0] = '-'B && whole[0] = '0'B then -1 else until
            else
                match Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
                | true, value when Double.IsFinite value ->
                    let written = JsonNumber.format value

                    if Ascii.Equals(text, written.AsSpan()) then until else -1
                | _ -> -1

    /// Whether one text of UTF-8 comes before another in the order of UTF-16 code units.
    let private isBefore (left: ReadOnlySpan<byte>) (right: ReadOnlySpan<byte>) : bool =
        let common = left.CommonPrefixLength right

        if common = left.Length || common = right.Length then
            left.Length < right.Length
        else
            // Surrogates lie below the end of the basic plane, which has two leading bytes of its own.
            let weight (value: byte) =
                if value >= 0xF0uy then int value - 2
                elif value >= 0xEEuy then int value + 0x20
                else int value

            weight left[common] < weight right[common]

    // Depth counts arrays and objects.
    let rec private value (isCanonical: bool) (json: ReadOnlySpan<byte>) (start: int) (depth: int) : int =
        match at json start with
        | '{'B when depth < JsonLimits.depth -> sequence isCanonical json start depth '}'B
        | '['B when depth < JsonLimits.depth -> sequence isCanonical json start depth ']'B
        | '"'B -> string isCanonical json start
        | first when first = '-'B || isDigit first -> if isCanonical then canonicalNumber json start else number json start
        | _ -> word json start

    and private sequence isCanonical (json: ReadOnlySpan<byte>) (start: int) (depth: int) (closing: byte) : int =
        let first = skip isCanonical json (start + 1)

        if at json first = closing then
            first + 1
        else
            let mutable index = first
            let mutable isOpen = true
            let mutable nameStart = -1
            let mutable nameEnd = -1

            while isOpen do
                if closing = '}'B then
                    let until = string isCanonical json index

                    // Names with escapes are not compared in place.
                    if
                        isCanonical
                        && until >= 0
                        && (json.Slice(index, until - index).Contains '\\'B
                            || (nameStart >= 0
                                && not (isBefore (json.Slice(nameStart, nameEnd - nameStart)) (json.Slice(index + 1, until - index - 2)))))
                    then
                        index <- -1
                    else
                        nameStart <- index + 1
                        nameEnd <- until - 1
                        index <- skip isCanonical json until
                        index <- if index >= 0 && at json index = ':'B then skip isCanonical json (index + 1) else -1

                if index >= 0 then
                    index <- skip isCanonical json (value isCanonical json index (depth + 1))

                if index >= 0 && at json index = ','B then
                    index <- skip isCanonical json (index + 1)
                else
                    isOpen <- false
                    index <- if index >= 0 && at json index = closing then index + 1 else -1

            index

    /// Whether the bytes are exactly one value by grammar: what a codec makes of it is another question.
    let isValue (json: ReadOnlySpan<byte>) : bool = json.Length > 0 && value false json 0 0 = json.Length

    /// Whether the bytes are surely the canonical form of a JSON value (RFC 8785). Where not, they may be so all the same: names with
    /// escapes are not looked at.
    let isSurelyCanonical (json: ReadOnlySpan<byte>) : bool = json.Length > 0 && value true json 0 0 = json.Length

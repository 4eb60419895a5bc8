// JSON as a value, and the one way in which the core writes it: escapes and numbers of RFC 8785, never a serializer's.
// Called by Canonical.fs, Ndjson.fs, Codec.Json.fs: what is hashed or recorded must not change with the runtime.
namespace Refold.Core

open System
open System.Buffers
open System.Globalization

/// A JSON value. Members keep the order in which they came.
[<RequireQualifiedAccess>]
type internal JsonValue =
    /// `null`.
    | Null
    /// `true` or `false`.
    | Bool of value: bool
    /// An IEEE 754 double; only finite ones have a JSON form.
    | Number of value: double
    /// A number that stands there in other characters than the core writes it in; only a reader that asks for it tells the two apart.
    | Respelled of value: double
    /// Text; only text without lone surrogates has a JSON form.
    | String of value: string
    /// Values in order.
    | Array of items: JsonValue list
    /// Members by name; only distinct names have a canonical form.
    | Object of members: (string * JsonValue) list

/// Raised inside reading and writing of JSON, and caught before anything public returns.
exception internal JsonFault of reason: string

/// What every JSON form of the core keeps to.
[<RequireQualifiedAccess>]
module internal JsonLimits =

    /// How deep arrays and objects may nest: far from what overflows a stack, far above what anybody writes.
    let depth = 512

    /// The fault for anything deeper.
    let tooDeep () : exn = JsonFault("nested deeper than " + Numbers.text depth)

/// Numbers as ECMAScript prints them (ECMA-262 Number::toString, which RFC 8785 section 3.2.2.3 asks for).
[<RequireQualifiedAccess>]
module internal JsonNumber =

    // The shortest digits that read back as the value, without zeros at either end, and the place of the decimal point
    // counted from the first digit: 0.digits * 10^point.
    let private shortest (value: double) : struct (string * int) =
        let text = value.ToString("R", CultureInfo.InvariantCulture)

        let mantissa, exponent =
            match text.IndexOf 'E' with
            | -1 -> text, 0
            | index -> text.Substring(0, index), Int32.Parse(text.AsSpan(index + 1), provider = CultureInfo.InvariantCulture)

        let point =
            match mantissa.IndexOf '.' with
            | -1 -> mantissa.Length
            | index -> index

        let digits = mantissa.Replace(".", "", StringComparison.Ordinal)
        let significant = digits.TrimStart '0'
        struct (significant.TrimEnd '0', point + exponent - (digits.Length - significant.Length))

    let private positive (value: double) =
        let struct (digits, point) = shortest value

        if digits.Length <= point && point <= 21 then
            digits.PadRight(point, '0')
        elif 0 < point && point <= 21 then
            digits.Substring(0, point) + "." + digits.Substring point
        elif -6 < point && point <= 0 then
            "0." + String('0', -point) + digits
        else
            let fraction = if digits.Length = 1 then "" else "." + digits.Substring 1
            let sign = if point > 0 then "+" else "-"
            digits.Substring(0, 1) + fraction + "e" + sign + Numbers.text (abs (point - 1))

    /// The text of a finite number; both zeros are `0`.
    let format (value: double) : string =
        if not (Double.IsFinite value) then raise (JsonFault "a number that is not finite has no JSON form")
        elif abs value < 9007199254740992.0 && Math.Truncate value = value then Numbers.text (int64 value)
        elif value < 0.0 then "-" + positive -value
        else positive value

/// Strings as RFC 8785 section 3.2.2.2 writes them.
[<RequireQualifiedAccess>]
module internal JsonString =

    let private escaped =
        SearchValues.Create(ReadOnlySpan<char>([| yield! [ '\000' .. '\031' ]; '"'; '\\' |]))

    let private hex = "0123456789abcdef"B

    let private escape (writer: ByteWriter) (character: char) =
        writer.Byte(byte '\\')

        match character with
        | '\b' -> writer.Byte(byte 'b')
        | '\t' -> writer.Byte(byte 't')
        | '\n' -> writer.Byte(byte 'n')
        | '\f' -> writer.Byte(byte 'f')
        | '\r' -> writer.Byte(byte 'r')
        | '"'
        | '\\' -> writer.Byte(byte character)
        | _ ->
            writer.Raw(ReadOnlySpan "u00"B)
            writer.Byte hex[int character >>> 4]
            writer.Byte hex[int character &&& 15]

    /// Writes a string with its quotes; a lone surrogate is a fault.
    let write (writer: ByteWriter) (text: string) : unit =
        match Text.firstLoneSurrogate text with
        | -1 -> ()
        | index -> raise (JsonFault(ValueError.LoneSurrogate("a string", index).ToString()))

        writer.Byte(byte '"')
        let mutable rest = text.AsSpan()
        let mutable next = rest.IndexOfAny escaped

        while next >= 0 do
            writer.Utf8(rest.Slice(0, next))
            escape writer rest[next]
            rest <- rest.Slice(next + 1)
            next <- rest.IndexOfAny escaped

        writer.Utf8 rest
        writer.Byte(byte '"')

/// Writes an object member by member, in the order of the calls.
[<Sealed>]
type internal JsonObjectWriter(writer: ByteWriter) =
    let mutable any = false

    /// The name of the next member; its value is to be written next.
    member _.Name(name: string) : unit =
        writer.Byte(if any then byte ',' else byte '{')
        any <- true
        JsonString.write writer name
        writer.Byte(byte ':')

    /// A member with a string.
    member this.Text(name: string, value: string) : unit =
        this.Name name
        JsonString.write writer value

    /// A member with an integer, written as a number.
    member this.Integer(name: string, value: int64) : unit =
        this.Name name
        writer.Utf8((Numbers.text value).AsSpan())

    /// Ends the object.
    member _.Close() : unit =
        if not any then
            writer.Byte(byte '{')

        writer.Byte(byte '}')

/// Pointers into JSON (RFC 6901).
[<RequireQualifiedAccess>]
module internal JsonPointer =

    /// The pointer to a member below another pointer; `~` and `/` in the name are escaped.
    let child (pointer: string) (name: string) : string =
        pointer + "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)

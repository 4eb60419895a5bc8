// The one check every name passes: not empty, short enough in UTF-8, no control characters, no lone surrogates.
// Called by Stream.fs, Tag.fs, Entry.fs.
namespace Refold.Core

open System
open System.Text

/// Hash codes of text that are the same in every process; .NET's own are not.
[<RequireQualifiedAccess>]
module internal StringHash =

    /// FNV-1a over the UTF-16 units.
    let fnv1a (text: string) : int =
        let mutable hash = 2166136261u

        for character in text do
            hash <- (hash ^^^ uint32 character) * 16777619u

        int hash

/// Checking and ordering of names.
[<RequireQualifiedAccess>]
module internal Text =

    /// The UTF-16 index of the first lone surrogate, or control character where those count; -1 for none.
    let private firstFault (controls: bool) (text: string) : int =
        let rec search index =
            if index >= text.Length then -1
            elif controls && Char.IsControl text[index] then index
            elif Char.IsSurrogatePair(text, index) then search (index + 2)
            elif Char.IsSurrogate text[index] then index
            else search (index + 1)

        search 0

    /// The UTF-16 index of the first half of a surrogate pair without the other half; -1 for none.
    let internal firstLoneSurrogate (text: string) : int =
        if text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 then -1 else firstFault false text

    /// Throws `ArgumentNullException` for null, `ArgumentException` for a text with a lone surrogate: it has no UTF-8 form.
    let requireUnicode (parameter: string) (text: string) : unit =
        ArgumentNullException.ThrowIfNull(text, parameter)
        let index = firstLoneSurrogate text

        if index >= 0 then
            raise (ArgumentException(ValueError.LoneSurrogate(parameter, index).ToString(), parameter))

    /// The text itself, if it has 1 to `limit` UTF-8 bytes, no control characters and no lone surrogates.
    let validate (what: string) (limit: int) (text: string) : Result<string, ValueError> =
        if isNull (box text) then
            Error(ValueError.Empty what)
        elif text.Length = 0 then
            Error(ValueError.Empty what)
        // Printable ASCII, as most names are.
        elif text.Length <= limit && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 then
            Ok text
        else
            match firstFault true text with
            | index when index >= 0 && Char.IsControl text[index] -> Error(ValueError.ControlCharacter(what, index))
            | index when index >= 0 -> Error(ValueError.LoneSurrogate(what, index))
            | _ ->
                let length = Encoding.UTF8.GetByteCount text

                if length > limit then Error(ValueError.TooLong(what, length, limit)) else Ok text

    /// Compares two valid texts by their UTF-8 bytes, which is by code point. Ordinal UTF-16 order differs from it
    /// only where a surrogate meets a character above U+DFFF.
    let compareUtf8 (left: string) (right: string) : int =
        let length = min left.Length right.Length
        let mutable index = 0

        while index < length && left[index] = right[index] do
            index <- index + 1

        if index = length then
            compare left.Length right.Length
        else
            // Moves surrogates above the rest of the basic plane, as their code points are.
            let weight (character: char) =
                let code = int character

                if code < 0xD800 then code
                elif code < 0xE000 then code + 0x2000
                else code - 0x800

            compare (weight left[index]) (weight right[index])

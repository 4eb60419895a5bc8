// The JSON form of a random state: `{"seed":"<64 hex digits>","stream":"0","wordPosition":"0","splits":"0"}`, integers as
// decimal strings. Also reads the form that seed 000's Rust code writes. Called by RngState.fs, whose members it serves.
namespace Refold.Core

open System
open System.Globalization

/// What a random state is made of.
[<Struct; NoEquality; NoComparison>]
type internal RngStateParts = { Key: byte[]; Stream: uint64; WordPosition: UInt128; Splits: uint64 }

/// Writing and reading the parts.
[<RequireQualifiedAccess>]
module internal RngStateJson =

    let private memberNames = [ "seed"; "stream"; "wordPosition"; "word_pos"; "splits" ]

    let private byteOf (item: JsonValue) =
        match item with
        | JsonValue.Number value when value >= 0.0 && value <= 255.0 && Math.Floor value = value -> byte value
        | _ -> raise (JsonFault "the member 'seed' has an item that is no whole number from 0 to 255")

    let private key (members: JsonMembers) =
        match members.Value "seed" with
        | JsonValue.Array items when items.Length = 32 -> items |> List.map byteOf |> Array.ofList
        | JsonValue.String hex when hex.Length = 64 && Seq.forall Char.IsAsciiHexDigit hex -> Convert.FromHexString hex
        | _ -> raise (JsonFault "the member 'seed' is neither 64 hexadecimal digits nor 32 numbers")

    let private position (members: JsonMembers) =
        let largest = (UInt128.One <<< 68) - UInt128.One

        match members.TryWhole("word_pos", largest) with
        | None -> members.Whole("wordPosition", largest)
        | Some _ when (members.TryValue "wordPosition").IsSome -> raise (JsonFault "it has both 'wordPosition' and 'word_pos'")
        | Some position -> position

    /// The form, members in fixed order, without spaces.
    let write (parts: RngStateParts) : string =
        String.Format(
            CultureInfo.InvariantCulture,
            """{{"seed":"{0}","stream":"{1}","wordPosition":"{2}","splits":"{3}"}}""",
            Convert.ToHexStringLower(ReadOnlySpan parts.Key),
            parts.Stream,
            parts.WordPosition,
            parts.Splits
        )

    /// Members in any order, integers as strings or numbers; `word_pos` for the position; absent `splits` are 0.
    let read (json: string) : Result<RngStateParts, ValueError> =
        JsonMembers.Read(
            "the random state",
            memberNames,
            json,
            fun members ->
                {
                    Key = key members
                    Stream = members.UInt64 "stream"
                    WordPosition = position members
                    Splits = if (members.TryValue "splits").IsSome then members.UInt64 "splits" else 0UL
                }
        )

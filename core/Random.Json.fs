// The JSON form of a random state: `{"seed":"<64 hex digits>","stream":"0","wordPosition":"0","splits":"0"}`, integers as
// decimal strings. Also reads the form that seed 000's Rust code writes. Called by Random.State.fs, whose members it serves.
namespace Refold.Core

open System
open System.Globalization
open System.Text.Json

/// What a random state is made of.
[<Struct; NoEquality; NoComparison>]
type internal RngStateParts = { Key: byte[]; Stream: uint64; WordPosition: UInt128; Splits: uint64 }

/// Writing and reading the parts.
[<RequireQualifiedAccess>]
module internal RngStateJson =

    let private what = "the random state"
    let private malformed reason = Error(ValueError.Malformed(what, reason))
    let private largestWord = UInt128.op_Implicit UInt64.MaxValue
    let private largestPosition = (UInt128.One <<< 68) - UInt128.One

    let private memberNames = [ "seed"; "stream"; "wordPosition"; "word_pos"; "splits" ]

    let private keyOfNumbers (element: JsonElement) =
        let bytes =
            [|
                for item in element.EnumerateArray() ->
                    if item.ValueKind = JsonValueKind.Number then item.TryGetByte() else (false, 0uy)
            |]

        if bytes.Length = 32 && Array.forall fst bytes then
            Ok(Array.map snd bytes)
        else
            malformed "the member 'seed' is not 32 numbers from 0 to 255"

    let private key (element: JsonElement) =
        match JsonText.tryMember "seed" element with
        | None -> malformed "the member 'seed' is missing"
        | Some seed when seed.ValueKind = JsonValueKind.Array -> keyOfNumbers seed
        | Some seed when seed.ValueKind = JsonValueKind.String ->
            match Hash.TryParse(nonNull (seed.GetString())) with
            | Some bytes -> Ok(bytes.ToArray())
            | None -> malformed "the member 'seed' is not 64 hexadecimal digits"
        | Some _ -> malformed "the member 'seed' is neither a string nor an array"

    let private whole name largest (found: JsonElement option) =
        match found with
        | Some element -> JsonText.whole what name largest element
        | None -> malformed ("the member '" + name + "' is missing")

    let private position (element: JsonElement) =
        match JsonText.tryMember "wordPosition" element, JsonText.tryMember "word_pos" element with
        | Some _, Some _ -> malformed "it has both 'wordPosition' and 'word_pos'"
        | None, Some serde -> JsonText.whole what "word_pos" largestPosition serde
        | own, None -> whole "wordPosition" largestPosition own

    let private splits (element: JsonElement) =
        match JsonText.tryMember "splits" element with
        | None -> Ok UInt128.Zero
        | found -> whole "splits" largestWord found

    let private narrow (value: UInt128) = UInt128.op_Explicit value: uint64

    let private readParts (element: JsonElement) =
        key element
        |> Result.bind (fun key ->
            whole "stream" largestWord (JsonText.tryMember "stream" element)
            |> Result.bind (fun stream ->
                position element
                |> Result.bind (fun position ->
                    splits element
                    |> Result.map (fun splits ->
                        {
                            Key = key
                            Stream = narrow stream
                            WordPosition = position
                            Splits = narrow splits
                        }))))

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
    let read (json: string) : Result<RngStateParts, ValueError> = JsonText.readObject what memberNames json readParts

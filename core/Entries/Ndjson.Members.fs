// One member of a line of NDJSON: how each kind of value is read, and the error that names the member and the rule.
// Called by Ndjson.fs.
namespace Refold.Core

open System
open System.Globalization

/// Raised inside reading where a value breaks a rule of its own, and caught before `Ndjson.tryRead` returns.
exception internal ValueFault of error: ValueError

/// Reading the bytes of a member's value. What is wrong raises `JsonFault` or `ValueFault`.
[<RequireQualifiedAccess>]
module internal NdjsonMember =

    let private malformed (name: string) (reason: string) = JsonFault("the member '" + name + "' " + reason)

    /// The value of a result.
    let valid (result: Result<'Value, ValueError>) : 'Value =
        match result with
        | Ok value -> value
        | Error error -> raise (ValueFault error)

    /// A string.
    let text (name: string) (json: ReadOnlyMemory<byte>) : string =
        match Json.parse name json |> valid with
        | JsonValue.String text -> text
        | _ -> raise (malformed name "must be a string")

    /// A whole number, 1 or more. Digits as they stand: a double would lose those above 2^53.
    let integer (name: string) (json: ReadOnlyMemory<byte>) : int64 =
        match Int64.TryParse(json.Span, NumberStyles.None, CultureInfo.InvariantCulture) with
        | true, value when value > 0L -> value
        | _ -> raise (malformed name "must be a whole number, 1 or more")

    /// A whole number from 1 to 2^31 - 1.
    let schemaVersion (name: string) (json: ReadOnlyMemory<byte>) : int =
        let version = integer name json

        if version > int64 Int32.MaxValue then
            raise (malformed name "is too large")

        int version

    /// Digits in a string or a number: as written and as people write it.
    let words (name: string) (json: ReadOnlyMemory<byte>) : uint64 =
        let quoted = json.Span[0] = byte '"'
        let digits = if quoted then json.Slice(1, json.Length - 2) else json

        match UInt64.TryParse(digits.Span, NumberStyles.None, CultureInfo.InvariantCulture) with
        | true, value -> value
        | false, _ -> raise (malformed name "must be a whole number below 2^64, as digits in a string or as a number")

    /// A UUID in its usual form.
    let guid (name: string) (json: ReadOnlyMemory<byte>) : Guid =
        match Guid.TryParseExact(text name json, "D") with
        | true, id -> id
        | false, _ -> raise (malformed name "must be a UUID with hyphens")

    /// A time with an offset, in UTC. Other programs write nine digits of a second, mostly zeros at their end: what is no zero is cut
    /// off only where that was asked for.
    let time (truncates: bool) (name: string) (json: ReadOnlyMemory<byte>) : DateTimeOffset =
        match Timestamp.parseWith (if truncates then MoreDigits.Cut else MoreDigits.Zeros) (text name json) with
        | Ok time -> time.ToUniversalTime()
        | Error reason -> raise (malformed name ("is no time: " + reason))

    /// Bytes.
    let base64 (name: string) (json: ReadOnlyMemory<byte>) : Bytes =
        let encoded = text name json

        try
            let bytes = Convert.FromBase64String encoded

            if Convert.ToBase64String bytes <> encoded then
                raise (malformed name "must be base64 (RFC 4648 section 4) with padding, without space")

            Bytes.Wrap(ReadOnlyMemory bytes)
        with :? FormatException ->
            raise (malformed name "must be base64 (RFC 4648 section 4) with padding, without space")

    /// Tags proper and the provenance that kind tags give.
    let tags (name: string) (json: ReadOnlyMemory<byte>) : Tag list * EntryKind option =
        let notTexts = "the member '" + name + "' must be an array of strings"

        if json.Span[0] <> byte '[' then
            raise (JsonFault notTexts)

        // One at a time: a line may have millions of them.
        let texts =
            (JsonReader json).Items()
            |> Seq.map (fun item ->
                match item with
                | JsonValue.String text -> text
                // No fault of a token, which `attempt` would give the member's name.
                | _ -> raise (ValueFault(ValueError.Malformed("the line", notTexts))))

        Json.attempt name (fun () -> Tags.ofOutward texts) |> valid |> valid

    /// The name of a role.
    let role (name: string) (json: ReadOnlyMemory<byte>) : Role =
        let found = text name json

        match Role.ofName found with
        | Some role -> role
        | None ->
            let names = Role.all |> List.map Role.name |> String.concat ", "
            raise (malformed name ("is '" + found + "', it must be one of " + names))

    /// The role: given by name, by a kind tag, or by both when they say the same.
    let agreed (given: Role option) (kind: EntryKind option) : Role =
        match given, kind with
        | Some role, Some kind when Role.kind role <> Some kind ->
            raise (ValueFault(ValueError.Contradictory("role and tags", Role.name role + " and " + EntryKind.tag kind)))
        | Some role, _ -> role
        | None, kind -> EntryKind.toRole kind

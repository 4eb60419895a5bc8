// A value as JSON in both directions, from one declaration: members by name, unions tagged from outside, integers of 64 bits as digits.
// Called by Evidence/*.Forms.fs and Projections/Projection.Selection.fs, whose bytes are hashed.
namespace Refold.Core

open System
open System.Globalization

/// Both directions of a value. What has no form, or cannot be read strictly, raises `JsonFault`.
[<NoEquality; NoComparison>]
type internal JsonForm<'Value> =
    {
        /// Value to JSON.
        Write: 'Value -> JsonValue
        /// JSON to value.
        Read: JsonValue -> 'Value
    }

/// Some members of an object: what they are of a record, and what is made of them.
[<NoEquality; NoComparison>]
type internal JsonFormMembers<'Record, 'Value> =
    {
        /// The names of the members.
        Names: string list
        /// The members of a record.
        WriteOf: 'Record -> (string * JsonValue) list
        /// What members give; all of them are there.
        ReadOf: Map<string, JsonValue> -> 'Value
    }

/// One case of a union.
[<NoEquality; NoComparison>]
type internal JsonFormCase<'Union> =
    {
        /// The case's JSON, where the value is of the case.
        TryWrite: 'Union -> JsonValue option
        /// The value, where the JSON is of the case.
        TryRead: JsonValue -> 'Union option
    }

/// `members { let! first = .. and! second = .. return .. }`: each line names a member once, for both directions.
[<Sealed>]
type internal JsonFormBuilder() =

    member _.BindReturn(fields: JsonFormMembers<'Record, 'Value>, make: 'Value -> 'Other) : JsonFormMembers<'Record, 'Other> =
        {
            Names = fields.Names
            WriteOf = fields.WriteOf
            ReadOf = fields.ReadOf >> make
        }

    member _.MergeSources
        (first: JsonFormMembers<'Record, 'First>, second: JsonFormMembers<'Record, 'Second>)
        : JsonFormMembers<'Record, 'First * 'Second> =
        {
            Names = first.Names @ second.Names
            WriteOf = fun record -> first.WriteOf record @ second.WriteOf record
            ReadOf = fun members -> first.ReadOf members, second.ReadOf members
        }

/// Forms of values.
[<RequireQualifiedAccess>]
module internal JsonForm =

    let private fault (reason: string) : exn = JsonFault reason

    /// Text without lone surrogates.
    let text: JsonForm<string> =
        {
            Write = fun value -> if isNull (box value) then raise (fault "a text is null") else JsonValue.String value
            Read =
                fun json ->
                    match json with
                    | JsonValue.String text -> text
                    | _ -> raise (fault "it is no string")
        }

    /// Another value in a form; what `read` refuses cannot be read, what `check` refuses has no form.
    let map (write: 'Value -> 'Source) (read: 'Source -> Result<'Value, string>) (form: JsonForm<'Source>) : JsonForm<'Value> =
        {
            Write = write >> form.Write
            Read =
                fun json ->
                    match read (form.Read json) with
                    | Ok value -> value
                    | Error reason -> raise (fault reason)
        }

    /// The same form, in both directions only of values that keep to a rule.
    let checkedBy (check: 'Value -> Result<'Any, ValueError>) (form: JsonForm<'Value>) : JsonForm<'Value> =
        let judged value =
            match check value with
            | Ok _ -> value
            | Error error -> raise (fault (error.ToString()))

        { Write = judged >> form.Write; Read = form.Read >> judged }

    let inline private digits (tryParse: string -> bool * 'Number) (range: string) : JsonForm<'Number> =
        text
        |> map Numbers.text (fun digits ->
            match tryParse digits with
            // Leading zeros, a plus and space are read too.
            | true, value when Numbers.text value = digits -> Ok value
            | _ -> Error("'" + digits + "' is no whole number " + range + ", in decimal digits"))

    /// An integer of 64 bits, as decimal digits in a string.
    let int64: JsonForm<int64> =
        digits (fun text -> Int64.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)) "from -2^63 to 2^63 - 1"

    /// An unsigned integer of 64 bits, as decimal digits in a string.
    let uint64: JsonForm<uint64> =
        digits (fun text -> UInt64.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture)) "from 0 to 2^64 - 1"

    /// An unsigned integer of 128 bits, as decimal digits in a string.
    let uint128: JsonForm<UInt128> =
        digits (fun text -> UInt128.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture)) "from 0 to 2^128 - 1"

    /// A whole number from 0 to 2^31 - 1, as a number.
    let int32: JsonForm<int> =
        {
            Write =
                fun value ->
                    if value < 0 then
                        raise (fault (Numbers.text value + " is below 0"))
                    else
                        JsonValue.Number(double value)
            Read =
                fun json ->
                    match json with
                    | JsonValue.Number value when value >= 0.0 && value <= double Int32.MaxValue && Math.Truncate value = value -> int value
                    | _ -> raise (fault "it is no whole number from 0 to 2^31 - 1")
        }

    /// `true` or `false`.
    let bool: JsonForm<bool> =
        {
            Write = JsonValue.Bool
            Read =
                fun json ->
                    match json with
                    | JsonValue.Bool value -> value
                    | _ -> raise (fault "it is neither true nor false")
        }

    /// A hash in 64 lower-case hexadecimal digits.
    let hash: JsonForm<Hash> =
        text
        |> map string (fun digits ->
            match Refold.Hash.TryParse digits with
            | true, value when value.ToString() = digits -> Ok value
            | _ -> Error "a hash has 64 lower-case hexadecimal digits")

    /// A value or `null`.
    let option (form: JsonForm<'Value>) : JsonForm<'Value option> =
        {
            Write =
                fun value ->
                    match value with
                    | Some value -> form.Write value
                    | None -> JsonValue.Null
            Read =
                fun json ->
                    match json with
                    | JsonValue.Null -> None
                    | json -> Some(form.Read json)
        }

    /// Values in their order.
    let list (form: JsonForm<'Value>) : JsonForm<'Value list> =
        {
            Write = List.map form.Write >> JsonValue.Array
            Read =
                fun json ->
                    match json with
                    | JsonValue.Array items -> List.map form.Read items
                    | _ -> raise (fault "it is no array")
        }

    /// One member of an object.
    let field (name: string) (get: 'Record -> 'Value) (form: JsonForm<'Value>) : JsonFormMembers<'Record, 'Value> =
        let within (step: unit -> 'Result) : 'Result =
            try
                step ()
            with JsonFault reason ->
                raise (fault ("the member '" + name + "': " + reason))

        {
            Names = [ name ]
            WriteOf = fun record -> [ name, within (fun () -> form.Write(get record)) ]
            ReadOf = fun members -> within (fun () -> form.Read(Map.find name members))
        }

    /// A member that says the same in every object of the form.
    let constant (name: string) (value: JsonValue) : JsonFormMembers<'Record, unit> =
        let only: JsonForm<unit> =
            {
                Write = fun () -> value
                Read =
                    fun json ->
                        if json <> value then
                            raise (fault "it says something else than it must here")
            }

        field name ignore only

    /// An object of exactly these members.
    let object (fields: JsonFormMembers<'Value, 'Value>) : JsonForm<'Value> =
        let names = Set.ofList fields.Names

        {
            Write = fields.WriteOf >> JsonValue.Object
            Read =
                fun json ->
                    match json with
                    | JsonValue.Object members ->
                        let found = Map.ofList members

                        for name, _ in members do
                            if not (names.Contains name) then
                                raise (fault ("the member '" + name + "' is unknown"))

                        for name in fields.Names do
                            if not (found.ContainsKey name) then
                                raise (fault ("the member '" + name + "' is missing"))

                        fields.ReadOf found
                    | _ -> raise (fault "it is no object")
        }

    /// An object of one member.
    let one (name: string) (form: JsonForm<'Value>) : JsonForm<'Value> = object (field name id form)

    /// A case without fields: its name.
    let unitCase (name: string) (value: 'Union) : JsonFormCase<'Union> =
        {
            TryWrite = fun other -> if other = value then Some(JsonValue.String name) else None
            TryRead =
                fun json ->
                    match json with
                    | JsonValue.String text when text = name -> Some value
                    | _ -> None
        }

    /// A case with fields: an object of one member, the case's name.
    let case (name: string) (tryPick: 'Union -> 'Fields option) (make: 'Fields -> 'Union) (form: JsonForm<'Fields>) : JsonFormCase<'Union> =
        {
            TryWrite = fun value -> tryPick value |> Option.map (fun fields -> JsonValue.Object [ name, form.Write fields ])
            TryRead =
                fun json ->
                    match json with
                    | JsonValue.Object [ found, fields ] when found = name -> Some(make (form.Read fields))
                    | _ -> None
        }

    /// A union, tagged from outside.
    let union (cases: JsonFormCase<'Union> list) : JsonForm<'Union> =
        let first (pick: JsonFormCase<'Union> -> 'Result option) =
            match List.tryPick pick cases with
            | Some found -> found
            | None -> raise (fault "it is none of the cases")

        {
            Write = fun value -> first (fun case -> case.TryWrite value)
            Read = fun json -> first (fun case -> case.TryRead json)
        }

    /// The canonical form of a value (RFC 8785) in UTF-8.
    let toBytes (what: string) (form: JsonForm<'Value>) (value: 'Value) : Result<Bytes, ValueError> =
        Json.attempt what (fun () ->
            let writer = ByteWriter 512
            Canonical.append writer (form.Write value)
            Bytes.Wrap writer.WrittenMemory)

    /// The value of a JSON text in UTF-8.
    let ofBytes (what: string) (form: JsonForm<'Value>) (json: ReadOnlyMemory<byte>) : Result<'Value, ValueError> =
        Json.parse what json |> Result.bind (fun value -> Json.attempt what (fun () -> form.Read value))

/// The builder of members.
[<AutoOpen>]
module internal JsonFormExpression =

    let members = JsonFormBuilder()

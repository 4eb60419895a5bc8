// A JSON object of which every member is known: how the forms of small values are read.
// Called by Random.Json.fs and Pin.Json.fs.
namespace Refold.Core

open System
open System.Globalization
open System.Text

/// The members of an object by name, as the bytes of their values. What is missing or wrong raises `JsonFault`.
[<Sealed>]
type internal JsonMembers private (members: Map<string, ReadOnlyMemory<byte>>) =

    static let required (name: string) (found: 'Value option) : 'Value =
        match found with
        | Some value -> value
        | None -> raise (JsonFault("the member '" + name + "' is missing"))

    let tryValue (name: string) = members |> Map.tryFind name |> Option.map (fun slice -> (JsonReader slice).Value())

    /// The members of the one object that the text is; the reason, with what it was to be, for any other text.
    static member Read(what: string, names: string list, json: string, read: JsonMembers -> 'Value) =
        if isNull (box json) then
            Error(ValueError.Malformed(what, "there is no text"))
        else
            match Text.firstLoneSurrogate json with
            | index when index >= 0 -> Error(ValueError.LoneSurrogate(what, index))
            | _ ->
                Json.attempt what (fun () ->
                    let reader = JsonReader(ReadOnlyMemory(Encoding.UTF8.GetBytes json))
                    let members = Map.ofList (reader.Members())
                    reader.End()

                    for unknown in Seq.except names members.Keys do
                        raise (JsonFault("the member '" + unknown + "' is unknown"))

                    read (JsonMembers members))

    /// The member's value, where it is there.
    member _.TryValue(name: string) : JsonValue option = tryValue name

    /// The member's value.
    member _.Value(name: string) : JsonValue = required name (tryValue name)

    /// A string.
    member this.Text(name: string) : string =
        match this.Value name with
        | JsonValue.String text -> text
        | _ -> raise (JsonFault("the member '" + name + "' is no string"))

    /// A whole number from 0 to `largest`, where it is there: digits in a string, or a number, whose digits are taken as they stand
    /// because a double would lose some.
    member _.TryWhole(name: string, largest: UInt128) : UInt128 option =
        members
        |> Map.tryFind name
        |> Option.map (fun slice ->
            let digits =
                match (JsonReader slice).Value() with
                | JsonValue.String text -> text
                | _ -> Encoding.UTF8.GetString slice.Span

            match UInt128.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture) with
            // Leading zeros and a trailing NUL are read too.
            | true, value when value <= largest && Numbers.text value = digits -> value
            | _ ->
                let range = " is not a whole number from 0 to " + Numbers.text largest
                raise (JsonFault("the member '" + name + "'" + range)))

    /// A whole number from 0 to `largest`.
    member this.Whole(name: string, largest: UInt128) : UInt128 = required name (this.TryWhole(name, largest))

    /// A whole number below 2^64.
    member this.UInt64(name: string) : uint64 = UInt128.op_Explicit (this.Whole(name, UInt128.op_Implicit UInt64.MaxValue))

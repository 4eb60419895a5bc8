// What the JSON form of a type is made of: a shape that writes and reads its values, and the place in a value for errors.
// Made by the other Codec.Json files when a codec is built; run by Codec.Json.fs.
namespace Refold.Core

open System

/// The name that a record field or a union case has in JSON, where it is not the name in the program: for renaming without
/// touching what is recorded.
[<Sealed; AttributeUsage(AttributeTargets.All, AllowMultiple = false)>]
type JsonNameAttribute(name: string) =
    inherit Attribute()

    /// The name in JSON.
    member _.Name: string = name

/// A place inside a value: the chain of members and indexes that leads to it.
[<Sealed>]
type internal JsonPath(parent: JsonPath | null, name: string, index: int) =

    let depth: int =
        match parent with
        | null -> 0
        | parent -> parent.Depth + 1

    do
        if depth > JsonLimits.depth then
            raise (JsonLimits.tooDeep ())

    /// The whole value.
    static member Root: JsonPath = JsonPath(null, "", -1)

    /// How many steps lead here.
    member _.Depth: int = depth

    /// The place of a member.
    member this.Member(name: string) : JsonPath = JsonPath(this, name, -1)

    /// The place of an item.
    member this.Item(index: int) : JsonPath = JsonPath(this, "", index)

    /// A JSON pointer (RFC 6901); empty for the whole value.
    override _.ToString() =
        match parent with
        | null -> ""
        | parent when index >= 0 -> parent.ToString() + "/" + Numbers.text index
        | parent -> JsonPointer.child (parent.ToString()) name

    /// What is wrong here.
    member this.Fault(reason: string) : exn =
        match parent with
        | null -> JsonFault("the value " + reason)
        | _ -> JsonFault(this.ToString() + " " + reason)

/// How values of one type become JSON and JSON values of the type. Both functions raise `JsonFault`.
/// A shape is handed out before it is filled, so that a type can contain itself.
[<Sealed>]
type internal JsonShape() =

    let unfilled _ _ = raise (InvalidOperationException "The shape is used before it is filled.")

    /// Value to JSON.
    member val Write: JsonPath -> objnull -> JsonValue = unfilled with get, set

    /// JSON to value.
    member val Read: JsonPath -> JsonValue -> objnull = unfilled with get, set

    /// Whether every value is a JSON string, so that it can be the name of a member.
    member val IsText = false with get, set

    /// Whether the absence of a member is a value.
    member val IsOption = false with get, set

/// Making shapes.
[<RequireQualifiedAccess>]
module internal JsonShape =

    /// A shape of two functions.
    let create (write: JsonPath -> objnull -> JsonValue) (read: JsonPath -> JsonValue -> objnull) : JsonShape =
        JsonShape(Write = write, Read = read)

    /// Copies the functions of a finished shape into one that was handed out before.
    let fill (target: JsonShape) (source: JsonShape) : unit =
        target.Write <- source.Write
        target.Read <- source.Read
        target.IsText <- source.IsText
        target.IsOption <- source.IsOption

    /// The shape with null refused: C# can hand one in where F# has none.
    let notNull (shape: JsonShape) : JsonShape =
        let write (path: JsonPath) (value: objnull) =
            match value with
            | null -> raise (path.Fault "is null")
            | value -> shape.Write path value

        JsonShape(Write = write, Read = shape.Read, IsText = shape.IsText, IsOption = shape.IsOption)

/// The fields of a record or a union case, in the order of their declaration.
[<Sealed>]
type internal JsonFields(fields: (string * JsonShape)[]) =

    /// The members of the values; absent options are left out.
    member _.Write(path: JsonPath, values: objnull[]) : (string * JsonValue) list =
        [
            for index in 0 .. fields.Length - 1 do
                let name, shape = fields[index]

                match shape.Write (path.Member name) values[index] with
                | JsonValue.Null when shape.IsOption -> ()
                | json -> name, json
        ]

    /// The values of the members; unknown ones and missing ones are faults, unless an option is missing.
    member _.Read(path: JsonPath, members: (string * JsonValue) list) : objnull[] =
        for name, _ in members do
            if not (Array.exists (fun (known, _) -> known = name) fields) then
                raise (path.Fault("has an unknown member '" + name + "'"))

        fields
        |> Array.map (fun (name, shape) ->
            match List.tryFind (fun (found, _) -> found = name) members with
            | Some(_, JsonValue.Null) when shape.IsOption -> raise ((path.Member name).Fault "is null: what is absent is left out")
            | Some(_, json) -> shape.Read (path.Member name) json
            | None when shape.IsOption -> shape.Read path JsonValue.Null
            | None -> raise (path.Fault("has no member '" + name + "'")))

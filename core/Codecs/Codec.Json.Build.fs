// Finds the JSON form of a type, once, when a codec is built; what has none is refused then and not in production.
// Called by Codec.Json.fs.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Reflection
open FSharp.Reflection

/// A case of a union.
[<NoEquality; NoComparison>]
type internal JsonCase =
    {
        /// The name in JSON.
        Name: string
        /// The fields of a value of the case.
        Fields: objnull -> objnull[]
        /// A value of the case.
        Make: objnull[] -> objnull
        /// The form of the fields.
        Members: JsonFields
    }

/// Shapes of F# types.
[<RequireQualifiedAccess>]
module internal JsonBuild =

    let private visible = BindingFlags.Public ||| BindingFlags.NonPublic

    // How often a generic type may stand inside itself with other arguments: a type that contains itself over pairs of its argument
    // would go on for ever, and its arguments double each time.
    let private mostInstances = 10

    let private refuse (path: string) (reason: string) : exn =
        ArgumentException("There is no JSON form for " + (if path = "" then "the type" else path) + ": " + reason)

    let private jsonName (name: string) (attributes: objnull seq) : string =
        attributes
        |> Seq.tryPick (fun attribute ->
            match attribute with
            | :? JsonNameAttribute as renamed -> Some renamed.Name
            | _ -> None)
        |> Option.defaultValue name

    let private isGeneric (generic: Type) (candidate: Type) = candidate.IsGenericType && candidate.GetGenericTypeDefinition() = generic

    // The records and unions around a place, without their arguments, and one more.
    let private enter (path: string) (chain: Type list) (entered: Type) : Type list =
        let definition = if entered.IsGenericType then entered.GetGenericTypeDefinition() else entered

        if chain |> List.filter ((=) definition) |> List.length >= mostInstances then
            raise (refuse path "its types go on for ever")

        definition :: chain

    let private isOption (candidate: Type) = isGeneric typedefof<_ option> candidate || isGeneric typedefof<_ voption> candidate

    let private reasonAgainst (candidate: Type) =
        if FSharpType.IsFunction candidate || typeof<Delegate>.IsAssignableFrom candidate then
            "a function cannot be recorded"
        elif candidate = typeof<obj> then
            "an object says nothing about its form"
        elif isGeneric typedefof<seq<_>> candidate then
            "a lazy sequence is a computation, not a value; use a list"
        elif candidate.IsInterface then
            "an interface says nothing about its form"
        else
            "it is no record, union, tuple, list, array, set, map, option, enumeration or known scalar"

    let private distinct (path: string) (what: string) (names: string seq) =
        match names |> Seq.countBy id |> Seq.tryFind (fun (_, count) -> count > 1) with
        | Some(name, _) -> raise (refuse path ("two " + what + " are called '" + name + "'"))
        | None -> ()

    /// Builds shapes; keeps those it made, so that a type may contain itself.
    [<Sealed>]
    type private Builder() =

        let made = Dictionary<Type, JsonShape>()

        member private this.Members(path: string, chain: Type list, fields: PropertyInfo[], isReserved: string -> bool) =
            let shapes =
                fields
                |> Array.map (fun field ->
                    let name = jsonName field.Name (field.GetCustomAttributes true |> Seq.map box)

                    if isReserved name then
                        raise (refuse path ("a field is called '" + name + "', which is the name of the case"))

                    name, this.Shape(path + "." + field.Name, chain, field.PropertyType))

            distinct path "fields" (Seq.map fst shapes)
            JsonFields shapes

        /// The cases of a union by tag.
        member this.Cases(path: string, chain: Type list, unionType: Type, isReserved: string -> bool) : JsonCase[] =
            let cases =
                FSharpType.GetUnionCases(unionType, visible)
                |> Array.map (fun case ->
                    {
                        Name = jsonName case.Name (case.GetCustomAttributes() |> Seq.map box)
                        Fields = FSharpValue.PreComputeUnionReader(case, visible)
                        Make = FSharpValue.PreComputeUnionConstructor(case, visible)
                        Members = this.Members(path + "." + case.Name, chain, case.GetFields(), isReserved)
                    })

            distinct path "cases" (cases |> Seq.map _.Name)
            cases

        member private this.Record(path, chain, recordType: Type) =
            let members =
                this.Members(path, chain, FSharpType.GetRecordFields(recordType, visible), (fun _ -> false))

            let values = FSharpValue.PreComputeRecordReader(recordType, visible)
            let make = FSharpValue.PreComputeRecordConstructor(recordType, visible)

            let read (path: JsonPath) json =
                match json with
                | JsonValue.Object found -> make (members.Read(path, found))
                | _ -> raise (path.Fault "must be an object")

            JsonShape.create (fun path value -> JsonValue.Object(members.Write(path, values (nonNull value)))) read
            |> JsonShape.notNull

        member private this.Union(path, chain, unionType: Type) =
            let cases = this.Cases(path, chain, unionType, (fun name -> name = "case"))
            let tag = FSharpValue.PreComputeUnionTagReader(unionType, visible)

            let write (path: JsonPath) value =
                let case = cases[tag value]
                JsonValue.Object(("case", JsonValue.String case.Name) :: case.Members.Write(path, case.Fields value))

            let read (path: JsonPath) json =
                match json with
                | JsonValue.Object members ->
                    let chosen, fields = members |> List.partition (fun (name, _) -> name = "case")

                    match chosen with
                    | [ _, JsonValue.String name ] ->
                        match cases |> Array.tryFind (fun case -> case.Name = name) with
                        | Some case -> case.Make(case.Members.Read(path, fields))
                        | None -> raise (path.Fault("has an unknown case '" + name + "'"))
                    | _ -> raise (path.Fault "has no member 'case' with a string")
                | _ -> raise (path.Fault "must be an object")

            let shape = JsonShape.create write read
            let representation = unionType.GetCustomAttribute<CompilationRepresentationAttribute>()

            match representation with
            | null -> JsonShape.notNull shape
            | found when found.Flags &&& CompilationRepresentationFlags.UseNullAsTrueValue = enum 0 -> JsonShape.notNull shape
            | _ -> shape

        member private this.Make(path: string, chain: Type list, valueType: Type) : JsonShape =
            let argument index = valueType.GetGenericArguments()[index]
            let inner index = this.Shape(path, chain, argument index)

            if valueType.IsEnum then
                JsonContainer.enumeration valueType
            elif isOption valueType then
                if isOption (argument 0) then
                    raise (refuse path "an option of an option has two ways to be null")

                JsonContainer.option valueType (inner 0)
            elif valueType.IsSZArray then
                let item = nonNull (valueType.GetElementType())
                JsonContainer.array item (this.Shape(path, chain, item)) |> JsonShape.notNull
            elif isGeneric typedefof<_ list> valueType then
                JsonContainer.list (argument 0) (inner 0) |> JsonShape.notNull
            elif isGeneric typedefof<Set<_>> valueType then
                JsonContainer.set (argument 0) (inner 0) |> JsonShape.notNull
            elif isGeneric typedefof<Map<_, _>> valueType then
                JsonContainer.map (valueType.GetGenericArguments()) (inner 0) (inner 1) |> JsonShape.notNull
            elif FSharpType.IsTuple valueType then
                let shapes =
                    FSharpType.GetTupleElements valueType |> Array.map (fun item -> this.Shape(path, chain, item))

                JsonContainer.tuple valueType shapes |> JsonShape.notNull
            elif FSharpType.IsRecord(valueType, visible) then
                this.Record(path, enter path chain valueType, valueType)
            elif FSharpType.IsUnion(valueType, visible) then
                this.Union(path, enter path chain valueType, valueType)
            else
                raise (refuse path (reasonAgainst valueType))

        /// The shape of a type; `path` leads to it from the codec's type.
        member this.Shape(path: string, chain: Type list, valueType: Type) : JsonShape =
            match JsonScalar.tryFind valueType, made.TryGetValue valueType with
            | Some shape, _
            | None, (true, shape) -> shape
            | None, (false, _) ->
                let shape = JsonShape()
                made[valueType] <- shape
                JsonShape.fill shape (this.Make(path, chain, valueType))
                shape

    /// The shape of a type. Throws `ArgumentException`, naming the place, where a part of it has none.
    let shape (valueType: Type) : JsonShape = Builder().Shape("", [], valueType)

    /// Tag reader and cases of a union whose cases are entries of their own. Throws `ArgumentException` as `shape` does.
    let cases (unionType: Type) : (objnull -> int) * JsonCase[] =
        if not (FSharpType.IsUnion(unionType, visible)) then
            raise (refuse "" "it is no union")

        let cases = Builder().Cases("", [], unionType, (fun _ -> false))
        FSharpValue.PreComputeUnionTagReader(unionType, visible), cases

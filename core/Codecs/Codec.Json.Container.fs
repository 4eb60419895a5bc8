// The JSON forms of lists, arrays, sets, maps, tuples, options and enumerations.
// Called by Codec.Json.Build.fs, which finds the shapes of what they contain.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Reflection
open FSharp.Reflection

/// A collection type, seen without its type arguments.
[<AbstractClass>]
type internal JsonCollection() =

    /// The items in their own order.
    abstract Items: objnull -> objnull[]

    /// The collection of the items; a set or a map holds an item that came twice once.
    abstract OfItems: objnull[] -> objnull

    /// How many items the collection has.
    abstract Count: objnull -> int

[<Sealed>]
type internal ListCollection<'Item>() =
    inherit JsonCollection()
    override _.Items value = [| for item in unbox<'Item list> value -> box item |]
    override _.OfItems items = box (items |> Array.map unbox<'Item> |> List.ofArray)
    override _.Count value = (unbox<'Item list> value).Length

[<Sealed>]
type internal ArrayCollection<'Item>() =
    inherit JsonCollection()
    override _.Items value = unbox<'Item[]> value |> Array.map box
    override _.OfItems items = box (items |> Array.map unbox<'Item>)
    override _.Count value = (unbox<'Item[]> value).Length

[<Sealed>]
type internal SetCollection<'Item when 'Item: comparison>() =
    inherit JsonCollection()
    override _.Items value = [| for item in unbox<Set<'Item>> value -> box item |]
    override _.OfItems items = box (items |> Array.map unbox<'Item> |> Set.ofArray)
    override _.Count value = (unbox<Set<'Item>> value).Count

/// Keys and values alternate.
[<Sealed>]
type internal MapCollection<'Key, 'Value when 'Key: comparison>() =
    inherit JsonCollection()

    override _.Items value =
        [|
            for pair in unbox<Map<'Key, 'Value>> value do
                box pair.Key
                box pair.Value
        |]

    override _.OfItems items =
        items
        |> Array.chunkBySize 2
        |> Array.map (fun pair -> unbox<'Key> pair[0], unbox<'Value> pair[1])
        |> Map.ofArray
        |> box

    override _.Count value = (unbox<Map<'Key, 'Value>> value).Count

/// Shapes of types that contain others.
[<RequireQualifiedAccess>]
module internal JsonContainer =

    let private collection (definition: Type) (arguments: Type[]) : JsonCollection =
        nonNull (Activator.CreateInstance(definition.MakeGenericType arguments)) :?> JsonCollection

    let private canonical (json: JsonValue) =
        let writer = ByteWriter 64
        Canonical.append writer json
        Text.Encoding.UTF8.GetString writer.Written

    // Sets and maps have no order of their own in JSON: the canonical form of the key decides, in UTF-16 code units.
    let private byCanonicalForm (key: 'Item -> JsonValue) (items: 'Item[]) : 'Item list =
        items
        |> Array.map (fun item -> canonical (key item), item)
        |> Array.sortWith (fun (left, _) (right, _) -> String.CompareOrdinal(left, right))
        |> Array.map snd
        |> List.ofArray

    let private items (path: JsonPath) (json: JsonValue) : JsonValue[] =
        match json with
        | JsonValue.Array items -> Array.ofList items
        | _ -> raise (path.Fault "must be an array")

    let private writeItems (shape: JsonShape) (path: JsonPath) (values: objnull[]) =
        values |> Array.mapi (fun index value -> shape.Write (path.Item index) value)

    let private readItems (shape: JsonShape) (path: JsonPath) (json: JsonValue) =
        items path json |> Array.mapi (fun index item -> shape.Read (path.Item index) item)

    // The order in which `byCanonicalForm` writes.
    let private requireOrder (path: JsonPath) (keys: JsonValue[]) =
        for left, right in Array.pairwise (Array.map canonical keys) do
            let order = String.CompareOrdinal(left, right)

            if order = 0 then
                raise (path.Fault "has an item twice")

            if order > 0 then
                raise (path.Fault "has its items in another order than they are written in")

    let private distinct (collection: JsonCollection) (path: JsonPath) (count: int) (made: objnull) : objnull =
        if collection.Count made < count then
            raise (path.Fault "has an item twice")

        made

    let private sequence (collection: JsonCollection) (item: JsonShape) : JsonShape =
        JsonShape.create (fun path value -> JsonValue.Array(List.ofArray (writeItems item path (collection.Items value)))) (fun path json ->
            collection.OfItems(readItems item path json))

    /// A list as an array.
    let list (item: Type) (shape: JsonShape) : JsonShape = sequence (collection typedefof<ListCollection<_>> [| item |]) shape

    /// An array as an array.
    let array (item: Type) (shape: JsonShape) : JsonShape = sequence (collection typedefof<ArrayCollection<_>> [| item |]) shape

    /// A set as an array, ordered by canonical form.
    let set (item: Type) (shape: JsonShape) : JsonShape =
        let collection = collection typedefof<SetCollection<_>> [| item |]

        JsonShape.create
            (fun path value -> JsonValue.Array(byCanonicalForm id (writeItems shape path (collection.Items value))))
            (fun path json ->
                let read = readItems shape path json
                requireOrder path (items path json)
                distinct collection path read.Length (collection.OfItems read))

    let private mapAsObject (collection: JsonCollection) (key: JsonShape) (value: JsonShape) : JsonShape =
        let write (path: JsonPath) (map: objnull) =
            let pair (pair: objnull[]) =
                match key.Write path pair[0] with
                | JsonValue.String name -> name, value.Write (path.Member name) pair[1]
                | _ -> raise (path.Fault "has a key that is no string")

            JsonValue.Object(collection.Items map |> Array.chunkBySize 2 |> Array.map pair |> List.ofArray)

        let read (path: JsonPath) json =
            match json with
            | JsonValue.Object members ->
                [|
                    for name, json in members do
                        let place = path.Member name
                        key.Read place (JsonValue.String name)
                        value.Read place json
                |]
                |> collection.OfItems
                |> distinct collection path members.Length
            | _ -> raise (path.Fault "must be an object")

        JsonShape.create write read

    let private mapAsPairs (collection: JsonCollection) (key: JsonShape) (value: JsonShape) : JsonShape =
        let write (path: JsonPath) (map: objnull) =
            collection.Items map
            |> Array.chunkBySize 2
            |> Array.mapi (fun index pair ->
                let place = path.Item index
                key.Write (place.Item 0) pair[0], value.Write (place.Item 1) pair[1])
            |> byCanonicalForm fst
            |> List.map (fun (key, value) -> JsonValue.Array [ key; value ])
            |> JsonValue.Array

        let read (path: JsonPath) json =
            let pairs = items path json

            let readPair index json =
                let place = path.Item index

                match items place json with
                | [| left; right |] -> [| key.Read (place.Item 0) left; value.Read (place.Item 1) right |]
                | _ -> raise (place.Fault "must be an array of key and value")

            let read = pairs |> Array.mapi readPair

            requireOrder
                path
                [|
                    for pair in pairs do
                        Array.head (items path pair)
                |]

            read |> Array.concat |> collection.OfItems |> distinct collection path pairs.Length

        JsonShape.create write read

    /// A map: an object where every key is a JSON string, otherwise an array of `[key, value]` ordered by the key's canonical form.
    let map (arguments: Type[]) (key: JsonShape) (value: JsonShape) : JsonShape =
        let collection = collection typedefof<MapCollection<_, _>> arguments
        if key.IsText then mapAsObject collection key value else mapAsPairs collection key value

    /// A tuple as an array.
    let tuple (tupleType: Type) (shapes: JsonShape[]) : JsonShape =
        let values = FSharpValue.PreComputeTupleReader tupleType
        let make = FSharpValue.PreComputeTupleConstructor tupleType

        let write (path: JsonPath) (value: objnull) =
            values (nonNull value)
            |> Array.mapi (fun index item -> shapes[index].Write (path.Item index) item)
            |> List.ofArray
            |> JsonValue.Array

        let read (path: JsonPath) json =
            match items path json with
            | found when found.Length = shapes.Length ->
                make (found |> Array.mapi (fun index item -> shapes[index].Read (path.Item index) item))
            | _ ->
                let count = Numbers.text shapes.Length
                raise (path.Fault("must be an array of " + count + " items"))

        JsonShape.create write read

    /// An option or value option: null, or the value itself.
    let option (optionType: Type) (item: JsonShape) : JsonShape =
        let cases = FSharpType.GetUnionCases optionType
        let tag = FSharpValue.PreComputeUnionTagReader optionType
        let fields = FSharpValue.PreComputeUnionReader cases[1]
        let none = FSharpValue.PreComputeUnionConstructor cases[0] [||]
        let some = FSharpValue.PreComputeUnionConstructor cases[1]

        let write (path: JsonPath) (value: objnull) = if tag value = 0 then JsonValue.Null else item.Write path (Array.head (fields value))

        let read (path: JsonPath) json =
            match json with
            | JsonValue.Null -> none
            | json -> some [| item.Read path json |]

        JsonShape(Write = write, Read = read, IsOption = true)

    /// An enumeration by the names of its values; of two names of one value the first declared is written and read.
    let enumeration (enumType: Type) : JsonShape =
        let names = Dictionary<obj, string>()
        let values = Dictionary<string, obj> StringComparer.Ordinal

        for field in enumType.GetFields(BindingFlags.Public ||| BindingFlags.Static) do
            let value = nonNull (field.GetValue null)

            if names.TryAdd(value, field.Name) then
                values[field.Name] <- value

        let write (path: JsonPath) (value: objnull) =
            match names.TryGetValue(nonNull value) with
            | true, name -> JsonValue.String name
            | false, _ -> raise (path.Fault "is a value of an enumeration that has no name")

        let read (path: JsonPath) json : objnull =
            match json with
            | JsonValue.String name when values.ContainsKey name -> values[name]
            | _ -> raise (path.Fault("must be one of " + String.concat ", " values.Keys))

        JsonShape(Write = write, Read = read, IsText = true)

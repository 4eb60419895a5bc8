// The names of states, commands and events, by which the rows of a machine find them.
// Used by Machine.Table.fs; made from types by the faces for C# and F#.
namespace Refold.Core

open System
open System.Reflection
open Microsoft.FSharp.Reflection

/// How values of a type are named. A name is recorded where a command is illegal in a state, so it is never the name of a class.
[<NoEquality; NoComparison>]
type internal MachineNames<'Value> =
    {
        /// The name of a value.
        NameOf: 'Value -> string
        /// Every name, where they are known; else none.
        All: string list
    }

/// Names that follow from a type.
[<RequireQualifiedAccess>]
module internal MachineNames =

    let private visible = BindingFlags.Public ||| BindingFlags.NonPublic

    let private ofUnion<'Value> () : MachineNames<'Value> =
        let tag = FSharpValue.PreComputeUnionTagReader(typeof<'Value>, visible)

        // As the codecs of unions name them.
        let nameOf (case: UnionCaseInfo) =
            match case.GetCustomAttributes typeof<JsonNameAttribute> with
            | [| :? JsonNameAttribute as renamed |] -> renamed.Name
            | _ -> case.Name

        let names = FSharpType.GetUnionCases(typeof<'Value>, visible) |> Array.map nameOf

        {
            NameOf = fun value -> names[tag (box value)]
            All = List.ofArray names
        }

    let private ofEnum<'Value> () : MachineNames<'Value> =
        let nameOf (value: 'Value) =
            match Enum.GetName(typeof<'Value>, nonNull (box value)) with
            | null -> raise (InvalidOperationException("a value of " + typeof<'Value>.Name + " has no name"))
            | name -> name

        { NameOf = nameOf; All = List.ofArray (Enum.GetNames typeof<'Value>) }

    /// The names of a union's cases, of an enumeration's members, or a text itself; none for other types.
    let tryOfType<'Value> () : MachineNames<'Value> option =
        if typeof<'Value>.IsEnum then
            Some(ofEnum<'Value>())
        elif typeof<'Value> = typeof<string> then
            Some { NameOf = (fun value -> unbox<string>(box value)); All = [] }
        elif FSharpType.IsUnion(typeof<'Value>, visible) then
            Some(ofUnion<'Value>())
        else
            None

    /// The same names, of a value that has such a value in it.
    let map (part: 'Whole -> 'Value) (names: MachineNames<'Value>) : MachineNames<'Whole> =
        { NameOf = part >> names.NameOf; All = names.All }

// What a record that holds a time prints: F# prints times as the machine's culture writes them.
// Used by the records of the core that users print.
namespace Refold.Core

open System
open System.Globalization

/// The text of a record, the same in every culture.
[<RequireQualifiedAccess>]
module internal RecordText =

    let private time (value: DateTimeOffset) = value.ToString("O", CultureInfo.InvariantCulture)

    let private value (value: objnull) =
        match value with
        | :? DateTimeOffset as at -> time at
        | :? (DateTimeOffset option) as at -> at |> Option.map (fun at -> "Some " + time at) |> Option.defaultValue "None"
        | other -> (sprintf "%A" other).Replace("\n", "\n  ")

    /// As F# prints it, a line a field, but for times: those are written as in ISO 8601.
    let show (fields: (string * objnull) list) : string =
        "{ " + String.Join("\n  ", fields |> List.map (fun (name, held) -> name + " = " + value held)) + " }"

// The JSON form of a pin: `{"model":"..","provider":"..","version":"..","seed":"42","settings":{"key":"value"}}`.
// Also reads seed 000's, with a numeric seed and without settings. Called by Pin.fs, whose members it serves.
namespace Refold.Core

open System
open System.Collections.Generic
open System.Globalization
open System.Text.Json

/// What a pin is made of; settings sorted by key.
[<NoEquality; NoComparison>]
type internal RunPinParts =
    {
        Model: string
        Provider: string
        Version: string
        Seed: uint64
        Settings: KeyValuePair<string, string> list
    }

/// Writing and reading the parts.
[<RequireQualifiedAccess>]
module internal RunPinJson =

    let private what = "the pin"

    let private memberNames = [ "model"; "provider"; "version"; "seed"; "settings" ]

    let private seed (element: JsonElement) =
        match JsonText.tryMember "seed" element with
        | None -> Error(ValueError.Malformed(what, "the member 'seed' is missing"))
        | Some seed ->
            JsonText.whole what "seed" (UInt128.op_Implicit UInt64.MaxValue) seed
            |> Result.map (fun value -> UInt128.op_Explicit value: uint64)

    let private settings (element: JsonElement) =
        match JsonText.tryMember "settings" element with
        | None -> Ok []
        | Some found when found.ValueKind = JsonValueKind.Object ->
            let folder read name =
                read
                |> Result.bind (fun settings ->
                    JsonText.text "a setting of the pin" name found
                    |> Result.map (fun value -> KeyValuePair(name, value) :: settings))

            found.EnumerateObject() |> Seq.map _.Name |> Seq.fold folder (Ok [])
        | Some _ -> Error(ValueError.Malformed(what, "the member 'settings' is no object"))

    let private readParts (element: JsonElement) =
        let text name = JsonText.text what name element

        text "model"
        |> Result.bind (fun model ->
            text "provider"
            |> Result.bind (fun provider ->
                text "version"
                |> Result.bind (fun version ->
                    seed element
                    |> Result.bind (fun seed ->
                        settings element
                        |> Result.map (fun settings ->
                            {
                                Model = model
                                Provider = provider
                                Version = version
                                Seed = seed
                                Settings = settings
                            })))))

    /// The form, members in fixed order, without spaces.
    let write (parts: RunPinParts) : string =
        let item name value = JsonText.quote name + ":" + JsonText.quote value

        let settings = parts.Settings |> List.map (fun each -> item each.Key each.Value) |> String.concat ","

        let items =
            [
                item "model" parts.Model
                item "provider" parts.Provider
                item "version" parts.Version
                item "seed" (parts.Seed.ToString CultureInfo.InvariantCulture)
                "\"settings\":{" + settings + "}"
            ]

        "{" + String.concat "," items + "}"

    /// Members in any order.
    let read (json: string) : Result<RunPinParts, ValueError> = JsonText.readObject what memberNames json readParts

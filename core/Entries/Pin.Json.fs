// The JSON form of a pin: `{"model":"..","provider":"..","version":"..","seed":"42","settings":{"key":"value"}}`.
// Also reads seed 000's, with a numeric seed and without settings. Called by Pin.fs, whose members it serves.
namespace Refold.Core

open System.Collections.Generic
open System.Text

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

    let private setting (name: string, value: JsonValue) =
        match value with
        | JsonValue.String text -> KeyValuePair(name, text)
        | _ -> raise (JsonFault("the setting '" + name + "' is no string"))

    let private settings (members: JsonMembers) =
        match members.TryValue "settings" with
        | None -> []
        | Some(JsonValue.Object found) -> List.map setting found
        | Some _ -> raise (JsonFault "the member 'settings' is no object")

    /// The form, members in fixed order, without spaces.
    let write (parts: RunPinParts) : string =
        let writer = ByteWriter 256
        let pin = JsonObjectWriter writer
        pin.Text("model", parts.Model)
        pin.Text("provider", parts.Provider)
        pin.Text("version", parts.Version)
        pin.Text("seed", Numbers.text parts.Seed)
        pin.Name "settings"
        let settings = JsonObjectWriter writer

        for setting in parts.Settings do
            settings.Text(setting.Key, setting.Value)

        settings.Close()
        pin.Close()
        Encoding.UTF8.GetString writer.Written

    /// Members in any order; the seed as a string or a number; absent `settings` are none.
    let read (json: string) : Result<RunPinParts, ValueError> =
        JsonMembers.Read(
            "the pin",
            [ "model"; "provider"; "version"; "seed"; "settings" ],
            json,
            fun members ->
                {
                    Model = members.Text "model"
                    Provider = members.Text "provider"
                    Version = members.Text "version"
                    Seed = members.UInt64 "seed"
                    Settings = settings members
                }
        )

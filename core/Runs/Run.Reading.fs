// Reading the control entries of a run. Total: what cannot be read is an error, never an exception.
// Called by Run.fs, which writes them.
namespace Refold.Core

open System
open System.Text

/// Reading what `Run.start` and `Run.finish` wrote.
[<RequireQualifiedAccess>]
module internal RunForm =

    // The JSON text of a member of the entry's payload.
    let private readMember (typeName: string) (name: string) (entry: Entry) : Result<string, CodecError> =
        let members () =
            let reader = JsonReader entry.Data.Payload.Memory
            let members = reader.Members()
            reader.End()
            members

        if entry.Data.Type <> typeName then
            Error(CodecError.UnknownType entry.Data.Type)
        elif entry.Data.SchemaVersion > 1 then
            Error(CodecError.NewerSchema(typeName, entry.Data.SchemaVersion, 1))
        else
            match Json.attempt "the payload" members with
            | Error error -> Error(CodecError.Undecodable(typeName, error.ToString()))
            | Ok members ->
                match members |> List.tryFind (fun (found, _) -> found = name) with
                | Some(_, json) -> Ok(Encoding.UTF8.GetString json.Span)
                | None -> Error(CodecError.Undecodable(typeName, "the member '" + name + "' is missing"))

    let private part typeName name (ofJson: string -> Result<'Value, ValueError>) entry =
        readMember typeName name entry
        |> Result.bind (fun json -> ofJson json |> Result.mapError (fun error -> CodecError.Undecodable(typeName, error.ToString())))

    /// Pin and root state.
    let readStart (typeName: string) (entry: Entry) : Result<RunPin * RngState, CodecError> =
        part typeName "pin" RunPin.ofJson entry
        |> Result.bind (fun pin -> part typeName "root" RngState.ofJson entry |> Result.map (fun root -> pin, root))

    let private hash (json: string) : Result<Hash option, ValueError> =
        if json = "null" then
            Ok None
        else
            match Hash.TryParse(json.Trim '"') with
            | true, hash -> Ok(Some hash)
            | false, _ -> Error(ValueError.Malformed("the state hash", "it is no SHA-256 value"))

    /// The state hash; `None` where `null` was recorded.
    let readEnd (typeName: string) (entry: Entry) : Result<Hash option, CodecError> = part typeName "stateHash" hash entry

// What is not to be written: values at JSON paths, each replaced by a mark, in a payload that says so.
// Called by Codec.Types.fs for payloads; by the facade for HTTP; by Run.Step.fs and the replay, which ask whether a payload is redacted.
namespace Refold.Core

open System

/// Replacing values in JSON, and the form of a payload in which something was replaced: `{"$redacted":PAYLOAD}`.
[<RequireQualifiedAccess>]
module internal Redaction =

    /// What stands in the place of a value.
    let mark = "[redacted]"

    let private name = "$redacted"

    let private opening = "{\"$redacted\":"B

    let private marked = ReadOnlyMemory("\"[redacted]\""B)

    /// The steps of a path such as `$.card.number` or `$.items[*].secret`; `None` where it is none.
    let tryPath (path: string) : string list option =
        if not (path.StartsWith("$.", StringComparison.Ordinal)) then
            None
        else
            let steps = path.Substring(2).Replace("[*]", ".*", StringComparison.Ordinal).Split '.'

            if steps |> Array.forall (fun step -> step.Length > 0 && not (step.Contains '[')) then
                Some(List.ofArray steps)
            else
                None

    let private below (step: string) (paths: string list list) =
        paths
        |> List.choose (function
            | first :: rest when first = step -> Some rest
            | _ -> None)

    // The value with what lies at the paths replaced; none where nothing does. A step into an array goes into each item of it; `*` goes
    // into each item of an array and each member of an object.
    let rec private replace (told: ReadOnlyMemory<byte> -> unit) (paths: string list list) (json: ReadOnlyMemory<byte>) =
        let into paths value = if List.isEmpty paths then ValueNone else replace told paths value
        let valueOf original replaced = ValueOption.defaultValue original replaced

        if List.exists List.isEmpty paths then
            told json
            ValueSome marked
        else
            match json.Span[0] with
            | '{'B ->
                let members = (JsonReader json).Members()
                let all = below "*" paths
                let replaced = members |> List.map (fun (name, value) -> into (below name paths @ all) value)

                if List.forall ValueOption.isNone replaced then
                    ValueNone
                else
                    let writer = ByteWriter json.Length
                    let object = JsonObjectWriter writer

                    for (name, value), replaced in List.zip members replaced do
                        object.Name name
                        writer.Raw (valueOf value replaced).Span

                    object.Close()
                    ValueSome writer.WrittenMemory
            | '['B ->
                let items = (JsonReader json).Slices()
                let named = paths |> List.filter (fun path -> List.head path <> "*")
                let replaced = items |> List.map (into (below "*" paths @ named))

                if List.forall ValueOption.isNone replaced then
                    ValueNone
                else
                    let writer = ByteWriter json.Length

                    List.zip items replaced
                    |> List.iteri (fun index (item, replaced) ->
                        writer.Byte(if index = 0 then '['B else ','B)
                        writer.Raw (valueOf item replaced).Span)

                    writer.Byte ']'B
                    ValueSome writer.WrittenMemory
            | _ -> ValueNone

    /// The JSON with what lies at the paths replaced, all else byte by byte as it was; none where nothing lies there. `told`: each value
    /// that is replaced. An error where it is no JSON, or where a member is there twice on the way, as one of its values would hide.
    let apply (told: ReadOnlyMemory<byte> -> unit) (paths: string list list) (json: ReadOnlyMemory<byte>) =
        Json.attempt "what is to be redacted" (fun () ->
            let reader = JsonReader json
            let value = reader.Slice()
            reader.End()
            replace told paths value)

    /// The payload that says that something in it was replaced.
    let wrap (json: ReadOnlyMemory<byte>) : Bytes =
        let writer = ByteWriter(json.Length + 16)
        writer.Raw(ReadOnlySpan opening)
        writer.Raw json.Span
        writer.Byte '}'B
        Bytes.Wrap writer.WrittenMemory

    /// Whether the payload begins as one in which something was replaced.
    let isOpened (payload: ReadOnlySpan<byte>) : bool = payload.StartsWith(ReadOnlySpan opening)

    /// What a redacted payload holds; none where the payload is not redacted.
    let tryUnwrap (payload: Bytes) : Bytes voption =
        if not (isOpened payload.Span) then
            ValueNone
        else
            let members () =
                let reader = JsonReader payload.Memory
                let members = reader.Members()
                reader.End()
                members

            match Json.attempt "a redacted payload" members with
            | Ok [ found, json ] when found = name -> ValueSome(Bytes.Wrap json)
            | _ -> ValueNone

    /// Why a payload that has the form, and in which nothing was replaced, is no payload: it would be read as a redacted one.
    let reserved =
        "an object with the one member '" + name + "' is what a codec with redaction writes, and reserved for it"

    /// Whether the payload has the form of one in which something was replaced.
    let isMarked (payload: Bytes) : bool = ValueOption.isSome (tryUnwrap payload)

    /// Whether the payload is what replacing at the paths makes: marked, with the mark at one of the places at least, and at all of them.
    let isMadeBy (paths: string list list) (payload: Bytes) : bool =
        match tryUnwrap payload with
        | ValueNone -> false
        | ValueSome json ->
            match apply ignore paths json.Memory with
            | Ok(ValueSome again) -> again.Span.SequenceEqual json.Span
            | _ -> false

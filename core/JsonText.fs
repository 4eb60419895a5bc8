// JSON texts (RFC 8259) of the small values that are written for both languages: escaping, and reading that never throws.
// Called by Random.Json.fs and Pin.Json.fs.
namespace Refold.Core

open System
open System.Globalization
open System.Text
open System.Text.Json

/// Writing strings, and reading objects member by member.
[<RequireQualifiedAccess>]
module internal JsonText =

    /// The string in quotes, with the escapes of RFC 8785 section 3.2.2.2. .NET's own escaping depends on the runtime's Unicode tables.
    let quote (text: string) : string =
        let writer = ByteWriter(text.Length + 2)
        JsonString.write writer text
        Encoding.UTF8.GetString writer.Written

    /// Lets `read` loose on a JSON object that has no members but `names`. Whatever is wrong with the text becomes `Malformed`:
    /// no JSON, no object, an unknown member, a member twice, a lone surrogate.
    let readObject
        (what: string)
        (names: string list)
        (json: string)
        (read: JsonElement -> Result<'Value, ValueError>)
        =
        let malformed (reason: string) = Error(ValueError.Malformed(what, reason))

        let readRoot (root: JsonElement) =
            if root.ValueKind <> JsonValueKind.Object then
                malformed "it is no JSON object"
            else
                let unknown = root.EnumerateObject() |> Seq.map _.Name |> Seq.except names

                match Seq.tryHead unknown with
                | Some name -> malformed ("the member '" + name + "' is unknown")
                | None -> read root

        if isNull (box json) then
            malformed "there is no text"
        else
            try
                use document = JsonDocument.Parse(json, JsonDocumentOptions(AllowDuplicateProperties = false))
                readRoot document.RootElement
            with
            | :? JsonException as error -> malformed ("it is no JSON: " + error.Message)
            // A lone surrogate, in the text itself or as an escape.
            | :? ArgumentException
            | :? InvalidOperationException -> malformed "it has a lone surrogate"

    /// The member, where it is there.
    let tryMember (name: string) (element: JsonElement) : JsonElement option =
        match element.TryGetProperty name with
        | true, found -> Some found
        | false, _ -> None

    /// The member, which must be a string.
    let text (what: string) (name: string) (element: JsonElement) : Result<string, ValueError> =
        match tryMember name element with
        | Some found when found.ValueKind = JsonValueKind.String -> Ok(nonNull (found.GetString()))
        | Some _ -> Error(ValueError.Malformed(what, "the member '" + name + "' is no string"))
        | None -> Error(ValueError.Malformed(what, "the member '" + name + "' is missing"))

    /// A whole number from 0 to `largest`, as digits in a string or as a JSON number.
    let whole (what: string) (name: string) (largest: UInt128) (element: JsonElement) : Result<UInt128, ValueError> =
        let digits =
            match element.ValueKind with
            | JsonValueKind.String -> nonNull (element.GetString())
            | JsonValueKind.Number -> element.GetRawText()
            | _ -> ""

        match UInt128.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture) with
        | true, value when value <= largest -> Ok value
        | _ ->
            let range = "a whole number from 0 to " + largest.ToString CultureInfo.InvariantCulture
            Error(ValueError.Malformed(what, "the member '" + name + "' is not " + range))

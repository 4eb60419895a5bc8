// What every report is: a body that is the same wherever it is made, its hash, and beside it what may differ.
// Made by Evidence.fs and by the facade, for bodies of each kind.
namespace Refold.Core

/// A report: the body that is hashed, and what is said beside it.
[<NoComparison>]
type EvidenceReport<'Body> =
    {
        /// What was read, folded and found: equal wherever the same is done.
        Body: 'Body
        /// SHA-256 of the body's canonical JSON (RFC 8785).
        BodyHash: Hash
        /// When it was made, in milliseconds of Unix time. Outside the hash.
        GeneratedAtUnixMs: int64 option
        /// The version of Refold that made it. Outside the hash.
        RefoldVersion: string option
        /// What may help a reader, such as the text of an error. Outside the hash.
        Diagnostics: string list
    }

/// Reports of any body: canonical bytes, hash, JSON.
[<RequireQualifiedAccess>]
module internal Report =

    /// The body's canonical JSON in UTF-8.
    let bodyBytes (form: JsonForm<'Body>) (body: 'Body) : Result<Bytes, ValueError> = JsonForm.toBytes "the body" form body

    /// SHA-256 of those bytes.
    let bodyHash (form: JsonForm<'Body>) (body: 'Body) : Result<Hash, ValueError> =
        bodyBytes form body |> Result.map (fun bytes -> Hash.Compute bytes.Span)

    /// A report of a body, with nothing beside it but diagnostics.
    let create (form: JsonForm<'Body>) (diagnostics: string list) (body: 'Body) : Result<EvidenceReport<'Body>, ValueError> =
        bodyHash form body
        |> Result.map (fun hash ->
            {
                Body = body
                BodyHash = hash
                GeneratedAtUnixMs = None
                RefoldVersion = None
                Diagnostics = diagnostics
            })

    let private envelope (form: JsonForm<'Body>) : JsonForm<EvidenceReport<'Body>> =
        JsonForm.object (
            members {
                let! body = JsonForm.field "body" (fun (report: EvidenceReport<'Body>) -> report.Body) form

                and! hash =
                    JsonForm.field "body_hash" (fun (report: EvidenceReport<'Body>) -> report.BodyHash) JsonForm.hash

                and! at =
                    JsonForm.field
                        "generated_at_unix_ms"
                        (fun (report: EvidenceReport<'Body>) -> report.GeneratedAtUnixMs)
                        (JsonForm.option JsonForm.int64)

                and! version =
                    JsonForm.field
                        "refold_version"
                        (fun (report: EvidenceReport<'Body>) -> report.RefoldVersion)
                        (JsonForm.option JsonForm.text)

                and! diagnostics =
                    JsonForm.field "diagnostics" (fun (report: EvidenceReport<'Body>) -> report.Diagnostics) (JsonForm.list JsonForm.text)

                return
                    {
                        Body = body
                        BodyHash = hash
                        GeneratedAtUnixMs = at
                        RefoldVersion = version
                        Diagnostics = diagnostics
                    }
            }
        )

    let private checkHash (form: JsonForm<'Body>) (report: EvidenceReport<'Body>) : Result<EvidenceReport<'Body>, ValueError> =
        bodyHash form report.Body
        |> Result.bind (fun hash ->
            if hash = report.BodyHash then
                Ok report
            else
                let text = "body_hash is " + report.BodyHash.ToString() + ", the body has " + hash.ToString()
                Error(ValueError.Contradictory("the body and its hash", text)))

    /// The report in canonical JSON, in UTF-8; `Contradictory` where the hash is not that of the body.
    let write (form: JsonForm<'Body>) (report: EvidenceReport<'Body>) : Result<Bytes, ValueError> =
        checkHash form report |> Result.bind (JsonForm.toBytes "the report" (envelope form))

    /// The report of a JSON text: members in any order, all there and no other; `Contradictory` where the hash is not that of the body.
    let read (form: JsonForm<'Body>) (json: System.ReadOnlyMemory<byte>) : Result<EvidenceReport<'Body>, ValueError> =
        JsonForm.ofBytes "the report" (envelope form) json |> Result.bind (checkHash form)

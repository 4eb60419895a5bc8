// Reports as JSON: golden files of each kind and version, strict reading, and what the hash covers.
// Run by `dotnet test`.
module Refold.Core.Tests.ReportTests

open System
open System.Text
open Expecto
open Microsoft.FSharp.Reflection
open Refold
open Refold.Core
open Refold.Support

let private golden (name: string) = (Resources.text ("vectors/evidence/" + name + ".json")).TrimEnd '\n'

let private sample (name: string) = Reports.all |> List.find (fun sample -> sample.Name = name)

let private bodyOf (json: string) =
    let start = json.IndexOf("{\"body\":", StringComparison.Ordinal) + 8
    json.Substring(start, json.IndexOf(",\"body_hash\":", StringComparison.Ordinal) - start)

let private read (json: string) = Evidence.ofJson (ReadOnlyMemory(Encoding.UTF8.GetBytes json))

let private report () = Evidence.runWithEvidence Ledger.consistent Ledger.totals Ledger.journal |> Ledger.reportOf

let private jsonOf (report: ProjectionRunEvidenceReport) = (Examples.ok (Evidence.toJson report)).ToText()

let private refusedFor (part: string) (json: string) =
    match read json with
    | Ok _ -> failtest ("accepted: " + json)
    | Error error -> containsText part (error.ToString())

let private replaced (before: string) (after: string) (json: string) =
    containsText before json
    json.Replace(before, after, StringComparison.Ordinal)

/// The version 1 body of the small ledger, member by member.
let private version1 =
    String.concat "" [
        """{"cache_status":"Bypassed","checkpoint_ref":"NotApplicable","findings":["PartialVisibilityNotApplicable"],"""
        """"input_frontier":{"global_sequence":"4","kind":"Visible","wall_ms":"1767323045678"},"""
        """"observed_freshness":"Fresh","""
        "\"output_hash\":{\"Known\":\""
        + string (Hash.Compute (Bytes.OfText """{"Count":"2","Sum":"12"}""").Span)
        + "\"},"
        """"projection_id":"totals","replay_mode":"Current","requested_freshness":"Consistent","schema_version":1,"""
        """"source_refs":[{"RelevantKind":{"type":"placed"}}]}"""
    ]

[<Tests>]
let tests =
    testList "Evidence / reports" [
        testList "golden" [
            for sample in Reports.all ->
                testCase $"the report '{sample.Name}' is written as it ever was, and read back" (fun () ->
                    let json = sample.Json()
                    equal (golden sample.Name) json
                    equal (Ok json) (sample.Again json)
                    equal (Hash.Compute (Bytes.OfText(bodyOf json)).Span) (sample.Hash()))
        ]

        testCase "no golden file is without its report" (fun () ->
            let names = Resources.names "vectors/evidence/" |> List.map (fun name -> name.Replace(".json", ""))
            equal (Reports.all |> List.map _.Name |> List.sort) (List.sort names))

        testCase "the page names the members of each kind" (fun () ->
            let row (line: string) =
                match line.Split '|' with
                | [| ""; kind; names; "" |] -> Some(kind.Trim(), names.Split ',' |> Array.map _.Trim(' ', '`') |> List.ofArray)
                | _ -> None

            let page = (Resources.text "evidence.md").Split '\n' |> Array.choose row |> Map.ofArray

            for sample in Reports.all do
                let kind =
                    match sample.Name.Split '-' |> List.ofArray with
                    | "projection" :: version :: _ -> "projection, version " + version
                    | kind :: _ -> kind
                    | [] -> ""

                use document = Text.Json.JsonDocument.Parse(bodyOf (golden sample.Name))
                equal page[kind] [ for found in document.RootElement.EnumerateObject() -> found.Name ])

        testCase "reports are the same under every culture" (fun () ->
            for culture in [ "tr-TR"; "sv-SE"; "ar-SA" ] do
                for sample in Reports.all do
                    equal (golden sample.Name) (Culture.under culture sample.Json))

        testCase "the body of version 1 has the seed's members, and no other" (fun () -> equal version1 (bodyOf (golden "projection-1")))

        testCase "a report is read in any layout, and is the same" (fun () ->
            let report = { report () with GeneratedAtUnixMs = Some -1L; Diagnostics = [ "a"; "" ] }
            use document = Text.Json.JsonDocument.Parse(jsonOf report)
            let options = Text.Json.JsonSerializerOptions(WriteIndented = true)
            equal (Ok report) (read (Text.Json.JsonSerializer.Serialize(document.RootElement, options))))

        testCase "unknown members are refused, at every level" (fun () ->
            let json = jsonOf (report ())
            refusedFor "'more' is unknown" (replaced "{\"body\":" "{\"more\":1,\"body\":" json)
            refusedFor "'more' is unknown" (replaced "{\"cache_status\":" "{\"more\":1,\"cache_status\":" json)
            refusedFor "'more' is unknown" (replaced "{\"global_sequence\":" "{\"more\":1,\"global_sequence\":" json)
            refusedFor "'more' is unknown" (replaced "{\"items\":" "{\"more\":1,\"items\":" json))

        testCase "missing members are refused" (fun () ->
            let json = jsonOf (report ())
            refusedFor "'refold_version' is missing" (replaced ",\"refold_version\":null" "" json)
            refusedFor "'root' is missing" (replaced ("\"root\":\"" + string (report ()).Body.Root.Value + "\",") "" json)
            refusedFor "'schema_version' is missing" (replaced ",\"schema_version\":2" "" json))

        testCase "members of another type are refused, with their names" (fun () ->
            let json = jsonOf (report ())
            refusedFor "'generated_at_unix_ms'" (replaced "\"generated_at_unix_ms\":null" "\"generated_at_unix_ms\":5" json)
            refusedFor "'tree_size'" (replaced "\"tree_size\":\"3\"" "\"tree_size\":3" json)
            refusedFor "'tree_size'" (replaced "\"tree_size\":\"3\"" "\"tree_size\":\"03\"" json)
            refusedFor "'tree_size'" (replaced "\"tree_size\":\"3\"" "\"tree_size\":\"9223372036854775808\"" json)
            refusedFor "'diagnostics'" (replaced "\"diagnostics\":[]" "\"diagnostics\":null" json)
            refusedFor "'projection_id'" (replaced "\"projection_id\":\"totals\"" "\"projection_id\":\"\"" json)
            refusedFor "'cache_status'" (replaced "\"cache_status\":\"Bypassed\"" "\"cache_status\":\"Lost\"" json)
            refusedFor "'cache_status'" (replaced "\"cache_status\":\"Bypassed\"" "\"cache_status\":{\"Hit\":{}}" json)
            refusedFor "'kind'" (replaced "\"kind\":\"Visible\"" "\"kind\":\"Durable\"" json)
            refusedFor "'source_refs'" (replaced "{\"RelevantKind\":" "{\"Entity\":{\"entity\":\"a\"},\"RelevantKind\":" json)
            let hash = string (report ()).BodyHash
            refusedFor "'body_hash'" (replaced hash (hash.ToUpperInvariant()) json))

        testCase "another schema version is refused by its number" (fun () ->
            refusedFor "schema version 3" (replaced "\"schema_version\":2" "\"schema_version\":3" (jsonOf (report ()))))

        testCase "lists that are not sorted are refused" (fun () ->
            let two =
                Ledger.over [
                    Ledger.relevant
                    ProjectionSourceRef.Entity "a"
                    ProjectionSourceRef.Entity "b"
                ]

            let json = Evidence.runWithEvidence Ledger.consistent two Ledger.journal |> Ledger.reportOf |> jsonOf
            let entity name = "{\"Entity\":{\"entity\":\"" + name + "\"}}"
            refusedFor "it is not sorted" (replaced (entity "a" + "," + entity "b") (entity "b" + "," + entity "a") json)
            let failed = golden "projection-2-failed"
            let findings = "\"PartialVisibilityNotApplicable\",\"ProjectionFailed\""
            refusedFor "it is not sorted" (replaced findings "\"ProjectionFailed\",\"PartialVisibilityNotApplicable\"" failed))

        testCase "a query whose streams are not the declared ones is refused" (fun () ->
            refusedFor "are not those of the sources" (replaced "\"streams\":[]" "\"streams\":[\"a\"]" (jsonOf (report ()))))

        testCase "a hash that is not the body's is refused as a contradiction" (fun () ->
            let json = jsonOf (report ())

            for changed in
                [
                    replaced "\"totals\"" "\"other\"" json
                    replaced (string (report ()).BodyHash) (string Hash.Zero) json
                ] do
                match read changed with
                | Error(ValueError.Contradictory("the body and its hash", _)) -> ()
                | other -> failtest $"%A{other}"

            match Evidence.toJson { report () with BodyHash = Hash.Zero } with
            | Error(ValueError.Contradictory _) -> ()
            | other -> failtest $"%A{other}")

        testCase "texts that are no report are refused" (fun () ->
            for text in
                [
                    ""
                    "null"
                    "[]"
                    "{}"
                    "{\"body\":1}"
                    "{\"body\":{},\"body\":{}}"
                    "\"\\ud800\""
                ] do
                isTrueFor text (Result.isError (read text)))

        testCase "a report of one kind is not read as another" (fun () ->
            for sample in Reports.all do
                for other in Reports.all do
                    let kind (name: string) = name.Split('-')[0]

                    if kind sample.Name <> kind other.Name then
                        isTrueFor (sample.Name + " as " + other.Name) (Result.isError (other.Again(golden sample.Name))))

        testTheory
            "each order of a compaction is read back"
            [ "Merge"; "RetainFrom"; "DeleteStream"; "ForgetKeysBefore"; "DropDeleted" ]
            (fun (name: string) ->
                let order =
                    match name with
                    | "Merge" -> CompactionOrder.Merge
                    | "RetainFrom" -> CompactionOrder.RetainFrom 7L
                    | "DeleteStream" -> CompactionOrder.DeleteStream(StreamId.Create "order/1")
                    | "ForgetKeysBefore" -> CompactionOrder.ForgetKeysBefore 1L
                    | _ -> CompactionOrder.DropDeleted

                let body = Reports.compactionOf order
                let bytes = Examples.ok (Report.bodyBytes ReportForms.compaction body)
                containsText ("\"" + name + "\"") (bytes.ToText())
                equal (Ok body) (JsonForm.ofBytes "the body" ReportForms.compaction bytes.Memory))

        testCase "every cause of a divergence is read back" (fun () ->
            for case in FSharpType.GetUnionCases typeof<DivergenceCause> do
                let fields: objnull[] = if case.GetFields().Length = 0 then [||] else [| [ "seed"; "version" ] |]
                let cause = nonNull (FSharpValue.MakeUnion(case, fields)) :?> DivergenceCause
                let divergence = { Reports.diverged.Report.Divergence.Value with Cause = cause }
                let report = { Reports.diverged.Report with Divergence = Some divergence }
                let bytes = Examples.ok (Report.bodyBytes ReportForms.replay { Reports.diverged with Report = report })

                match JsonForm.ofBytes "the body" ReportForms.replay bytes.Memory with
                | Ok body -> equal cause body.Report.Divergence.Value.Cause
                | Error error -> failtest (error.ToString()))

        testCase "a version 1 body with a member of version 2 has no form, and a version 2 body without a query neither" (fun () ->
            let body = (report ()).Body

            for wrong in [ { body with SchemaVersion = 1 }; { body with Query = None } ] do
                match Evidence.bodyJson wrong with
                | Error(ProjectionRunReportError.BodyEncoding _) -> ()
                | _ -> failtest "a body that contradicts itself")
    ]

// The trace of an evaluation, and its one JSON text (RFC 8785), which is the payload of a recorded denial. Written for both languages.
// Made by GateSet; kept by passes, by `gate-denied` entries and by reports.
namespace Refold

open System
open System.Collections.Generic
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices
open Refold.Core

/// JSON values of gates, and back.
[<RequireQualifiedAccess>]
module internal GateJson =

    let private pair (item: KeyValuePair<string, string>) = JsonValue.Array [ JsonValue.String item.Key; JsonValue.String item.Value ]

    let private denial (denial: GateDenial | null) : JsonValue =
        match denial with
        | null -> JsonValue.Null
        | denial ->
            JsonValue.Object
                [
                    "gate", JsonValue.String denial.Gate
                    "code", JsonValue.String denial.Code
                    "message", JsonValue.String denial.Message
                    "context", JsonValue.Array [ for item in denial.Context -> pair item ]
                ]

    /// The lines of a trace: objects of `gate`, `outcome` and `denial`, which is null where there is none.
    let evaluations (lines: GateEvaluation seq) : JsonValue =
        JsonValue.Array
            [
                for line in lines ->
                    JsonValue.Object
                        [
                            "gate", JsonValue.String line.Gate
                            "outcome", JsonValue.String(GateEvaluation.WordOf line.Outcome)
                            "denial", denial line.Denial
                        ]
            ]

    /// What was proposed: types and content hash, as members.
    let proposal (types: string seq) (content: Hash) : (string * JsonValue) list =
        [
            "types", JsonValue.Array [ for name in types -> JsonValue.String name ]
            "content", JsonValue.String(content.ToString())
        ]

    /// The canonical bytes; what has none is a mistake of this file.
    let bytes (value: JsonValue) : ReadOnlyMemory<byte> =
        let writer = ByteWriter 256
        Canonical.append writer value
        writer.WrittenMemory

    let private fault reason = raise (JsonFault reason)

    /// The members of an object that has these and no other.
    let members (names: string list) (value: JsonValue) : Map<string, JsonValue> =
        match value with
        | JsonValue.Object members when List.sort (List.map fst members) = List.sort names -> Map.ofList members
        | _ -> fault ("an object of " + String.Join(", ", names) + " expected")

    /// A string.
    let text (value: JsonValue) : string =
        match value with
        | JsonValue.String text -> text
        | _ -> fault "a string expected"

    /// The items of an array.
    let items (value: JsonValue) : JsonValue list =
        match value with
        | JsonValue.Array items -> items
        | _ -> fault "an array expected"

    /// 64 lower-case hexadecimal digits.
    let hash (value: JsonValue) : Hash =
        match Hash.TryParse(text value) with
        | true, hash when hash.ToString() = text value -> hash
        | _ -> fault "64 lower-case hexadecimal digits expected"

    let private readDenial (value: JsonValue) : GateDenial | null =
        match value with
        | JsonValue.Null -> null
        | value ->
            let found = members [ "gate"; "code"; "message"; "context" ] value

            let withPair (made: GateDenial) item =
                match items item with
                | [ name; value ] -> made.With(text name, text value)
                | _ -> fault "a pair expected"

            items found["context"]
            |> List.fold withPair (GateDenial(text found["gate"], text found["code"], text found["message"]))

    /// The lines of a trace.
    let readEvaluations (value: JsonValue) : GateEvaluation[] =
        [|
            for item in items value ->
                let found = members [ "gate"; "outcome"; "denial" ] item
                let gate = GateText.name "gate" "the gate's name" (text found["gate"])

                match text found["outcome"], readDenial found["denial"] with
                | "permit", null -> GateEvaluation(gate, GateOutcome.Permit, null)
                | "skipped", null -> GateEvaluation(gate, GateOutcome.Skipped, null)
                | "deny", denial -> GateEvaluation(gate, GateOutcome.Deny, denial)
                | outcome, _ -> fault ("no such outcome: " + outcome)
        |]

    /// Reads what one JSON text is; none where it cannot be read.
    let tryRead (json: ReadOnlyMemory<byte>) (read: JsonValue -> 'Value) : 'Value voption =
        try
            match Json.parse "the gates" json with
            | Ok value -> ValueSome(read value)
            | Error _ -> ValueNone
        with
        | JsonFault _
        | :? ArgumentException -> ValueNone

/// What became of each gate of a set, in the order in which gates were added, for one proposed append. Immutable, equal by content.
[<Sealed>]
type GateTrace internal (pipeline: string, types: string[], content: Hash, evaluations: GateEvaluation[]) =

    let denials =
        [|
            for line in evaluations do
                match line.Denial with
                | null -> ()
                | denial -> denial
        |]

    let isPassed = evaluations |> Array.forall (fun line -> line.Outcome <> GateOutcome.Deny)

    static let memberNames = [ "pipeline"; "types"; "content"; "evaluations" ]

    /// The name of the set of gates.
    member _.Pipeline: string = pipeline

    /// The types of the proposed entries, each once, in order of appearance.
    member _.Types: IReadOnlyList<string> = Array.AsReadOnly types

    /// What was proposed: SHA-256 over the canonical bytes of the entries, one after the other.
    member _.Content: Hash = content

    /// A line for each gate; behind them one for each denier that is not in the set.
    member _.Evaluations: IReadOnlyList<GateEvaluation> = Array.AsReadOnly evaluations

    /// The denials, in order; none where the set passed.
    member _.Denials: IReadOnlyList<GateDenial> = Array.AsReadOnly denials

    /// Whether no gate denied. An empty set passes.
    member _.IsPassed: bool = isPassed

    /// The canonical JSON text (RFC 8785) in UTF-8: an object of `content`, `evaluations`, `pipeline` and `types`.
    member _.ToJson() : ReadOnlyMemory<byte> =
        [
            "pipeline", JsonValue.String pipeline
            "evaluations", GateJson.evaluations evaluations
        ]
        @ GateJson.proposal types content
        |> JsonValue.Object
        |> GateJson.bytes

    /// The canonical JSON text of the lines alone, as a report holds it: an array of objects of `denial`, `gate` and `outcome`.
    member _.EvaluationsToJson() : ReadOnlyMemory<byte> = GateJson.bytes (GateJson.evaluations evaluations)

    /// Reads what `ToJson` wrote, in any order of members; false for anything else.
    static member TryParse(json: ReadOnlyMemory<byte>, [<Out; NotNullWhen true>] trace: byref<GateTrace | null>) : bool =
        let read value =
            let found = GateJson.members memberNames value

            GateTrace(
                GateJson.text found["pipeline"],
                [| for item in GateJson.items found["types"] -> GateJson.text item |],
                GateJson.hash found["content"],
                GateJson.readEvaluations found["evaluations"]
            )

        match GateJson.tryRead json read with
        | ValueSome read ->
            trace <- read
            true
        | ValueNone ->
            trace <- null
            false

    /// Reads what `ToJson` wrote; throws `FormatException` for anything else.
    static member Parse(json: ReadOnlyMemory<byte>) : GateTrace =
        match GateTrace.TryParse json with
        | true, trace -> nonNull trace
        | false, _ -> raise (FormatException "The bytes are no trace of gates.")

    /// Whether both say the same.
    member _.Equals(other: GateTrace | null) : bool =
        match other with
        | null -> false
        | other ->
            String.Equals(pipeline, other.Pipeline, StringComparison.Ordinal)
            && content = other.Content
            && types.AsSpan().SequenceEqual(ReadOnlySpan(Array.ofSeq other.Types))
            && evaluations.AsSpan().SequenceEqual(ReadOnlySpan(Array.ofSeq other.Evaluations))

    override this.Equals(other: obj | null) =
        match other with
        | :? GateTrace as trace -> this.Equals trace
        | _ -> false

    override _.GetHashCode() = content.GetHashCode()

    /// One line: the set, what became of it, each gate, and the denials.
    override _.ToString() =
        let gates = if evaluations.Length = 0 then "no gates" else String.Join(", ", evaluations)

        let reasons = denials |> Array.map (fun denial -> "; " + denial.ToString()) |> String.concat ""
        pipeline + (if isPassed then " passed (" else " denied (") + gates + ")" + reasons

    interface IEquatable<GateTrace> with
        member this.Equals other = this.Equals other

    /// Whether both say the same.
    static member op_Equality(left: GateTrace | null, right: GateTrace | null) : bool = Object.Equals(left, right)

    /// Whether they differ.
    static member op_Inequality(left: GateTrace | null, right: GateTrace | null) : bool = not (Object.Equals(left, right))

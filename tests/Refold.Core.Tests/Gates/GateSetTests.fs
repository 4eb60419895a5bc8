// Gates and sets of them: order, names, the two ways of evaluation, denials, and the texts and the JSON of a trace.
// Run by `dotnet test`.
module Refold.Core.Tests.GateSetTests

open System
open System.Collections.Generic
open System.Globalization
open System.Text
open Expecto
open Refold
open Refold.Core
open Refold.Support
open Refold.Support.Examples

let permits name = Gate.create name "" (fun (_: int) -> Ok())

let denies name = Gate.create name "" (fun (_: int) -> Error(GateDenial(name, "NO", "no")))

let throwsIn name = Gate.create name "" (fun (_: int) -> raise (InvalidOperationException "it is broken"))

let batch = Append.encode (Append.request [ event "a" "1"; event "b" "2"; event "a" "3" ]) |> ok

let setOf (gates: Gate<int> list) = gates |> List.fold (fun set gate -> GateSet.add gate set) (GateSet.empty<int> "orders")

let traceOf (answer: Result<GatePass, GateTrace>) =
    match answer with
    | Ok pass -> pass.Trace
    | Error trace -> trace

// The compiler makes another character of it in a literal.
let private half = String(char 0xD83D, 1)

let private lines (trace: GateTrace) = [ for line in trace.Evaluations -> line.Gate, line.Outcome ]

let private text (bytes: ReadOnlyMemory<byte>) = Encoding.UTF8.GetString bytes.Span

[<Tests>]
let tests =
    testList "Gates / sets" [
        testCase "an empty set passes, both ways" (fun () ->
            for evaluate in [ GateSet.evaluate 1 batch; GateSet.evaluateAll 1 batch ] do
                let pass = evaluate (GateSet.empty<int> "orders") |> ok
                isEmpty pass.Trace.Evaluations
                isTrue pass.Trace.IsPassed
                isFalse pass.IsUsed)

        testCase "gates are asked in the order in which they were added" (fun () ->
            let asked = ResizeArray<string>()

            let noting name =
                Gate.create name "" (fun (_: int) ->
                    asked.Add name
                    Ok())

            let set = setOf [ noting "z"; noting "a"; noting "m" ]
            GateSet.evaluate 1 batch set |> ok |> ignore<GatePass>
            equal [ "z"; "a"; "m" ] (List.ofSeq asked)
            equal [ "z"; "a"; "m" ] (List.ofSeq set.Names)
            equal [ "z"; "a"; "m" ] [ for gate in set.Gates -> gate.Name ])

        testCase "a name that is there already is refused, and the set stays as it was" (fun () ->
            let set = setOf [ permits "a"; permits "b" ]
            let error = throws<ArgumentException>(fun () -> GateSet.add (denies "a") set |> ignore<GateSet<int>>)
            containsText "the gates 'orders' have a gate 'a' already" error.Message
            equal [ "a"; "b" ] (List.ofSeq set.Names))

        testCase "names are compared by their characters" (fun () ->
            Culture.under "tr-TR" (fun () ->
                let set = setOf [ permits "i"; permits "I"; permits "ii" ]
                equal 3 set.Names.Count))

        testCase "the first denial ends it, and the gates behind are skipped" (fun () ->
            let set = setOf [ permits "a"; denies "b"; throwsIn "c"; permits "d" ]
            let trace = GateSet.evaluate 1 batch set |> error

            equal
                [
                    "a", GateOutcome.Permit
                    "b", GateOutcome.Deny
                    "c", GateOutcome.Skipped
                    "d", GateOutcome.Skipped
                ]
                (lines trace)

            equal [ GateDenial("b", "NO", "no") ] (List.ofSeq trace.Denials)
            isFalse trace.IsPassed)

        testCase "what a gate throws goes out of the evaluation that stops at the first denial" (fun () ->
            let set = setOf [ permits "a"; throwsIn "b" ]
            let error = throws<InvalidOperationException>(fun () -> GateSet.evaluate 1 batch set |> ignore)
            equal "it is broken" error.Message)

        testCase "asked all, every gate answers, and one that throws denies with a code of its own" (fun () ->
            let set = setOf [ denies "a"; throwsIn "b"; permits "c"; denies "d" ]
            let trace = GateSet.evaluateAll 1 batch set |> error

            equal
                [
                    "a", GateOutcome.Deny
                    "b", GateOutcome.Deny
                    "c", GateOutcome.Permit
                    "d", GateOutcome.Deny
                ]
                (lines trace)

            let defect = trace.Denials[1]
            equal ("b", "GATE_DEFECT") (defect.Gate, defect.Code)
            equal "[b] the gate threw InvalidOperationException: it is broken" (defect.ToString())
            equal [ "a"; "b"; "d" ] [ for denial in trace.Denials -> denial.Gate ])

        testCase "an exception whose text is half a character is told without it" (fun () ->
            let set =
                setOf [
                    Gate.create "a" "" (fun (_: int) -> raise (InvalidOperationException("half " + half)))
                ]

            let trace = GateSet.evaluateAll 1 batch set |> error
            equal "the gate threw InvalidOperationException: half \uFFFD" trace.Denials[0].Message
            equal trace (GateTrace.Parse(trace.ToJson())))

        testCase "a denier that is not in the set stands last, behind the gate that passed its denial on" (fun () ->
            let stranger = Gate.create "b" "" (fun (_: int) -> Error(GateDenial("elsewhere", "NO", "no")))

            let trace = GateSet.evaluate 1 batch (setOf [ permits "a"; stranger; permits "c" ]) |> error

            equal
                [
                    "a", GateOutcome.Permit
                    "b", GateOutcome.Deny
                    "c", GateOutcome.Skipped
                    "elsewhere", GateOutcome.Deny
                ]
                (lines trace)

            equal [ "elsewhere" ] [ for denial in trace.Denials -> denial.Gate ]
            let all = GateSet.evaluateAll 1 batch (setOf [ stranger; permits "c" ]) |> error

            equal
                [
                    "b", GateOutcome.Deny
                    "c", GateOutcome.Permit
                    "elsewhere", GateOutcome.Deny
                ]
                (lines all))

        testCase "a gate sees the context, and a denial keeps its pairs in the order in which they were given" (fun () ->
            let atMost =
                Gate.create "limit" "at most five" (fun asked ->
                    if asked <= 5 then
                        Ok()
                    else
                        Error(GateDenial("limit", "TOO_MANY", "too many").With("z", string asked).With("a", "5").With("z", "")))

            let set = GateSet.empty "orders" |> GateSet.add atMost
            isTrue (GateSet.evaluate 5 batch set |> Result.isOk)
            let trace = GateSet.evaluate 6 batch set |> error
            equal [ KeyValuePair("z", "6"); KeyValuePair("a", "5"); KeyValuePair("z", "") ] (List.ofSeq trace.Denials[0].Context))

        testCase "denials are equal by content, the order of their pairs included" (fun () ->
            let denial = GateDenial("a", "NO", "no").With("x", "1").With("y", "2")
            equal denial (GateDenial("a", "NO", "no").With("x", "1").With("y", "2"))

            for other in
                [
                    GateDenial("b", "NO", "no").With("x", "1").With("y", "2")
                    GateDenial("a", "NOT", "no").With("x", "1").With("y", "2")
                    GateDenial("a", "NO", "No").With("x", "1").With("y", "2")
                    GateDenial("a", "NO", "no").With("y", "2").With("x", "1")
                    GateDenial("a", "NO", "no").With("x", "1")
                    GateDenial("a", "NO", "no").With("x", "1").With("y", "2").With("y", "2")
                ] do
                notEqual denial other
                notEqual other denial)

        testCase "names, codes and texts that break a rule are refused where they are given" (fun () ->
            let refused (make: unit -> 'Made) = throwsAny<ArgumentException>(fun () -> make () |> ignore<'Made>) |> ignore

            for name in [ ""; "caf\u00E9"; "a\nb"; "\u007F"; "\u0130" ] do
                refused (fun () -> permits name)
                refused (fun () -> GateDenial(name, "NO", ""))
                refused (fun () -> GateDenial("a", name, ""))

            refused (fun () -> GateDenial("a", "NO", half))
            refused (fun () -> GateDenial("a", "NO", "").With(half, ""))
            refused (fun () -> GateDenial("a", "NO", "").With("", half))
            refused (fun () -> GateSet.empty<int> "")
            refused (fun () -> GateSet.empty<int> "a\nb")
            refused (fun () -> GateSet.empty<int>(String('x', 506)))
            equal 505 (GateSet.empty<int>(String('x', 505))).Pipeline.Length

            for empty in [ ""; " "; "\t\n" ] do
                let set = GateSet.empty<int> "orders"
                refused (fun () -> set.Bypass(empty, "why", "who"))
                refused (fun () -> set.Bypass("name", empty, "who"))
                refused (fun () -> set.Bypass("name", "why", empty)))

        testCase "the texts of gates, sets, denials and traces" (fun () ->
            equal "limit: at most five" ((Gate.create "limit" "at most five" (fun () -> Ok())).ToString())
            equal "limit" ((permits "limit").ToString())
            equal "orders (no gates)" ((setOf []).ToString())
            equal "orders (a, b)" ((setOf [ permits "a"; permits "b" ]).ToString())
            equal "[a] no" (GateDenial("a", "NO", "no").ToString())
            let pass = GateSet.evaluate 1 batch (setOf [ permits "a" ]) |> ok
            equal "a pass of orders" (pass.ToString())
            equal "orders passed (a: permit)" (pass.Trace.ToString())
            equal "orders passed (no gates)" ((GateSet.evaluate 1 batch (setOf []) |> ok).Trace.ToString())
            let trace = GateSet.evaluate 1 batch (setOf [ permits "a"; denies "b"; permits "c" ]) |> error
            equal "orders denied (a: permit, b: deny, c: skipped); [b] no" (trace.ToString())

            equal "orders bypassed by hotfix, approved by Ada: it is late" ((setOf []).Bypass("hotfix", "it is late", "Ada").ToString()))

        testCase "a trace knows what was proposed: types in order of appearance, and SHA-256 over the canonical bytes" (fun () ->
            let data = [ event "a" "1"; { event "b" "2" with Type = "u" }; event "a" "3" ]
            let batch = Append.encode (Append.request data) |> ok
            let trace = (GateSet.evaluate 1 batch (setOf []) |> ok).Trace
            equal [ "t"; "u" ] (List.ofSeq trace.Types)

            use sha =
                Security.Cryptography.IncrementalHash.CreateHash Security.Cryptography.HashAlgorithmName.SHA256

            for index in 0 .. batch.Count - 1 do
                sha.AppendData((batch.CanonicalBytes index).Span)

            equal (Convert.ToHexStringLower(sha.GetHashAndReset())) (string trace.Content))

        testCase "the JSON of a trace is canonical, the same in every culture, and read back" (fun () ->
            let denial = GateDenial("b", "NO", "a \"no\"\n\u00E9").With("z", "1").With("a", "2")
            let gate = Gate.create "b" "" (fun (_: int) -> Error denial)
            let stranger = Gate.create "s" "" (fun (_: int) -> Error(GateDenial("else", "NO", "")))
            let trace = GateSet.evaluateAll 1 batch (setOf [ permits "a"; gate; stranger ]) |> error

            let expected =
                "{\"content\":\""
                + string trace.Content
                + "\",\"evaluations\":[{\"denial\":null,\"gate\":\"a\",\"outcome\":\"permit\"},"
                + "{\"denial\":{\"code\":\"NO\",\"context\":[[\"z\",\"1\"],[\"a\",\"2\"]],\"gate\":\"b\","
                + "\"message\":\"a \\\"no\\\"\\n\u00E9\"},\"gate\":\"b\",\"outcome\":\"deny\"},"
                + "{\"denial\":null,\"gate\":\"s\",\"outcome\":\"deny\"},"
                + "{\"denial\":{\"code\":\"NO\",\"context\":[],\"gate\":\"else\",\"message\":\"\"},"
                + "\"gate\":\"else\",\"outcome\":\"deny\"}],"
                + "\"pipeline\":\"orders\",\"types\":[\"t\"]}"

            for culture in [ ""; "tr-TR"; "ar-SA" ] do
                Culture.under culture (fun () -> equal expected (text (trace.ToJson())))

            equal expected ((Canonical.ofJson (trace.ToJson()) |> ok).ToText())
            equal trace (GateTrace.Parse(trace.ToJson()))
            containsText (text (trace.EvaluationsToJson())) expected)

        testCase "bytes that are no trace are not read" (fun () ->
            let trace = GateSet.evaluate 1 batch (setOf [ permits "a"; denies "b" ]) |> error
            let json = text (trace.ToJson())

            let change (part: string) (other: string) =
                containsText part json
                json.Replace(part, other)

            for broken in
                [
                    ""
                    "null"
                    "{}"
                    json + "1"
                    change "\"permit\"" "\"Permit\""
                    change "\"permit\"" "\"deny!\""
                    change "\"pipeline\":" "\"pipe\":"
                    change "\"denial\":null" "\"denial\":0"
                    change "\"context\":[]" "\"context\":[[\"a\"]]"
                    change "\"gate\":\"a\"" "\"gate\":\"\""
                    change "{\"content\":\"" "{\"content\":\"0"
                    change "\"types\":[\"t\"]" "\"types\":[\"t\"],\"more\":1"
                ] do
                let read, found = GateTrace.TryParse(ReadOnlyMemory(Encoding.UTF8.GetBytes broken))
                isFalseFor broken read
                isTrue (isNull found)

            throws<FormatException>(fun () -> GateTrace.Parse(ReadOnlyMemory.Empty) |> ignore<GateTrace>)
            |> ignore<FormatException>)
    ]

// Passes and bypasses on the immutable journal: what gets through, what is refused and why, and who has the pass afterwards.
// Run by `dotnet test`.
module Refold.Core.Tests.GatePassTests

open System
open System.Threading
open Expecto
open Refold
open Refold.Core
open Refold.Core.Tests.GateSetTests
open Refold.Support
open Refold.Support.Examples

let private gates = setOf [ permits "a"; permits "b" ]

let private passOf (set: GateSet<int>) (request: AppendRequest) = GateSet.evaluate 1 (Append.encode request |> ok) set |> ok

let private refusedFor fault set pass request journal =
    equal (AppendError.PassRefused("orders", fault)) (GateSet.append set pass request journal |> error)

let private request = Append.request [ event "a" "1"; event "b" "2" ]

[<Tests>]
let tests =
    testList "Gates / passes" [
        testCase "an append that demands a pass commits with it, and uses it" (fun () ->
            let pass = passOf gates request
            let receipt, journal = GateSet.append gates (Some pass) request Journal.empty |> ok
            equal 2 receipt.Count
            equal (Journal.appendRequest request Journal.empty |> ok |> fst) receipt
            isTrue pass.IsUsed
            refusedFor PassFault.Used gates (Some pass) request journal
            refusedFor PassFault.Used gates (Some pass) request Journal.empty)

        testCase "without a pass it is refused" (fun () -> refusedFor PassFault.Missing gates None request Journal.empty)

        testCase "a pass for other entries is refused, and stays" (fun () ->
            let pass = passOf gates request

            for other in
                [
                    Append.request [ event "a" "1"; event "b" "3" ]
                    Append.request [ event "a" "1" ]
                    Append.request [ event "b" "2"; event "a" "1" ]
                    request |> keyed "key"
                    { request with Entries = request.Entries |> List.map (tagged [ "x" ]) }
                ] do
                refusedFor PassFault.OtherProposal gates (Some pass) other Journal.empty

            isFalse pass.IsUsed
            isTrue (GateSet.append gates (Some pass) request Journal.empty |> Result.isOk))

        testCase "a pass of another set is refused, though the set has the same gates, or fewer" (fun () ->
            let fewer = setOf [ permits "a" ]

            for other in [ setOf [ permits "a"; permits "b" ]; fewer; fewer.Add(permits "b") ] do
                let pass = passOf other request
                refusedFor PassFault.OtherGates gates (Some pass) request Journal.empty
                isFalse pass.IsUsed)

        testCase "a conflict, a failed condition and a limit give it back" (fun () ->
            let pass = passOf gates request
            let before = threeBatches

            for refused in
                [
                    request |> expecting "a" (ExpectedVersion.Exactly 1L)
                    request |> unless Query.all 0L
                ] do
                isTrue (GateSet.append gates (Some pass) refused before |> Result.isError)
                isFalse pass.IsUsed

            isTrue (GateSet.append gates (Some pass) (request |> expecting "a" (ExpectedVersion.Exactly 3L)) before |> Result.isOk)
            isTrue pass.IsUsed)

        testCase "a known key is answered with the first receipt before the gates are judged, and takes no pass" (fun () ->
            let request = request |> keyed "key"
            let used = passOf gates request
            let receipt, journal = GateSet.append gates (Some used) request Journal.empty |> ok

            for pass in [ Some used; None ] do
                let again, same = GateSet.append gates pass request journal |> ok
                equal receipt again
                isTrue (obj.ReferenceEquals(journal, same))

            let other = passOf gates request
            GateSet.append gates (Some other) request journal |> ok |> ignore
            isFalse other.IsUsed
            isTrue used.IsUsed

            let elsewise = Append.request [ event "z" "1" ] |> keyed "key"

            match GateSet.append gates None elsewise journal |> error with
            | AppendError.KeyReused("key", 1L) -> ()
            | other -> failtest $"{other}")

        testCase "of many threads with one pass exactly one gets through" (fun () ->
            for _ in 1..50 do
                let pass = passOf gates request
                use start = new Barrier(4)
                let answers = Array.zeroCreate<Result<Receipt * Journal, AppendError>> 4

                let threads = [
                    for place in 0..3 ->
                        Thread(fun () ->
                            start.SignalAndWait()
                            answers[place] <- GateSet.append gates (Some pass) request Journal.empty)
                ]

                threads |> List.iter _.Start()
                threads |> List.iter _.Join()
                equal 1 (answers |> Array.filter Result.isOk |> Array.length)

                for answer in answers do
                    match answer with
                    | Ok _ -> ()
                    | Error failure -> equal (AppendError.PassRefused("orders", PassFault.Used)) failure)

        testCase "a bypass gets through, and its entry is the last of the batch" (fun () ->
            let bypass = gates.Bypass("hotfix", "the till stood still", "Ada")

            for _ in 1..2 do
                let receipt, journal = GateSet.appendBypassed bypass request threeBatches |> ok
                equal 3 receipt.Count
                let told = all journal |> List.last
                equal "$gates/orders" told.Data.Stream.Value
                equal (Role.Control, "gate-bypassed", 1) (told.Data.Role, told.Data.Type, told.Data.SchemaVersion)
                equal receipt.FirstPosition told.Batch
                let content = (passOf gates request).Trace.Content

                equal
                    ("{\"approver\":\"Ada\",\"content\":\""
                     + content.ToString()
                     + "\",\"justification\":\"the till stood still\",\"name\":\"hotfix\",\"pipeline\":\"orders\",\"types\":[\"t\"]}")
                    (told.Data.Payload.ToText())

                match GateRecord.tryReadBypass told.Data.Payload.Memory with
                | ValueSome read ->
                    equal
                        ("orders", "hotfix", "the till stood still", "Ada", [| "t" |], content)
                        (read.Pipeline, read.Name, read.Justification, read.Approver, read.Types, read.Content)
                | ValueNone -> failtest "it was not read")

        testCase "a conflict keeps the entry of a bypass out too" (fun () ->
            let bypass = gates.Bypass("hotfix", "why", "Ada")
            let conflicting = request |> expecting "a" ExpectedVersion.NoStream
            isTrue (GateSet.appendBypassed bypass conflicting threeBatches |> Result.isError)
            equal 0L (Journal.highestVersion gates.Stream threeBatches))

        testCase "a denial is recorded with its trace, and read back" (fun () ->
            let set = setOf [ permits "a"; denies "b" ]
            let trace = GateSet.evaluate 1 (Append.encode request |> ok) set |> error
            let _, journal = GateSet.recordDenial trace threeBatches |> ok
            let told = all journal |> List.last
            equal ("$gates/orders", Role.Control, "gate-denied") (told.Data.Stream.Value, told.Data.Role, told.Data.Type)
            equal trace (GateTrace.Parse told.Data.Payload.Memory)
            equal None told.Data.Time
            equal None told.Data.Run)

        testCase "what passed is not recorded as a denial" (fun () ->
            let pass = passOf gates request
            isTrue (GateSet.recordDenial pass.Trace Journal.empty |> Result.isError))

        testCase "nobody appends to the stream of gates by hand" (fun () ->
            for set, pass in [ gates, Some(passOf gates request); gates, None ] do
                match GateSet.append set pass (Append.request [ event "$gates/orders" "1" ]) Journal.empty |> error with
                | AppendError.Invalid(ValueError.Reserved("stream", "$gates/orders")) -> ()
                | other -> failtest $"{other}")

        testCase "every fault has a sentence" (fun () ->
            for fault in Enum.GetValues<PassFault>() do
                let said = AppendError.PassRefused("orders", fault).ToString()
                containsText "'orders'" said
                isFalse (said.EndsWith '.')

            let texts = [
                for fault in Enum.GetValues<PassFault>() -> AppendError.PassRefused("orders", fault).ToString()
            ]

            equal texts (List.distinct texts))
    ]

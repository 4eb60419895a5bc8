// The properties of the runner itself: a failing property is reported with the command that runs it again, and a seed repeats its cases.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.RepeatableProperties

open Expecto
open Refold.Support

let private run (tests: Test list) = Impl.evalTestsSilent (properties "list" tests) |> Async.RunSynchronously |> List.map snd

[<Tests>]
let tests =
    testList "Runner / repeating" [
        testCase "a failing property fails and names the seed, the number of cases and itself" (fun () ->
            let result = single (run [ testProperty "n > n" (fun (number: int) -> number > number) ])

            match result.result with
            | Impl.TestResult.Failed message ->
                containsText "Failed after 1 test" message
                containsText "run again: dotnet run --project properties -c Release -- --seed " message
                containsText "--max-test 100 --filter \"list.n > n\"" message
            | other -> failtest $"{other}")

        testCase "a name is quoted for the shell" (fun () ->
            endsWith " --seed 1 --max-test 2 --filter \"a \\\"b\\\" \\$c\"" (repeatLine 1UL 2 "a \"b\" $c"))

        testCase "one seed draws the same cases twice" (fun () ->
            let draw () =
                let cases = ResizeArray<int>()

                let result =
                    single (
                        run [
                            testProperty "any" (fun (number: int) ->
                                cases.Add number
                                true)
                        ]
                    )

                equal Impl.TestResult.Passed result.result
                List.ofSeq cases

            let first = draw ()
            equal 100 first.Length
            equal first (draw ()))
    ]

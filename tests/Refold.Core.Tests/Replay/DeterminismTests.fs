// What decisions must not read, each provoked: recorded, then verified with the culprit in place. Named as in core/determinism.md.
// Run by `dotnet test`, apart from all other tests: time zone and environment belong to the whole process.
module Refold.Core.Tests.DeterminismTests

open System
open System.Globalization
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Refold
open Refold.Core
open Refold.Core.Tests.DeterminismPage
open Refold.Support.Aggregates
open Refold.Support

let private invariant (value: int64) = value.ToString CultureInfo.InvariantCulture

// Records while a variable of the environment has a value, and verifies while it has another.
let private underVariable name (recorded: string | null) (replayed: string | null) (changed: unit -> unit) say =
    let before = Environment.GetEnvironmentVariable name

    let under (value: string | null) action =
        Environment.SetEnvironmentVariable(name, value)
        changed ()
        action ()

    try
        let run = under recorded (fun () -> record (saying say))
        under replayed (fun () -> InMemoryRun.verify run)
    finally
        under before ignore

[<Tests>]
let tests =
    testSequenced (
        testList "Replay / what decisions must not read" [
            testCase "A decision that reads nothing else matches" (fun () ->
                let report = recordAndVerify (saying (fun step -> invariant (int64 (step.Random.NextUInt32()))))
                isTrueFor (report.ToString()) report.Matched)

            testCase "A clock" (fun () ->
                let mutable last = DateTimeOffset.MinValue

                // However coarse the machine's clock is, it moves on between two decisions.
                let read () =
                    SpinWait.SpinUntil(fun () -> DateTimeOffset.UtcNow <> last)
                    last <- DateTimeOffset.UtcNow
                    last

                promises "A clock" [ recordAndVerify (saying (fun _ -> invariant (read ()).Ticks)) ])

            testCase "New GUIDs" (fun () -> promises "New GUIDs" [ recordAndVerify (saying (fun _ -> (Guid.NewGuid()).ToString "D")) ])

            testCase "Unseeded random numbers" (fun () ->
                promises "Unseeded random numbers" [ recordAndVerify (saying (fun _ -> invariant (Random.Shared.NextInt64()))) ])

            testCase "Draws outside the step's generator" (fun () ->
                let kept = SeededRng.FromSeed 42UL
                promises "Draws outside the step's generator" [ recordAndVerify (saying (fun _ -> invariant (int64 (kept.NextUInt32())))) ])

            testCase "Static mutable state" (fun () ->
                let mutable decided = 0L

                let count () =
                    decided <- decided + 1L
                    decided

                promises "Static mutable state" [ recordAndVerify (saying (fun _ -> invariant (count ()))) ])

            testCase "A state that can be changed" (fun () ->
                // One list, which every stream and every fold begins with.
                let shared decide =
                    let list = ResizeArray<string>()

                    {
                        Aggregate.create
                            "notes"
                            {
                                Initial = list
                                Decide = decide
                                Evolve =
                                    fun (notes: ResizeArray<string>) note ->
                                        notes.Add note
                                        notes
                            }
                            (words "ask")
                            (words "note")
                            (words "no") with
                            State =
                                Some(
                                    textCodec "notes" (fun (notes: ResizeArray<string>) -> String.Join(' ', notes)) (fun text ->
                                        Some(ResizeArray(text.Split ' ')))
                                )
                    }

                promises "A state that can be changed" [
                    recordAndVerify (shared (fun _ notes _ -> Ok [ invariant (int64 notes.Count) ]))
                    recordAndVerify (shared (fun _ _ command -> Ok [ command ]))
                ])

            testCase "The environment and configuration" (fun () ->
                let name = "REFOLD_TEST_LIMIT"

                let say _ =
                    match Environment.GetEnvironmentVariable name with
                    | null -> "no limit"
                    | limit -> "limit " + limit

                promises "The environment and configuration" [ underVariable name "10" null ignore say ])

            testCase "Time zones" (fun () ->
                let midnight = DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero)
                let say _ = midnight.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
                promises "Time zones" [ underVariable "TZ" "UTC" "America/New_York" TimeZoneInfo.ClearCachedData say ])

            testCase "The culture" (fun () ->
                let before = CultureInfo.CurrentCulture
                let aggregate = saying (fun _ -> "FILE".ToLower())

                let under culture action =
                    CultureInfo.CurrentCulture <- CultureInfo.GetCultureInfo(culture: string)
                    action ()

                try
                    let run = under "sv-SE" (fun () -> record aggregate)
                    promises "The culture" [ under "tr-TR" (fun () -> InMemoryRun.verify run) ]
                finally
                    CultureInfo.CurrentCulture <- before)

            testCase "Hash codes and the order of hash tables" (fun () ->
                // What another process had: three codes of 32 bits, so that this one has not all of them by accident.
                let recorded = saying (fun _ -> "-1573474284 1061402938 742093128")

                let say _ =
                    [ "apple"; "pear"; "plum" ]
                    |> List.map (fun fruit -> invariant (int64 (fruit.GetHashCode())))
                    |> String.concat " "

                promises "Hash codes and the order of hash tables" [ record recorded |> InMemoryRun.verifyAs (saying say) ])

            testCase "Threads" (fun () ->
                // Which of two workers is the slower one today.
                let mutable slower = "left"

                let work (name: string) (other: Task) =
                    Task.Run(fun () ->
                        if name = slower then
                            other.Wait()

                        name)

                let first () =
                    let started = TaskCompletionSource()
                    let slow = work slower started.Task
                    let fast = work (if slower = "left" then "right" else "left") Task.CompletedTask
                    let winner = Task.WhenAny(slow, fast).Result.Result
                    started.SetResult()
                    slow.Wait()
                    winner

                let aggregate = saying (fun _ -> first ())
                let run = record aggregate
                slower <- "right"
                promises "Threads" [ InMemoryRun.verify run ])

            testCase "Calls to other systems" (fun () ->
                let mutable isReplay = false

                let price _ =
                    if isReplay then
                        raise (UnrecordedInputException "the price of today was not recorded")

                    "12.50"

                let run = record (saying price)
                isReplay <- true
                promises "Calls to other systems" [ InMemoryRun.verify run ])

            testCase "Exceptions that depend on the machine" (fun () ->
                let directory = Directory.CreateTempSubdirectory "refold-"
                let file = Path.Combine(directory.FullName, "limit.txt")
                File.WriteAllText(file, "10")

                let read _ = File.ReadAllText file

                let readOrRefuse elsewhere =
                    notesOf (words "note") (fun _ _ _ ->
                        try
                            Ok [ File.ReadAllText(file + elsewhere) ]
                        with :? IOException as error ->
                            Error error.Message)

                let run = record (saying read)
                directory.Delete true
                let refused = record (readOrRefuse "")

                promises "Exceptions that depend on the machine" [
                    InMemoryRun.verify run
                    InMemoryRun.verifyAs (readOrRefuse ".elsewhere") refused
                ])
        ]
    )

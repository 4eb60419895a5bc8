// What decisions must not read, each provoked: recorded, then verified with the culprit in place. The names are core/determinism.md's sections.
// Run by `dotnet test`, apart from all other tests: time zone and environment belong to the whole process.
namespace Refold.Core.Tests

open System
open System.Globalization
open System.IO
open System.Threading
open System.Threading.Tasks
open Refold
open Refold.Core
open Refold.Format
open Refold.Core.Tests.DeterminismPage
open Xunit

/// Tests that change what belongs to the whole process.
[<CollectionDefinition("Surroundings", DisableParallelization = true)>]
type Surroundings() = class end

/// Culprits outside of the decision.
[<Collection "Surroundings">]
type DeterminismTests() =

    let invariant (value: int64) = value.ToString CultureInfo.InvariantCulture

    // Records while a variable of the environment has a value, and verifies while it has another.
    let underVariable name (recorded: string | null) (replayed: string | null) (changed: unit -> unit) say =
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

    [<Fact>]
    member _.``A decision that reads nothing else matches``() =
        let report = recordAndVerify (saying (fun step -> invariant (int64 (step.Random.NextUInt32()))))
        Assert.True(report.Matched, report.ToString())

    [<Fact>]
    member _.``A clock``() =
        let mutable last = DateTimeOffset.MinValue

        // However coarse the machine's clock is, it moves on between two decisions.
        let read () =
            SpinWait.SpinUntil(fun () -> DateTimeOffset.UtcNow <> last)
            last <- DateTimeOffset.UtcNow
            last

        Page.Promises [ recordAndVerify (saying (fun _ -> invariant (read ()).Ticks)) ]

    [<Fact>]
    member _.``New GUIDs``() = Page.Promises [ recordAndVerify (saying (fun _ -> (Guid.NewGuid()).ToString "D")) ]

    [<Fact>]
    member _.``Unseeded random numbers``() = Page.Promises [ recordAndVerify (saying (fun _ -> invariant (Random.Shared.NextInt64()))) ]

    [<Fact>]
    member _.``Draws outside the step's generator``() =
        let kept = SeededRng.FromSeed 42UL
        Page.Promises [ recordAndVerify (saying (fun _ -> invariant (int64 (kept.NextUInt32())))) ]

    [<Fact>]
    member _.``Static mutable state``() =
        let mutable decided = 0L

        let count () =
            decided <- decided + 1L
            decided

        Page.Promises [ recordAndVerify (saying (fun _ -> invariant (count ()))) ]

    [<Fact>]
    member _.``The environment and configuration``() =
        let name = "REFOLD_TEST_LIMIT"

        let say _ =
            match Environment.GetEnvironmentVariable name with
            | null -> "no limit"
            | limit -> "limit " + limit

        Page.Promises [ underVariable name "10" null ignore say ]

    [<Fact>]
    member _.``Time zones``() =
        let midnight = DateTimeOffset(2024, 5, 1, 0, 0, 0, TimeSpan.Zero)
        let say _ = midnight.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
        Page.Promises [ underVariable "TZ" "UTC" "America/New_York" TimeZoneInfo.ClearCachedData say ]

    [<Fact>]
    member _.``The culture``() =
        let before = CultureInfo.CurrentCulture
        let aggregate = saying (fun _ -> "FILE".ToLower())

        let under culture action =
            CultureInfo.CurrentCulture <- CultureInfo.GetCultureInfo(culture: string)
            action ()

        try
            let run = under "sv-SE" (fun () -> record aggregate)
            Page.Promises [ under "tr-TR" (fun () -> InMemoryRun.verify run) ]
        finally
            CultureInfo.CurrentCulture <- before

    [<Fact>]
    member _.``Hash codes and the order of hash tables``() =
        // What another process had: three codes of 32 bits, so that this one has not all of them by accident.
        let recorded = saying (fun _ -> "-1573474284 1061402938 742093128")

        let say _ =
            [ "apple"; "pear"; "plum" ]
            |> List.map (fun fruit -> invariant (int64 (fruit.GetHashCode())))
            |> String.concat " "

        Page.Promises [ record recorded |> InMemoryRun.verifyAs (saying say) ]

    [<Fact>]
    member _.``Threads``() =
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
        Page.Promises [ InMemoryRun.verify run ]

    [<Fact>]
    member _.``Calls to other systems``() =
        let mutable isReplay = false

        let price _ =
            if isReplay then
                raise (UnrecordedInputException "the price of today was not recorded")

            "12.50"

        let run = record (saying price)
        isReplay <- true
        Page.Promises [ InMemoryRun.verify run ]

    [<Fact>]
    member _.``Exceptions that depend on the machine``() =
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

        Page.Promises
            [
                InMemoryRun.verify run
                InMemoryRun.verifyAs (readOrRefuse ".elsewhere") refused
            ]

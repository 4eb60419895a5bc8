// The F# code of facade/docs/hosting.md as it stands there: a hook for the streams that a run recovers.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System.Threading.Tasks
open Expecto
open Refold
open Refold.Core
open Refold.FSharp

module Watching =

    let watch (told: string -> int -> int64 -> unit) = RunOptions(RecoveryCompleted = [| RecoveryHook.create Dice.aggregate told |])

module HostingExamples =

    let private run (work: Task) = work.GetAwaiter().GetResult()

    [<Tests>]
    let tests =
        testList
            "Hosting / in F#"
            [
                testCase "a hook is told each recovered stream once, and what it throws breaks no command" (fun () ->
                    task {
                        let told = ResizeArray()

                        let options =
                            Watching.watch (fun stream state version ->
                                lock told (fun () -> told.Add(stream, state, version))
                                failwith "the hook")

                        use! journal = Journal.openAt "memory:"
                        use! recording = Run.startWith options (RunPin("watching", "examples", "1.0", 42UL)) journal

                        for stream in [ "dice/ann"; "dice/bob"; "dice/ann" ] do
                            let! rolled = recording |> Run.execute Dice.aggregate stream Dice.Roll
                            Expect.isOk rolled "the command goes on"

                        Expect.sequenceEqual told [ "dice/ann", 0, 0L; "dice/bob", 0, 0L ] "each once, at its first command"
                    }
                    |> run)
            ]

// Runs in memory: the same entries as a run made step by step, refusals as values, failures that leave everything as it was.
// Run by `dotnet test`.
module Refold.Core.Tests.InMemoryRunTests

open System
open Expecto
open Refold.Core
open Refold.Support.Aggregates
open Refold.Support

let private pin = Recording.pin

let private table = StreamId.Create "game/1"

let private time = DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero)

let private commands = [ Game.Roll 1; Game.Open; Game.Roll 2; Game.Look; Game.Close ]

let private play run =
    commands
    |> List.indexed
    |> List.fold (fun run (index, command) -> InMemoryRun.execute table (time.AddSeconds(float index)) command run) run

let private game () = InMemoryRun.start Game.aggregate pin "r"

[<Tests>]
let tests =
    testList "Replay / runs in memory" [
        testCase "a run in memory has the head of one made step by step" (fun () ->
            let started = { Recording.start "r" with Journal = (game ()).Journal }
            let stepped = Recording.executeAll Game.aggregate table commands started
            equal (Journal.head stepped.Journal) (Journal.head (play (game ())).Journal))

        testCase "what was recorded verifies, also finished, and names what another rule changes" (fun () ->
            let run = play (game ())

            let generous =
                Game.ruledBy (fun step state command ->
                    match command with
                    | Game.Roll dice when state.IsOpen -> Ok [ Game.Rolled(dice, 6L) ]
                    | _ -> Game.decide step state command)

            isTrue ((InMemoryRun.verify run).Matched)
            let report = InMemoryRun.verify (InMemoryRun.finish run)
            isTrueFor (report.ToString()) report.Matched
            isTrue report.StateHash.IsSome
            let divergence = (InMemoryRun.verifyAs generous run).Divergence
            equal (Some "/data/faces") (divergence |> Option.map _.Path))

        testCase "a step answers events, refusals and the state that a fold gives" (fun () ->
            let refused, run = game () |> InMemoryRun.step table time (Game.Roll 1)
            equal (Error Game.NotOpen) refused.Outcome
            let opened, run = run |> InMemoryRun.step table time Game.Open
            equal (Ok [ Game.Opened "house" ]) opened.Outcome

            let folded =
                Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (InMemoryRun.entries table run)

            let state = InMemoryRun.state table run
            equal (folded.State, folded.Version) (state.State, state.Version)
            equal (opened.Position.State, opened.Position.Version) (state.State, state.Version))

        testCase "a second run in the same journal goes on from what is there" (fun () ->
            let first = play (game ())
            let second = InMemoryRun.startIn first.Journal Game.aggregate pin "s"
            equal ((InMemoryRun.state table first).Version) ((InMemoryRun.state table second).Version)
            let second = second |> InMemoryRun.execute table time Game.Open
            isTrue ((InMemoryRun.verify second).Matched)

            let twice () = InMemoryRun.startIn first.Journal Game.aggregate pin "r" |> ignore
            throws<InvalidOperationException> twice |> ignore)

        testCase "a run that was given stays as it was, also where a step fails" (fun () ->
            let run = game () |> InMemoryRun.execute table time Game.Open
            let head = Journal.head run.Journal
            InMemoryRun.execute table time (Game.Roll 1) run |> ignore
            equal head (Journal.head run.Journal)

            let failing = Game.ruledBy (fun _ _ _ -> failwith "broken")
            let broken = InMemoryRun.startIn run.Journal failing pin "s"

            let error =
                throws<InvalidOperationException>(fun () -> InMemoryRun.execute table time Game.Open broken |> ignore)

            equal "decide threw Exception: broken" error.Message
            equal "broken" (error.InnerException |> Option.ofObj |> Option.map _.Message |> Option.get))

        testCase "nothing follows the end of a run" (fun () ->
            let run = InMemoryRun.finish (play (game ()))
            let throws action = throws<InvalidOperationException>(fun () -> action () |> ignore) |> ignore
            throws (fun () -> InMemoryRun.finish run)
            throws (fun () -> InMemoryRun.execute table time Game.Open run))

        testCase "a stream that lost its beginning is refused, not folded short" (fun () ->
            let run = play (game ())
            let shortened = InMemoryRun.startIn (Journal.deleteTo table 1L run.Journal) Game.aggregate pin "s"
            let throws action = throws<InvalidOperationException>(fun () -> action () |> ignore) |> ignore
            throws (fun () -> InMemoryRun.entries table shortened)
            throws (fun () -> InMemoryRun.state table shortened))
    ]

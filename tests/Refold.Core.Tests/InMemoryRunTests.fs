// Runs in memory: the same entries as a run made step by step, refusals as values, failures that leave everything as it was.
// Run by `dotnet test`.
module Refold.Core.Tests.InMemoryRunTests

open System
open Refold.Core
open Refold.Core.Tests.Aggregates
open Xunit

let private pin = Recording.pin
let private table = StreamId.Create "game/1"
let private time = DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero)
let private commands = [ Game.Roll 1; Game.Open; Game.Roll 2; Game.Look; Game.Close ]

let private play run =
    commands
    |> List.indexed
    |> List.fold (fun run (index, command) -> InMemoryRun.execute table (time.AddSeconds(float index)) command run) run

let private game () = InMemoryRun.start Game.aggregate pin "r"

[<Fact>]
let ``a run in memory has the head of one made step by step`` () =
    let started = { Recording.start "r" with Journal = (game ()).Journal }
    let stepped = Recording.executeAll Game.aggregate table commands started
    Assert.Equal(Journal.head stepped.Journal, Journal.head (play (game ())).Journal)

[<Fact>]
let ``what was recorded verifies, also finished, and names what another rule changes`` () =
    let run = play (game ())

    let generous =
        Game.ruledBy (fun step state command ->
            match command with
            | Game.Roll dice when state.IsOpen -> Ok [ Game.Rolled(dice, 6L) ]
            | _ -> Game.decide step state command)

    Assert.True((InMemoryRun.verify run).Matched)
    let report = InMemoryRun.verify (InMemoryRun.finish run)
    Assert.True(report.Matched, report.ToString())
    Assert.True report.StateHash.IsSome
    let divergence = (InMemoryRun.verifyAs generous run).Divergence
    Assert.Equal(Some "/data/faces", divergence |> Option.map _.Path)

[<Fact>]
let ``a step answers events, refusals and the state that a fold gives`` () =
    let refused, run = game () |> InMemoryRun.step table time (Game.Roll 1)
    Assert.Equal(Error Game.NotOpen, refused.Outcome)
    let opened, run = run |> InMemoryRun.step table time Game.Open
    Assert.Equal(Ok [ Game.Opened "house" ], opened.Outcome)

    let folded =
        Replay.fold Game.aggregate (Replay.beginning Game.aggregate) (InMemoryRun.entries table run)

    let state = InMemoryRun.state table run
    Assert.Equal((folded.State, folded.Version), (state.State, state.Version))
    Assert.Equal((opened.State, opened.Version), (state.State, state.Version))

[<Fact>]
let ``a second run in the same journal goes on from what is there`` () =
    let first = play (game ())
    let second = InMemoryRun.startIn first.Journal Game.aggregate pin "s"
    Assert.Equal((InMemoryRun.state table first).Version, (InMemoryRun.state table second).Version)
    let second = second |> InMemoryRun.execute table time Game.Open
    Assert.True((InMemoryRun.verify second).Matched)

    let twice () = InMemoryRun.startIn first.Journal Game.aggregate pin "r" |> ignore
    Assert.Throws<InvalidOperationException> twice |> ignore

[<Fact>]
let ``a run that was given stays as it was, also where a step fails`` () =
    let run = game () |> InMemoryRun.execute table time Game.Open
    let head = Journal.head run.Journal
    InMemoryRun.execute table time (Game.Roll 1) run |> ignore
    Assert.Equal(head, Journal.head run.Journal)

    let failing = Game.ruledBy (fun _ _ _ -> failwith "broken")
    let broken = InMemoryRun.startIn run.Journal failing pin "s"

    let error =
        Assert.Throws<InvalidOperationException>(fun () -> InMemoryRun.execute table time Game.Open broken |> ignore)

    Assert.Equal("decide threw Exception: broken", error.Message)
    Assert.Equal("broken", error.InnerException |> Option.ofObj |> Option.map _.Message |> Option.get)

[<Fact>]
let ``nothing follows the end of a run`` () =
    let run = InMemoryRun.finish (play (game ()))
    let throws action = Assert.Throws<InvalidOperationException>(fun () -> action () |> ignore) |> ignore
    throws (fun () -> InMemoryRun.finish run)
    throws (fun () -> InMemoryRun.execute table time Game.Open run)

[<Fact>]
let ``a stream that lost its beginning is refused, not folded short`` () =
    let run = play (game ())
    let shortened = InMemoryRun.startIn (Journal.deleteTo table 1L run.Journal) Game.aggregate pin "s"
    let throws action = Assert.Throws<InvalidOperationException>(fun () -> action () |> ignore) |> ignore
    throws (fun () -> InMemoryRun.entries table shortened)
    throws (fun () -> InMemoryRun.state table shortened)

// The F# code of facade/docs/operations.md as it stands there: an operation over core codecs and a core aggregate.
// Run by `dotnet test` and by Program.fs; that the page shows this very code is tested by Refold.Tests.
namespace Refold.Properties

open System
open System.Net.Http
open System.Threading.Tasks
open Expecto
open Refold
open Refold.Core
open Refold.FSharp

module Betting =

    type Bet = { Player: string; Stake: int }

    let text = Codec.json<string> "Text"

    let bet (askOdds: string -> Task<int>) =
        Operation.create "bet" (Codec.json<Bet> "Bet") text (fun fx bet ->
            task {
                let! odds = fx |> Fx.call "odds" text (Codec.json<int> "Odds") askOdds bet.Player
                let ticket, at = Fx.newGuid fx, Fx.now fx
                let! rolled = fx |> Fx.execute Dice.aggregate ("dice/" + bet.Player) Dice.Roll

                return
                    match rolled with
                    | Ok rolled -> $"{ticket} {at:O}: {rolled.State} at {odds} to 1"
                    | Error reason -> reason
            })

    let play (journal: IJournal) askOdds =
        task {
            use! run = Run.start (RunPin("betting", "examples", "1.0", 42UL)) journal
            let! answer = run |> Run.operate (bet askOdds) "bet-1" { Player = "ann"; Stake = 5 }
            let! _ = Run.finish run
            return run.Id, answer
        }

module OperationExamples =

    open Betting

    let private nobody _ = Task.FromException<int>(InvalidOperationException "a replay asks nobody")

    type private Network() =
        inherit HttpMessageHandler()
        member val Requests = 0 with get, set

        override this.SendAsync(_, _) =
            this.Requests <- this.Requests + 1
            Task.FromResult(new HttpResponseMessage(Content = new StringContent "3 to 1"))

    let private run (work: Task<'T>) = work.GetAwaiter().GetResult()

    [<Tests>]
    let tests =
        testList
            "Operations / in F#"
            [
                testCase "what was recorded is replayed without anything outside" (fun () ->
                    task {
                        use! journal = Journal.openAt "memory:"
                        let! id, answer = play journal (fun _ -> Task.FromResult 3)
                        Expect.stringEnds answer "at 3 to 1" "the answer of the call"
                        let! report = journal |> Run.replay id [ bet nobody ] [ Dice.aggregate ]
                        Expect.isTrue report.Matched (report.ToString())
                    }
                    |> run)

                testCase "an exchange over HTTP is replayed without a network, and what is redacted is not written" (fun () ->
                    task {
                        use! journal = Journal.openAt "memory:"
                        use! recording = Run.start (RunPin("betting", "examples", "1.0", 42UL)) journal
                        use network = new Network()
                        let secret = "s3cr3t-0451"
                        let bytes = Text.Encoding.UTF8.GetBytes secret

                        let twice =
                            Operation.create "twice" text text (fun fx _ ->
                                task {
                                    use direct = new HttpClient(fx |> Fx.httpHandler [ "?token" ])
                                    let refused () = direct.GetStringAsync("http://127.0.0.1:1/?token=" + secret) :> Task
                                    do! refused().ContinueWith(fun (_: Task) -> ())

                                    let handler = fx |> Fx.httpHandlerOver network [ "Authorization"; "?token" ]
                                    use client = new HttpClient(handler, disposeHandler = false)
                                    client.DefaultRequestHeaders.Add("Authorization", "Bearer " + secret)
                                    return! client.GetStringAsync("http://odds.test/?token=" + secret)
                                })

                        let! answer = recording |> Run.operate twice "k" "in"
                        let! _ = Run.finish recording
                        let! report = journal |> Run.replay recording.Id [ twice ] []
                        Expect.isTrue report.Matched (report.ToString())
                        Expect.equal (answer, network.Requests) ("3 to 1", 1) "sent once"

                        let entries = (journal :?> ILocalJournal).ReadAll() |> List.ofSeq
                        Expect.hasLength (entries |> List.filter (fun entry -> entry.Type = "$call")) 2 "one was refused"

                        for entry in entries do
                            Expect.equal (entry.Payload.Span.IndexOf(ReadOnlySpan bytes)) -1 entry.Type
                    }
                    |> run)

                testCase "a key is answered once, and a failed attempt is tried again with what it got" (fun () ->
                    task {
                        use! journal = Journal.openAt "memory:"
                        use! recording = Run.start (RunPin("betting", "examples", "1.0", 42UL)) journal
                        let asked, ended, failed = ref 0, ref 0, ref false

                        let twice =
                            Operation.create "twice" text text (fun fx input ->
                                task {
                                    let ask _ =
                                        asked.Value <- asked.Value + 1
                                        Task.FromResult 1

                                    let finish _ =
                                        ended.Value <- ended.Value + 1
                                        if ended.Value = 1 then failwith "late" else Task.FromResult input

                                    let! _ = fx |> Fx.branch "a" |> Fx.call "ask" text (Codec.json<int> "Odds") ask "x"
                                    do! fx |> Fx.delay TimeSpan.Zero
                                    let drawn = Sample.between 1 1000 (Fx.random fx)
                                    let! input = fx |> Fx.call "finish" text text finish "x"
                                    return $"{input} {drawn} {Fx.key fx}"
                                })

                        let operate () = recording |> Run.operate twice "k" "in"

                        try
                            let! _ = operate ()
                            ()
                        with :? CallFailedException ->
                            failed.Value <- true

                        let! first = operate ()
                        let! second = operate ()
                        let! resumed = recording |> Run.resumeOperations [ twice ]
                        let! other = recording |> Run.operateUnnamed twice "in"
                        let! taken = recording |> Run.operateWith (OperationOptions(TakeOver = true)) twice "k" "in"
                        Expect.equal (failed.Value, first, taken, resumed) (true, second, second, []) "one answer, of a second attempt"
                        Expect.notEqual first other "without a key it is one of its own"
                        // The first two attempts are one call; the operation without a key is another.
                        Expect.equal asked.Value 2 "what was answered is not asked for again"
                        let! _ = Run.finish recording
                        let! report = journal |> Run.replay recording.Id [ twice ] []
                        Expect.isTrue report.Matched (report.ToString())
                    }
                    |> run)

                testCase "a changed request is named" (fun () ->
                    task {
                        use! journal = Journal.openAt "memory:"
                        let! id, _ = play journal (fun _ -> Task.FromResult 3)

                        let changed =
                            Operation.create "bet" (Codec.json<Bet> "Bet") text (fun fx bet ->
                                task {
                                    let! _ = fx |> Fx.call "odds" text (Codec.json<int> "Odds") nobody (bet.Player + "!")
                                    return ""
                                })

                        let! report = journal |> Run.replay id [ changed ] [ Dice.aggregate ]
                        let divergence = Expect.wantSome report.Divergence "it differs"

                        Expect.equal
                            (divergence.Cause, divergence.Path)
                            (DivergenceCause.UnrecordedInput, "/data/input/data")
                            "the request"
                    }
                    |> run)
            ]

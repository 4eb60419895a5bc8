// Records a run of dice into files, opens it again, folds it to a version, and shows what loaded dice would have changed.
// Run by people who want to explore what was recorded: dotnet fsi core/scripts/03-explore-a-run.fsx [JOURNAL [VERSION]]
#load "refold.fsx"
#r "Refold.FSharp.dll"

open System
open Refold
open Refold.Core
open Refold.FSharp

type Command =
    | Roll
    | Cheat

type Event = Rolled of face: int

let decideBy low (step: Step) _ command =
    match command with
    | Roll -> Ok [ Rolled(Sample.between low 6 step.Random) ]
    | Cheat -> Error "no such move"

// The same value serves InMemoryRun and every journal.
let diceBy low =
    { Aggregate.create
          "dice"
          {
              Initial = 0
              Decide = decideBy low
              Evolve = fun total (Rolled face) -> total + face
          }
          (Codec.json<Command> "Command")
          (Codec.jsonUnion<Event>())
          (Codec.json<string> "Refused") with
        State = Some(Codec.json<int> "Total")
    }

let dice, table = diceBy 1, "dice/1"

let uri, wanted =
    match List.ofArray fsi.CommandLineArgs with
    | _ :: uri :: version :: _ -> uri, Int64.Parse(version, Globalization.CultureInfo.InvariantCulture)
    | [ _; uri ] -> uri, Int64.MaxValue
    | _ -> "segments:refold-dice", Int64.MaxValue

// In a compiled program `use! journal = ..` closes it; F# Interactive's task knows that for IDisposable only.
let record () =
    task {
        let! journal = Journal.openAt uri
        let! run = Run.start (RunPin("dice", "scripts", "1.0", 42UL)) journal

        for command in [ Roll; Roll; Cheat; Roll; Roll ] do
            match! Run.execute dice table command run with
            | Ok accepted -> printfn "%A: %A, total %d at version %d" command accepted.Events accepted.State accepted.Version
            | Error(Refused reason) -> printfn "%A: refused, %s" command reason
            | Error(Conflict conflict) -> printfn "%A: %O is at version %d already" command conflict.Stream conflict.Actual

        let! ended = Run.finish run
        printfn "state hash %s" (nonNull ended.StateHash)
        do! run.DisposeAsync()
        do! journal.DisposeAsync()
    }

let explore () =
    task {
        // Reading takes no lock and changes nothing.
        let! journal = Journal.openWith (JournalOptions(ReadOnly = true)) uri
        let! head = Journal.head journal
        let! runs = Run.list journal
        let run = List.last runs
        printfn "%s: %d entries, head %O, run %O: %O" uri head.Position head.Hash run.Id (nonNull run.Pin)

        // The whole journal as a value of the core: every function of Refold.Core works on it.
        let! recorded = Journal.toMemory journal
        let version = min wanted (Refold.Core.Journal.highestVersion (StreamId.Create table) recorded)
        let! entries = Journal.readStream table 1L version journal
        printfn "%s at version %d: total %d" table version (Replay.fold dice (Replay.beginning dice) entries).State

        let! report = Run.verify run.Id [ dice ] journal
        printfn "the recorded rule: %O" report

        let! loaded = Run.verify run.Id [ diceBy 4 ] journal

        match loaded.Divergence with
        | None -> printfn "loaded dice change nothing"
        | Some divergence ->
            printfn "loaded dice, first difference:"
            printfn "%O" divergence
            printfn "the entries around it:"
            let! around = Journal.readAll (max 1L (divergence.Position - 2L)) 5L journal

            for entry in around do
                printfn "  %d %O/%d %s %s" entry.Position entry.Data.Stream entry.Version entry.Data.Type (entry.Data.Payload.ToText())

        do! journal.DisposeAsync()
    }

let isThere =
    task {
        try
            let! journal = Journal.openWith (JournalOptions(ReadOnly = true)) uri
            let! head = Journal.head journal
            do! journal.DisposeAsync()
            return head.Position > 0L
        with :? JournalOpenException ->
            return false
    }

if not isThere.Result then
    record().Wait()

explore().Wait()

// Opens a journal that `refold record` or `refold demo` wrote, folds it to a version, and shows what another rule would have changed.
// Run by people with a recorded run: dotnet fsi core/scripts/03-explore-a-run.fsx [JOURNAL [VERSION]]
#load "refold.fsx"
#r "refold-cli.dll"

open System
open System.Text
open Refold
open Refold.Cli.Scenarios

let uri, wanted =
    match List.ofArray fsi.CommandLineArgs with
    | _ :: uri :: version :: _ -> uri, Int64.Parse(version, Globalization.CultureInfo.InvariantCulture)
    | [ _; uri ] -> uri, Int64.MaxValue
    | _ -> "segments:refold-demo/journal", Int64.MaxValue

// Reading takes no lock and changes nothing.
let journal = Journal.Open(uri, JournalOptions(ReadOnly = true))
let head = journal.Head
printfn "%s: %d entries, head %s" uri head.Position head.Hash

let run = Seq.last (journal.RunsAsync().Result)
let pin = nonNull run.Pin
printfn "run %O: %O" run.Id pin

// The rule that was recorded, as its pin describes it, and the same rule with one more choice.
let setting name = Int32.Parse(pin.Settings[name], Globalization.CultureInfo.InvariantCulture)
let ruleOf choices = Dispatch.Create(choices, setting "backends")
let recorded = ruleOf (setting "choices")
let changed = ruleOf (setting "choices" + 1)

let stream = StreamId.Create Dispatch.Category
let folded = journal.FoldAsync(stream, recorded, wanted).Result
printfn "%O at version %d, requests outstanding at each backend:" stream folded.Version
printfn "  %A" [ for busy in folded.State.Backends -> busy.Count ]

printfn "the recorded rule: %O" (journal.VerifyAsync(run.Id, recorded).Result)

let show (entry: JournalEntry) =
    let payload = Encoding.UTF8.GetString entry.Payload.Span
    let shown = if payload.Length <= 100 then payload else payload.Substring(0, 100) + "..."
    printfn "  %d %O/%d %s %s" entry.Position entry.Stream entry.Version entry.Type shown

match journal.VerifyAsync(run.Id, changed).Result.Divergence with
| null -> printfn "one more choice changes nothing"
| divergence ->
    printfn "one more choice, first difference:"
    printfn "%O" divergence
    printfn "the entries around it:"
    journal.ReadAll(max 1L (divergence.Position - 3L), 7L) |> Seq.iter show

journal.DisposeAsync().AsTask().Wait()

// Projects a journal to a state with a report that anybody can check: now, as of a time, and after something was deleted.
// Run by people who want to know what a report says: dotnet fsi core/scripts/04-project-with-evidence.fsx
#load "refold.fsx"
#r "Refold.FSharp.dll"

open System
open System.Text
open Refold
open Refold.Core
open Refold.FSharp

// How much was sold, of everything.
let sold =
    Projection.ofEntries "sold" 1 [ ProjectionSourceRef.RelevantKind "sold" ] (fun total entry ->
        Some(defaultArg total 0L + Int64.Parse(entry.Data.Payload.ToText(), Globalization.CultureInfo.InvariantCulture)))
    |> Projection.withState (Codec.int64 "total")

let noon = DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero)

let sell (sku: string) (cents: int) hour (journal: ILocalJournal) =
    let payload = ReadOnlyMemory(Encoding.UTF8.GetBytes(string cents))

    let entry =
        Refold.EntryData(StreamId.Create sku, "sold", payload, Role = EntryRole.Fact, Time = Nullable(noon.AddHours hour))

    journal.AppendAsync(Refold.AppendRequest [| entry |]).AsTask().Wait()

let tell what (result: EvidenceResult<int64>) =
    match result with
    | Ok(state, report) -> printfn "%s: %A, frontier %A, body %O" what state report.Body.InputFrontier report.BodyHash
    | Error(ProjectionRunReportError.ProjectionFailed(error, report)) -> printfn "%s: %s, body %O" what error.Message report.BodyHash
    | Error error -> printfn "%s: %O" what error

let journal = Refold.Journal.Open "memory:"
journal |> sell "tea" 250 0.0
journal |> sell "cup" 900 1.0
journal |> sell "tea" 300 2.0

tell "now" (Evidence.run sold journal)
tell "an hour after noon" (Evidence.runAsOf (noon.AddHours 1.0) sold journal)

// What is gone is not left out in silence.
journal.DeleteToAsync(StreamId.Create "tea", 1L).AsTask().Wait()
tell "once something is deleted" (Evidence.run sold journal)
journal.DisposeAsync().AsTask().Wait()

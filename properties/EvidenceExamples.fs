// Projections with evidence from F#, over every store: the same bodies as those of C# and of the immutable journal.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.EvidenceExamples

open System
open System.IO
open System.Text
open System.Threading.Tasks
open Expecto
open Refold
open Refold.Core
open Refold.FSharp
open Refold.Support

let private run (work: Task<'T>) = work.GetAwaiter().GetResult()

let private noon = DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero)

/// One batch an hour; every third has no time, and every fifth one from the day before.
let private fill (journal: IJournal) =
    for hour in 0..11 do
        let time =
            if hour % 3 = 2 then Nullable()
            elif hour % 5 = 4 then Nullable(noon.AddDays -1.0)
            else Nullable(noon.AddHours(float hour))

        let entry (stream: string) =
            Refold.EntryData(
                StreamId.Create stream,
                "placed",
                ReadOnlyMemory(Encoding.UTF8.GetBytes(string hour)),
                Role = EntryRole.Fact,
                Time = time,
                Tags = [| (if hour % 2 = 0 then "even" else "odd") |]
            )

        journal.AppendAsync(Refold.AppendRequest [| entry ("order/" + string (hour % 4)); entry "all" |]).AsTask()
        |> run
        |> ignore<Refold.Receipt>

let private over (test: ILocalJournal -> unit) =
    let folder = Directory.CreateTempSubdirectory("refold-evidence-").FullName

    try
        for uri in
            [
                "memory:"
                "segments:" + Path.Combine(folder, "s")
                "litedb:" + Path.Combine(folder, "l.db")
            ] do
            let journal = Refold.Journal.Open uri

            try
                fill journal
                test journal
            finally
                journal.DisposeAsync().AsTask().GetAwaiter().GetResult()
    finally
        Directory.Delete(folder, true)

let private stateAndBody (result: EvidenceResult<'State>) =
    match result with
    | Ok(state, report) -> state, (Examples.ok (Evidence.bodyJson report.Body)).ToText()
    | Error error -> failtest (string error)

let private sources =
    [
        []
        [ ProjectionSourceRef.Entity "all" ]
        [ ProjectionSourceRef.Tag "odd"; ProjectionSourceRef.Range(3L, 20L) ]
        [ ProjectionSourceRef.Entity "nobody" ]
    ]

let private inCSharp (sources: ProjectionSourceRef list) : Refold.Projection<int64> =
    let codec = Codec.int64 "count"

    let source =
        function
        | ProjectionSourceRef.Entity name -> ProjectionSource.Stream name :> ProjectionSource
        | ProjectionSourceRef.RelevantKind name -> ProjectionSource.Type name
        | ProjectionSourceRef.Tag tag -> ProjectionSource.Tag tag
        | ProjectionSourceRef.Range(first, last) -> ProjectionSource.Range(first, last)

    Refold.Projection.Create(
        "counting",
        1,
        sources |> List.map source |> Array.ofList,
        0L,
        Func<int64, JournalEntry, int64>(fun count _ -> count + 1L),
        Refold.Codec.Create<int64>(
            "count",
            Func<int64, ReadOnlyMemory<byte>>(fun count -> (Examples.ok (codec.Encode count)).Payload.Memory),
            Func<ReadOnlyMemory<byte>, int64>(fun bytes ->
                Examples.ok (codec.Decode { Type = "count"; SchemaVersion = 1; Payload = Bytes.Wrap bytes }))
        )
    )

[<Tests>]
let tests =
    testList
        "Evidence / in F#"
        [
            testCase "the bodies are those of C# and of the immutable journal, in every store" (fun () ->
                over (fun journal ->
                    let inMemory = run (Journal.toMemory journal)

                    for sources in sources do
                        let projection = Ledger.counting sources
                        let state, body = stateAndBody (Evidence.run projection journal)

                        let expected =
                            Refold.Core.Evidence.runWithEvidence ProjectionRunRequestedFreshness.Consistent projection inMemory

                        Expect.equal (state, body) (stateAndBody expected) "the immutable journal"
                        let inCSharp = journal.RunWithEvidence(inCSharp sources)
                        Expect.equal body (inCSharp.Report.BodyToJson()) "C#"
                        Expect.equal (Option.isSome state) inCSharp.HasState "whether there is a state"))

            testCase "as of a position and as of a time of it, the bodies are the same" (fun () ->
                over (fun journal ->
                    let projection = Ledger.counting []

                    // Hours 2 (no time) and 4 (the day before) count as of the hour before them.
                    for hour, batches in [ 0.0, 1L; 0.5, 1L; 1.0, 3L; 3.0, 6L; 2.9, 3L; 10.0, 12L; 100.0, 12L ] do
                        let asOf = Evidence.runAsOf (noon.AddHours hour) projection journal |> stateAndBody
                        Expect.equal asOf (Evidence.runAt (2L * batches) projection journal |> stateAndBody) (string hour)
                        Expect.equal (fst asOf) (Some(2L * batches)) (string hour)

                        let options = ProjectionOptions(AsOfTime = Nullable(noon.AddHours hour))
                        Expect.equal (run (Evidence.runWith options projection journal) |> stateAndBody) asOf "with options"

                    let state, body = Evidence.runAsOf (noon.AddTicks -1L) projection journal |> stateAndBody
                    Expect.isNone state "a state from before everything"
                    Expect.stringContains body "\"input_frontier\":null" "a frontier from before everything"))

            testCase "a kept state is gone on from, and a run that fails has its report" (fun () ->
                over (fun journal ->
                    let projection = Ledger.counting []
                    let options = ProjectionOptions(Cache = ProjectionCache(new InMemorySnapshotStore()))

                    let observed () =
                        match run (Evidence.runWith options projection journal) with
                        | Ok(state, report) -> state, report.Body.CacheStatus
                        | Error error -> failtest (string error)

                    Expect.equal (observed ()) (Some 24L, ProjectionRunCacheStatus.Miss) "at first"
                    Expect.equal (observed ()) (Some 24L, ProjectionRunCacheStatus.Hit) "again"
                    journal.DeleteToAsync(StreamId.Create "all", 2L).AsTask().GetAwaiter().GetResult()

                    match Evidence.run projection journal with
                    | Error(ProjectionRunReportError.ProjectionFailed(error, report)) ->
                        Expect.stringContains error.Message "history-dropped" "the reason"
                        Expect.contains report.Body.Findings ProjectionRunFinding.ProjectionFailed "the finding"
                    | _ -> failtest "What was deleted was left out."))
        ]

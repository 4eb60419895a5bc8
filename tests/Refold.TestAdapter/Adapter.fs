// Expecto under `dotnet test`: what the test platform calls to list tests and to run them, with its filters.
// Called by the test platform, which finds this assembly beside the tests. Delete the project when the community's adapter is on the feed.
namespace Refold.Expecto.TestAdapter

open System.Threading
open Microsoft.VisualStudio.TestPlatform.ObjectModel
open Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter
open Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging

/// Lists the Expecto tests of assemblies.
[<FileExtension ".dll"; FileExtension ".exe"; DefaultExecutorUri(Running.ExecutorUri)>]
type Discoverer() =
    interface ITestDiscoverer with
        member _.DiscoverTests(sources, _, logger, sink) =
            for source in sources do
                try
                    Running.discover source |> List.iter sink.SendTestCase
                with error ->
                    logger.SendMessage(TestMessageLevel.Error, $"{source}: {error}")

/// Runs the Expecto tests of assemblies, all of them or those that a filter chooses.
[<ExtensionUri(Running.ExecutorUri)>]
type Executor() =
    let cancellation = new CancellationTokenSource()

    static let valueOf (case: Running.PlatformCase) (property: string) : obj | null =
        match property with
        | "FullyQualifiedName" -> case.FullyQualifiedName
        | "DisplayName"
        | "Name" -> case.DisplayName
        | _ -> null

    static let chosen (context: IRunContext | null) : Running.PlatformCase -> bool =
        let known = [ "FullyQualifiedName"; "DisplayName"; "Name" ]

        match context with
        | null -> fun _ -> true
        | context ->
            match context.GetTestCaseFilter(known, (fun _ -> null)) with
            | null -> fun _ -> true
            | filter -> fun case -> filter.MatchTestCase(case, (fun property -> valueOf case property))

    let run (cases: Running.PlatformCase list) (handle: IFrameworkHandle) =
        for source, cases in cases |> List.groupBy _.Source do
            let ended (result: Running.PlatformResult) =
                handle.RecordEnd(result.TestCase, result.Outcome)
                handle.RecordResult result

            try
                Running.run source cases handle.RecordStart ended cancellation.Token
            with error ->
                handle.SendMessage(TestMessageLevel.Error, $"{source}: {error}")

    interface ITestExecutor with
        member _.RunTests(cases: Running.PlatformCase seq, _: IRunContext, handle: IFrameworkHandle) : unit = run (List.ofSeq cases) handle

        member _.RunTests(sources: string seq, context: IRunContext, handle: IFrameworkHandle) : unit =
            for source in sources do
                let cases =
                    try
                        Running.discover source
                    with error ->
                        handle.SendMessage(TestMessageLevel.Error, $"{source}: {error}")
                        []

                run (List.filter (chosen context) cases) handle

        member _.Cancel() = cancellation.Cancel()

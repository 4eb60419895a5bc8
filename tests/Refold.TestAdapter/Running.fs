// The Expecto tests of an assembly as cases of the test platform, and their results.
// Called by Adapter.fs.
module internal Refold.Expecto.TestAdapter.Running

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open System.Threading
open Expecto
open Expecto.Impl
open Microsoft.VisualStudio.TestPlatform.ObjectModel

type PlatformCase = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestCase
type PlatformResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult

[<Literal>]
let ExecutorUri = "executor://refold/expecto/v1"

let private fullName (test: FlatTest) = test.fullName "."

/// The tests of an assembly; none where it does not use Expecto.
let private testsOf (source: string) : (Assembly * Test) option =
    let assembly = Assembly.LoadFrom(Path.GetFullPath source)
    let usesExpecto = assembly.GetReferencedAssemblies() |> Array.exists (fun name -> name.Name = "Expecto")
    if usesExpecto then testFromAssembly assembly |> Option.map (fun test -> assembly, test) else None

/// Where the test stands, as far as the symbols say.
let private locationOf assembly (test: FlatTest) =
    try
        Some(getLocation assembly test.test) |> Option.filter (fun location -> location.sourcePath <> "")
    with _ ->
        None

let private caseOf source assembly (test: FlatTest) : PlatformCase =
    let case = PlatformCase(fullName test, Uri ExecutorUri, source, DisplayName = fullName test)

    match locationOf assembly test with
    | Some location ->
        case.CodeFilePath <- location.sourcePath
        case.LineNumber <- location.lineNumber
    | None -> ()

    case

/// The cases of an assembly. Two tests of one name throw: neither could be chosen, and results would be mixed up.
let discover (source: string) : PlatformCase list =
    match testsOf source with
    | None -> []
    | Some(assembly, test) ->
        let cases = Test.toTestCodeList test |> List.map (caseOf source assembly)

        match cases |> List.countBy _.FullyQualifiedName |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, _) -> invalidOp $"two tests have the name '{name}'"
        | None -> cases

let private colour = Regex(@"\x1b\[[0-9;]*m", RegexOptions.CultureInvariant)

let private plain (text: string) = colour.Replace(text, "").Trim('\r', '\n')

/// The message, and the lines behind it that are a stack trace.
let private splitTrace (message: string) =
    let isCall (line: string) = line.StartsWith("   at ", StringComparison.Ordinal)
    let lines = (plain message).Split('\n') |> Array.map _.TrimEnd('\r')
    let calls = lines |> Array.rev |> Array.takeWhile isCall |> Array.rev
    String.Join(Environment.NewLine, Array.truncate (lines.Length - calls.Length) lines), String.Join(Environment.NewLine, calls)

/// Runs the cases of one assembly as Expecto does, in parallel but for what is sequenced; every result is told as it comes.
let run
    (source: string)
    (cases: PlatformCase list)
    (started: PlatformCase -> unit)
    (ended: PlatformResult -> unit)
    (cancelled: CancellationToken)
    =
    let chosen = cases |> List.map (fun case -> case.FullyQualifiedName, case) |> Map.ofList

    let finish name outcome (duration: TimeSpan) message trace =
        async {
            let result = PlatformResult(chosen[name], Outcome = outcome, Duration = duration, DisplayName = name)
            result.EndTime <- DateTimeOffset.UtcNow
            result.StartTime <- result.EndTime - duration
            result.ErrorMessage <- message
            result.ErrorStackTrace <- trace
            lock chosen (fun () -> ended result)
        }

    let printer =
        { TestPrinters.silent with
            beforeEach = fun name _ -> async { lock chosen (fun () -> started chosen[name]) }
            passed = fun name duration -> finish name TestOutcome.Passed duration null null
            ignored = fun name reason -> finish name TestOutcome.Skipped TimeSpan.Zero (plain reason) null
            failed = fun name message duration -> splitTrace message ||> finish name TestOutcome.Failed duration
            exn =
                fun name error duration ->
                    finish name TestOutcome.Failed duration (plain $"{error.GetType()}: {error.Message}") error.StackTrace
        }

    match testsOf source with
    | None -> ()
    | Some(_, test) ->
        let config =
            { ExpectoConfig.defaultConfig with
                printer = printer
                noSpinner = true
                colour = Logging.Colour0
            }

        test
        |> Test.filter "." (fun name -> Map.containsKey (String.Join(".", name)) chosen)
        |> fun chosen -> evalTestsWithCancel cancelled config chosen false
        |> Async.RunSynchronously
        |> ignore

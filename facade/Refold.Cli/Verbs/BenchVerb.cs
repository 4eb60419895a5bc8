// `refold bench`: how fast this machine is with Refold, each row against a raw loop or a peer of the same run.
// Called from the command line. In a clone of the sources it starts the benchmark program there, which has the peers.
using System.CommandLine;
using System.Diagnostics;
using Refold.Bench;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class BenchVerb
{
    private const string Project = "tests/Refold.Benchmarks";

    private static readonly Option<string[]> Rows = new("--row")
    {
        Description = "Only rows of this name, or whose names begin so; may be given several times",
        HelpName = "NAME",
    };

    private static readonly Option<bool> List = Options.Flag("--list", "Name the rows and say what each measures");
    private static readonly Option<bool> Quick = Options.Flag(
        "--quick", "Everything in small: shows that it runs; the figures say nothing");
    private static readonly Option<bool> Growing = Options.Flag(
        "--growth", "Measure the cost of an entry in journals of more and more entries and streams; a Markdown table");

    private static readonly Option<int?> Rounds = Options.Number(
        "--rounds", "N", "How often both sides are measured. Default: 5", 1, 1_000);

    private static readonly Option<long?> Entries = Options.Number(
        "--entries", "N", "Entries of the largest journal. Default: 10 million for memory.peak, 1 million for --growth", 1_000L,
        100_000_000);

    private static readonly Option<int?> Streams = Options.Number(
        "--streams", "N", "Streams up to which --growth goes. Default: 100,000", 1, 1_000_000);

    private static readonly Option<string?> Target = Options.Text(
        "--directory", "DIR", "Where files are made and removed: on the device that is meant. Default: the system's temporary directory");

    public static Command Create()
    {
        var command = new Command("bench", "Measure: each row against a raw loop or a peer of the same run")
        {
            Rows, List, Quick, Growing, Rounds, Entries, Streams, Target,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var options = new BenchOptions
        {
            Rows = arguments.GetValue(Rows) ?? [],
            Json = arguments.GetValue(Options.Json),
            List = arguments.GetValue(List),
            Quick = arguments.GetValue(Quick),
            Growth = arguments.GetValue(Growing),
            Rounds = arguments.GetValue(Rounds) ?? 5,
            Entries = arguments.GetValue(Entries),
            Streams = arguments.GetValue(Streams),
            Directory = arguments.GetValue(Target),
        };
        return Clone() is { } clone
            ? await StartAsync(clone, options, cancellationToken)
            : RunHere(options, cancellationToken);
    }

    private static int RunHere(BenchOptions options, CancellationToken cancellationToken)
    {
        var error = Terminal.Current.Error;
        if (options.Rows.Count == 0 && !options.Growth && !options.List)
            error.WriteLine(
                "Rows whose peers are packages are measured in a clone of the sources: dotnet run -c Release --project " + Project);
        try
        {
            void Print(string line)
            {
                Output.Line(line);
                // A row takes seconds: it is read when it is there.
                Output.Flush();
            }

            return new BenchRun(OwnRows.All, Print, error).Run(
                options, " Rows whose peers are packages are measured in a clone of the sources.", cancellationToken)
                ? ExitCode.Done
                : ExitCode.Unreadable;
        }
        catch (BenchUsageException exception)
        {
            throw new ToolException(ExitCode.Usage, exception.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw Interruption.At("nothing is left of the files that were made", CommandText.Again());
        }
    }

    // The clone that this tool was built in; null for an installed tool. The current directory does not count: what lies there is not run.
    private static string? Clone()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Functional.sln")))
                return Directory.Exists(Path.Combine(folder.FullName, Project)) ? folder.FullName : null;
        }

        return null;
    }

    // Output and errors are its own; its exit codes are this tool's.
    private static async Task<int> StartAsync(string clone, BenchOptions options, CancellationToken cancellationToken)
    {
        string[] command = ["run", "-c", "Release", "--project", Path.Combine(clone, Project), "--", .. options.ToArguments()];
        using var process = Process.Start(new ProcessStartInfo("dotnet", command))
            ?? throw new ToolException(ExitCode.Unreadable, "dotnet, which builds and runs the benchmarks, cannot be started.");
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C reaches the benchmarks too; a signal that was sent to this process alone does not.
            process.Kill(entireProcessTree: true);
            throw Interruption.At("the benchmarks were stopped; files may be left in the temporary directory", CommandText.Again());
        }

        return process.ExitCode is ExitCode.Done or ExitCode.Negative or ExitCode.Usage or ExitCode.Unreadable
            ? process.ExitCode
            : throw new ToolException(ExitCode.Unreadable, "The benchmarks did not come to an end; what they said stands above.");
    }
}

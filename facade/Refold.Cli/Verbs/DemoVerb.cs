// `refold demo`: the whole story on one screen: record, kill, resume, replay, another rule, a flipped byte.
// Called from the command line by somebody who sees Refold for the first time.
using System.CommandLine;
using Refold.Cli.Demo;
using Refold.Cli.Scenarios;
using Refold.Cli.Shell;

namespace Refold.Cli.Verbs;

internal static class DemoVerb
{
    private const int SampleLines = 2000;
    private const ulong Seed = 42;
    private const string Marker = "made-by-refold-demo";

    private static readonly Option<string?> Input = Options.Text(
        "--input", "LOG", "An access log in the combined format. Default: a small one is made");
    private static readonly Option<string?> Target = Options.Text(
        "--directory", "DIR", "Where everything goes; an earlier demo there is replaced. Default: refold-demo");

    public static Command Create()
    {
        var command = new Command("demo", "Record, kill, resume, replay, tamper: the story on one screen") { Input, Target };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        byte[] log = ReadLog(arguments.GetValue(Input));
        string directory = arguments.GetValue(Target) ?? "refold-demo";
        Prepare(directory);
        string path = Path.Combine(directory, "access.log");
        await File.WriteAllBytesAsync(path, log, cancellationToken);
        List<ReadOnlyMemory<byte>> lines =
        [
            .. LineReader.Read(new MemoryStream(log), path, cancellationToken).Select(line => (ReadOnlyMemory<byte>)line.ToArray())
        ];
        bool asJson = arguments.GetValue(Options.Json);
        var story = new Story(asJson);
        var pin = DispatchPin.Create(Seed, Dispatch.DefaultChoices, Dispatch.DefaultBackends);
        var demo = new DemoSteps(directory, path, pin, story, cancellationToken);
        try
        {
            await TellAsync(demo, story, lines);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw Interruption.At($"what the demo made is in {directory}, which another demo replaces", CommandText.Again());
        }

        if (asJson) Output.Json(story.Facts);
        return ExitCode.Done;
    }

    private static async Task TellAsync(DemoSteps demo, Story story, List<ReadOnlyMemory<byte>> lines)
    {
        story.Facts["lines"] = lines.Count;
        story.Title(FormattableString.Invariant(
            $"Refold: {lines.Count} lines of an access log, dispatched to {Dispatch.DefaultBackends} backends by seeded dice."));
        await demo.RecordAndKillAsync([.. lines[..((lines.Count + 1) / 2)]], lines.Count);
        await demo.ResumeAsync();
        await demo.ReplayAsync();
        await demo.ReplayAnotherRuleAsync();
        await demo.TamperAsync();
        demo.SuggestCommands();
    }

    private static byte[] ReadLog(string? input)
    {
        if (input is null)
            return SampleLog.Create(SampleLines);
        using var stream = LineReader.Open(input);
        var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.Length > 0
            ? copy.ToArray()
            : throw new ToolException(ExitCode.Unreadable, $"{input} is empty; name an access log with lines in it.");
    }

    private static void Prepare(string directory)
    {
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            // Only what an earlier demo made is deleted.
            if (!File.Exists(Path.Combine(directory, Marker)))
                throw new ToolException(
                    ExitCode.Conflict, $"{directory} is not empty and no earlier demo made it; name another by --directory DIR.");
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, Marker), "");
    }
}

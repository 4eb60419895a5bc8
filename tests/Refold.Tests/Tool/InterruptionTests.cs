// Ctrl-C: exit code 130 from every verb, one line that says what is durable, and the command in it goes on.
// Run by `dotnet test`, copies in the short form; Soak has the long one.
using System.Diagnostics;
using System.Globalization;
using Refold.Cli.Demo;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Tool;

public sealed class InterruptionTests(ITestOutputHelper output) : IDisposable
{
    private const string ToGoOn = "To go on: refold ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("export")]
    [InlineData("export --salvage")]
    [InlineData("read --stream dispatch")]
    [InlineData("read --stream dispatch --follow")]
    [InlineData("streams")]
    [InlineData("runs")]
    [InlineData("state --stream dispatch")]
    [InlineData("diff {journal} {journal}")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("backup {new}")]
    [InlineData("copy {journal} segments:{new}")]
    [InlineData("compact --merge")]
    [InlineData("import {in} --again")]
    [InlineData("record --scenario dispatch --input {log} --run other")]
    [InlineData("replay")]
    [InlineData("demo --directory {new}")]
    public void EveryVerb_EndsWith130_AndOneLine(string line)
    {
        Record();
        directory.Write("in", """{"stream":"a","type":"t","data":1}""" + "\n");
        string[] arguments =
        [
            .. line.Split(' ').Select(word => word
                .Replace("{journal}", directory.Journal(), StringComparison.Ordinal)
                .Replace("{in}", directory.File("in"), StringComparison.Ordinal)
                .Replace("{log}", directory.File("log"), StringComparison.Ordinal)
                .Replace("{new}", directory.File("new"), StringComparison.Ordinal))
        ];
        using var source = new CancellationTokenSource();
        source.Cancel();
        string error = RefoldTool.RunInterrupted(source.Token, [.. arguments, "--journal", directory.Journal()]).ExpectError(130);
        Assert.StartsWith("refold: Interrupted: ", error, StringComparison.Ordinal);
        Assert.Contains("refold " + arguments[0], error, StringComparison.Ordinal);
        if (!line.StartsWith("demo", StringComparison.Ordinal))
            Assert.False(Directory.Exists(directory.File("new")));
        RefoldTool.Run("replay", "--run", "dispatch-7", "--journal", directory.Journal()).Expect(0);
    }

    [Fact]
    public void ARecordingThatIsInterruptedAtAnyMoment_SaysHowManyCommandsAreThere()
    {
        string log = directory.File("log");
        File.WriteAllBytes(log, SampleLog.Create(3_000));
        var interrupted = 0;
        for (var moment = 0; moment < 12; moment++)
        {
            // Each in a place of its own: what was interrupted may hold the lock until its process ends.
            string place = "segments:" + directory.File("journal" + moment.ToString(CultureInfo.InvariantCulture));
            using var source = new CancellationTokenSource();
            source.CancelAfter(TimeSpan.FromMilliseconds(12 * moment));
            var outcome = RefoldTool.RunInterrupted(
                source.Token, ["record", "--scenario", "dispatch", "--input", log, "--run", "r", "--journal", place]);
            if (outcome.ExitCode == 0) continue;
            interrupted++;
            string error = outcome.ExpectError(130);
            if (error.Contains("nothing was changed", StringComparison.Ordinal)) continue;
            using var journal = new Opened(place);
            int commands = journal.Value.ReadAll().Count(entry => entry.Run?.Value == "r" && entry.Role == EntryRole.Command);
            Assert.Matches(
                FormattableString.Invariant($"the run 'r' has {commands} commands, durable|")
                + (commands == 0 ? "nothing of the run 'r' was recorded" : "the run 'r' is as it was, durable"),
                error);
        }

        Assert.NotEqual(0, interrupted);
    }

    public static TheoryData<string> CopyingVerbs => [.. InterruptedCopies.Verbs];

    [Theory]
    [MemberData(nameof(CopyingVerbs))]
    public Task ACopyThatIsInterruptedAtAnyMoment_LeavesNothing_OrIsWhole(string verb) =>
        ToolSuites.InterruptedCopies.HoldsAsync(output, InterruptedCopies.Verbs, verb);

    [Fact]
    public void AnImport_EndsAtTheNextBatch_AndTheCommandItPrintsBringsInTheRest()
    {
        // More acknowledgements than a pipe holds.
        const int Entries = 15_000;
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, Entries).Select(Line)));
        using var process = RefoldProcess.Start([], "import", file, "--ack", "--journal", directory.Journal());
        string error = Interrupted(process, "ack 1");
        Assert.InRange(Head(), 1, Entries - 1);
        Assert.Contains(
            FormattableString.Invariant($"{Head()} of {Entries} entries are durable, up to position {Head()}. "), error,
            StringComparison.Ordinal);
        RefoldTool.Run(Command(error)).Expect(0);
        using var journal = new Opened(directory.Journal());
        Assert.Equal(
            Enumerable.Range(1, Entries).Select(number => number.ToString(CultureInfo.InvariantCulture)),
            journal.Value.ReadAll().Select(entry => System.Text.Encoding.UTF8.GetString(entry.Payload.Span)));
    }

    [Fact]
    public void ARecording_EndsAtTheNextLine_AndTheCommandItPrintsGivesTheHeadOfOneThatWasNot()
    {
        // More acknowledgements than a pipe holds, so that it cannot have ended before it is interrupted.
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(10_000));
        string[] record = ["record", "--scenario", "dispatch", "--input", directory.File("log"), "--journal"];
        using var process = RefoldProcess.Start([], [.. record, directory.Journal(), "--ack"]);
        string error = Interrupted(process, "ack 3");
        Assert.Contains("the run 'dispatch-0' has ", error, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"durable up to position {Head()}. "), error, StringComparison.Ordinal);
        string resumed = RefoldTool.Run([.. Command(error), "--json"]).Expect(0).Lines[^1];
        string whole = RefoldTool.Run([.. record, "memory:", "--json"]).Expect(0).Lines[^1];
        Assert.Equal(End(whole), End(resumed));

        static string End(string json) => json[json.IndexOf("\"stateHash\"", StringComparison.Ordinal)..];
    }

    [Fact]
    public void WaitingForAPipe_EndsToo_AndASecondInterruptCrashesNothing()
    {
        using var process = RefoldProcess.Start(
            [], "record", "--scenario", "dispatch", "--input", "-", "--ack", "--journal", directory.Journal());
        process.StandardInput.Write("broken line\n");
        process.StandardInput.Flush();
        Assert.StartsWith("ack ", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        Signal(process);
        Signal(process);
        Signal(process);
        var ended = RefoldProcess.Finish(process);
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("refold: Interrupted", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", ended.Error, StringComparison.Ordinal);
        RefoldTool.Run("verify", "--journal", directory.Journal()).Expect(0);
    }

    [Fact]
    public void AFollower_SaysWhereToGoOn()
    {
        Record();
        using var process = RefoldProcess.Start([], "read", "--stream", "dispatch", "--follow", "--journal", directory.Journal());
        for (int line = 0; line < 11; line++) Assert.NotNull(process.StandardOutput.ReadLine());
        Signal(process);
        var ended = RefoldProcess.Finish(process);
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("--from 12", Assert.Single(ended.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private void Record()
    {
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(12));
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--journal",
            directory.Journal()).Expect(0);
    }

    private long Head()
    {
        using var journal = new Opened(directory.Journal());
        return journal.Value.Head.Position;
    }

    /// <summary>Interrupts a process once it has said a line, and gives its one line of error.</summary>
    private static string Interrupted(Process process, string line)
    {
        while (process.StandardOutput.ReadLine() is { } said && said != line)
        {
            // Earlier acknowledgements.
        }

        Signal(process);
        var ended = RefoldProcess.Finish(process);
        Assert.Equal(130, ended.ExitCode);
        return Assert.Single(ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Signal(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The words of the printed command; nothing in a temporary directory's name needs quotes.</summary>
    private static string[] Command(string error) => error[(error.IndexOf(ToGoOn, StringComparison.Ordinal) + ToGoOn.Length)..].Split(' ');

    private static string Line(int number) => $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n";
}

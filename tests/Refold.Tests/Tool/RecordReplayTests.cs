// `refold record` and `refold replay` over a small log: identical, or where not.
// Run by `dotnet test`.
using System.Globalization;
using Refold.Cli.Demo;
using Refold.Cli.Scenarios;
using Xunit;

namespace Refold.Tests.Tool;

public class RecordReplayTests
{
    /// <summary>Of 200 lines of the sample log under seed 42; frozen, so that every build and machine must give it.</summary>
    private const string StateHash = "97f993fe22062bee79a52bbc8a6a1c2a37dd50c7af83a8e1500d5f7aead54e6c";

    private const string Head = "ee86798b7920f055f6dec3180da576a4592c80761b82bc33da3b2c480e0da760";

    [Fact]
    public void Recording_IsThatOfEveryOtherProcessAndStore_UnderEveryCulture()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(200));
        foreach (var (uri, culture) in (ReadOnlySpan<(string, string)>)[
            ("memory:", "en_US.UTF-8"), (directory.Journal("tr"), "tr_TR.UTF-8"), (directory.Journal("sv"), "sv_SE.UTF-8")])
        {
            var json = RefoldProcess.RunWith(
                new() { ["LC_ALL"] = culture },
                "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "42", "--journal", uri,
                "--json").Expect(0).Json;
            Assert.Equal("dispatch-42", json.GetProperty("run").GetString());
            Assert.Equal(
                (400, 200, 200, 1),
                (json.GetProperty("entries").GetInt32(), json.GetProperty("external").GetInt32(), json.GetProperty("derived").GetInt32(),
                    json.GetProperty("refused").GetInt32()));
            Assert.Equal(StateHash, json.GetProperty("stateHash").GetString());
            Assert.Equal(Head, json.GetProperty("head").GetProperty("hash").GetString());
            Assert.Equal("0", json.GetProperty("rng").GetProperty("wordPosition").GetString());
        }

        var replayed = RefoldProcess.RunWith(
            new() { ["LC_ALL"] = "sv_SE.UTF-8" }, "replay", "--journal", directory.Journal("tr"), "--json").Expect(0).Json;
        Assert.True(replayed.GetProperty("matched").GetBoolean());
        Assert.Equal(400, replayed.GetProperty("entries").GetInt32());
        Assert.Equal(StateHash, replayed.GetProperty("stateHash").GetString());
        Assert.Equal("null", replayed.GetProperty("divergence").GetRawText());
    }

    [Theory]
    [InlineData("tr-TR")]
    [InlineData("sv-SE")]
    public async Task Recording_DoesNotDependOnTheCultureOfItsThreads(string name)
    {
        // The tool sets the invariant culture for itself; here the library works under another one.
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.GetCultureInfo(name);
        try
        {
            await using var journal = Journal.Open("memory:");
            var recorder = new DispatchRecorder(journal, "dispatch-42", DispatchPin.Create(42, 2, 8), _ => { });
            var summary = await recorder.RecordAsync(new MemoryStream(SampleLog.Create(200)), "log");
            Assert.Equal((StateHash, Head), (summary.StateHash, journal.Head.Hash.ToString()));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
            CultureInfo.DefaultThreadCurrentCulture = null;
        }
    }

    [Fact]
    public void AnotherRule_IsAPinMismatch_AndWithoutThePinNamesTheFirstField()
    {
        using var directory = Recorded();
        var pinned = RefoldTool.Run("replay", "--choices", "3", "--journal", directory.Journal(), "--json")
            .Expect(1).Json.GetProperty("divergence");
        Assert.Equal("pin-mismatch", pinned.GetProperty("cause").GetString());
        Assert.Contains("choices", pinned.GetProperty("path").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ("2", "3"), (pinned.GetProperty("expected").GetString()!.Trim('"'), pinned.GetProperty("actual").GetString()!.Trim('"')));

        var field = RefoldTool.Run("replay", "--choices", "3", "--ignore-pin", "--journal", directory.Journal(), "--json")
            .Expect(1).Json;
        Assert.False(field.GetProperty("matched").GetBoolean());
        var divergence = field.GetProperty("divergence");
        Assert.StartsWith("/data/", divergence.GetProperty("path").GetString(), StringComparison.Ordinal);
        Assert.Equal("dispatch", divergence.GetProperty("stream").GetString());
        Assert.NotEqual(divergence.GetProperty("expected").GetString(), divergence.GetProperty("actual").GetString());
        string told = RefoldTool.Run("replay", "--choices", "3", "--ignore-pin", "--journal", directory.Journal()).Expect(1).Output;
        Assert.Contains(divergence.GetProperty("path").GetString()!, told, StringComparison.Ordinal);
    }

    [Fact]
    public void RunThatExists_IsAConflict_AndResumingACompleteOneChangesNothing()
    {
        using var directory = Recorded();
        string[] record =
        [
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "42", "--journal", directory.Journal()
        ];
        Assert.Contains("--resume", RefoldTool.Run(record).ExpectError(4), StringComparison.Ordinal);
        var resumed = RefoldTool.Run([.. record, "--resume", "--json"]).Expect(0).Json;
        Assert.Equal(60, resumed.GetProperty("alreadyThere").GetInt32());
        Assert.Contains("choices", RefoldTool.Run([.. record, "--resume", "--choices", "3"]).ExpectError(4), StringComparison.Ordinal);

        directory.Write("log", "another line\n");
        Assert.Contains("line 1", RefoldTool.Run([.. record, "--resume"]).ExpectError(4), StringComparison.Ordinal);

        RefoldTool.Run([.. record, "--run", "second"]).Expect(0);
        Assert.Contains("second", RefoldTool.Run("replay", "--journal", directory.Journal()).Expect(0).Output, StringComparison.Ordinal);
        RefoldTool.Run("replay", "--run", "dispatch-42", "--journal", directory.Journal()).Expect(0);
        Assert.Contains(
            "'third'", RefoldTool.Run("replay", "--run", "third", "--journal", directory.Journal()).ExpectError(3),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ExportedRun_StillReplays_WhereItIsImported()
    {
        using var directory = Recorded();
        string lines = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Output;
        RefoldTool.Run("import", directory.Write("run.ndjson", lines), "--journal", directory.Journal("copy")).Expect(0);
        RefoldTool.Run("replay", "--journal", directory.Journal("copy")).Expect(0);
        RefoldTool.Run("diff", directory.Journal(), directory.Journal("copy")).Expect(0);

        // One byte of a derived payload: the replay names the entry and the member.
        int at = lines.IndexOf("\"outstanding\":0", StringComparison.Ordinal) + "\"outstanding\":".Length;
        RefoldTool.Run("import", directory.Write("bent.ndjson", lines[..at] + "9" + lines[(at + 1)..]), "--journal", directory.Journal(
            "bent")).Expect(0);
        var divergence = RefoldTool.Run("replay", "--journal", directory.Journal("bent"), "--json")
            .Expect(1).Json.GetProperty("divergence");
        Assert.Equal(
            ("/data/outstanding", "9", "0"),
            (divergence.GetProperty("path").GetString(), divergence.GetProperty("expected").GetString(),
                divergence.GetProperty("actual").GetString()));
        var difference = RefoldTool.Run("diff", directory.Journal(), directory.Journal("bent"), "--json")
            .Expect(1).Json.GetProperty("difference");
        Assert.Equal(
            ("/data/outstanding", "0", "9"),
            (difference.GetProperty("path").GetString(), difference.GetProperty("expected").GetString(),
                difference.GetProperty("actual").GetString()));
    }

    [Fact]
    public void AggregatesOfAProgram_DecideAndFold_FromItsLibrary()
    {
        using var directory = Recorded();
        // The tool's own library has a public aggregate too, as a user's program would.
        RefoldTool.Run("replay", "--with", RefoldProcess.Assembly, "--journal", directory.Journal()).Expect(0);
        RefoldTool.Run("state", "--stream", "dispatch", "--with", RefoldProcess.Assembly, "--journal", directory.Journal()).Expect(0);
        Assert.Contains(
            "does not exist",
            RefoldTool.Run("replay", "--with", directory.File("none.dll"), "--journal", directory.Journal()).ExpectError(3),
            StringComparison.Ordinal);
        Assert.Contains(
            "cannot be loaded",
            RefoldTool.Run("replay", "--with", directory.File("log"), "--journal", directory.Journal()).ExpectError(3),
            StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsNoLog_IsRecordedAsItIs_AndTheToolAsksAboutIt()
    {
        using var directory = new TemporaryDirectory();
        var recorded = RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.Write("notes.txt", "a\nb\n"), "--journal",
            directory.Journal()).Expect(0);
        Assert.Contains("2, 2 refused", recorded.Output, StringComparison.Ordinal);
        Assert.Contains("none is in the combined format", recorded.Error, StringComparison.Ordinal);
        RefoldTool.Run("replay", "--journal", directory.Journal()).Expect(0);
    }

    // Entries of the run are left: neither "no run" nor an empty list is the answer.
    [Fact]
    public void ARunWhoseStartWasDropped_IsNamed()
    {
        using var directory = Recorded();
        RefoldTool.Run("compact", "--retain-from", "21", "--journal", directory.Journal()).Expect(0);
        const string Cut = "The start of the run 'dispatch-42' was deleted";
        Assert.Contains(Cut, RefoldTool.Run("replay", "--journal", directory.Journal()).ExpectError(3), StringComparison.Ordinal);
        Assert.Contains(
            Cut,
            RefoldTool.Run("replay", "--run", "dispatch-42", "--journal", directory.Journal()).ExpectError(3), StringComparison.Ordinal);
        Assert.Contains(Cut, RefoldTool.Run("runs", "--journal", directory.Journal()).Expect(0).Output, StringComparison.Ordinal);
        var listed = RefoldTool.Run("runs", "--journal", directory.Journal(), "--json").Expect(0).Json;
        Assert.Equal(0, listed.GetProperty("runs").GetArrayLength());
        Assert.Equal("dispatch-42", Assert.Single(listed.GetProperty("cut").EnumerateArray()).GetString());
    }

    private static TemporaryDirectory Recorded()
    {
        var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(60));
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "42", "--journal",
            directory.Journal()).Expect(0);
        return directory;
    }
}

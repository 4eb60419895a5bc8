// The verbs that look around: what their JSON says, and that they change nothing.
// Run by `dotnet test`.
using System.Text.Json;
using Refold.Cli.Demo;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Tool;

public sealed class LookingTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public LookingTests()
    {
        File.WriteAllBytes(directory.File("log"), SampleLog.Create(30));
        RefoldTool.Run(
            "record", "--scenario", "dispatch", "--input", directory.File("log"), "--seed", "7", "--journal",
            directory.Journal()).Expect(0);
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Streams_HaveNamesAndVersions()
    {
        var streams = Json("streams")
            .GetProperty("streams")
            .EnumerateArray()
            .ToDictionary(item => item.GetProperty("stream").GetString()!, item => item.GetProperty("version").GetInt64());
        Assert.Equal(29, streams["dispatch"]);
        Assert.Equal(33, streams["$run/dispatch-7"]);
        Assert.StartsWith("stream\tversion", Look("streams").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_HavePins()
    {
        var run = Assert.Single(Json("runs").GetProperty("runs").EnumerateArray());
        Assert.Equal("dispatch-7", run.GetProperty("run").GetString());
        Assert.True(run.GetProperty("ended").GetBoolean());
        Assert.Equal("2", run.GetProperty("pin").GetProperty("settings").GetProperty("choices").GetString());
        Assert.StartsWith("run\tposition", Look("runs").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void State_IsThatOfAVersion()
    {
        var empty = Json("state", "--stream", "dispatch", "--at", "0").GetProperty("state").GetProperty("backends");
        Assert.Equal(8, empty.GetArrayLength());
        Assert.All(empty.EnumerateArray(), busy => Assert.Equal(0, busy.GetArrayLength()));
        var first = Json("state", "--stream", "dispatch", "--at", "1");
        Assert.Equal(1, first.GetProperty("version").GetInt64());
        Assert.Equal(1, first.GetProperty("state").GetProperty("backends").EnumerateArray().Sum(busy => busy.GetArrayLength()));
        Assert.Equal(29, Json("state", "--stream", "dispatch").GetProperty("version").GetInt64());
        Look(2, "state", "--stream", "dispatch", "--at", "30");
        Look(3, "state", "--stream", "none");
        Look(3, "state", "--stream", "$run/dispatch-7");
    }

    [Fact]
    public void Read_IsNdjsonInAPipe_AndCanBeNarrowed()
    {
        var lines = Look("read", "--stream", "dispatch", "--from", "3", "--max", "2").Lines.Select(
            line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal([3, 4], lines.Select(line => line.GetProperty("version").GetInt32()));
        Assert.All(lines, line => Assert.Equal("Dispatched", line.GetProperty("type").GetString()));
        foreach (string verb in (string[])["read", "export", "state"])
        {
            string error = RefoldTool.Run(verb, "--stream", "none", "--journal", directory.Journal()).ExpectError(3);
            Assert.Equal("refold: The journal has no stream 'none'; 'refold streams' lists them.", error);
        }

        Assert.Equal("", Look("read", "--stream", "dispatch", "--from", "30").Output);
    }

    [Fact]
    public async Task Follow_PrintsWhatAnotherProcessAppends()
    {
        using var follower = RefoldProcess.Start([], "read", "--stream", "new", "--follow", "--max", "2", "--journal", directory.Journal());
        foreach (string data in (string[])["1", "2"])
        {
            string file = directory.Write("new.ndjson", $$"""{"stream":"new","type":"t","data":{{data}}}""" + "\n");
            RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
            string? line = await follower.StandardOutput.ReadLineAsync();
            Assert.EndsWith($"\"data\":{data}}}", line, StringComparison.Ordinal);
        }

        // It ends after as many as were asked for.
        Assert.Equal(0, RefoldProcess.Finish(follower).ExitCode);
    }

    [Fact]
    public void Inspect_TellsWhatWasOpened()
    {
        var json = Json("inspect");
        Assert.Equal((62, 2), (json.GetProperty("entries").GetInt32(), json.GetProperty("streams").GetInt32()));
        Assert.Equal(62, json.GetProperty("head").GetProperty("position").GetInt32());
        Assert.Equal("scan", json.GetProperty("opened").GetProperty("path").GetString());
        Assert.True(json.GetProperty("opened").GetProperty("elapsedMs").GetDouble() >= 0);
        Assert.Equal(
            ["planning", "restoring", "footers", "scanning"],
            json.GetProperty("opened").GetProperty("phasesMs").EnumerateObject().Select(phase => phase.Name));
        Assert.All(json.GetProperty("opened").GetProperty("phasesMs").EnumerateObject(), phase =>
            Assert.True(phase.Value.GetDouble() >= 0));
        Assert.Empty(json.GetProperty("opened").GetProperty("ignored").EnumerateArray());
        var segment = Assert.Single(json.GetProperty("segments").EnumerateArray());
        Assert.Equal(62, segment.GetProperty("entries").GetInt32());
        Assert.True(segment.GetProperty("bytes").GetInt64() > 0);
        Assert.False(segment.GetProperty("sealed").GetBoolean());
    }

    [Fact]
    public async Task Inspect_TellsThatACheckpointWasTaken()
    {
        var options = new JournalOptions { Segments = new() { CheckpointBytes = 1 } };
        await using (var journal = SegmentJournal.Open(directory.File("journal"), options))
            await journal.AppendAsync(new AppendRequest(new EntryData("one more", "t", "{}"u8.ToArray())));
        var opened = Json("inspect").GetProperty("opened");
        Assert.Equal(
            ("checkpoint", 63, 0),
            (opened.GetProperty("path").GetString(), opened.GetProperty("restored").GetInt32(), opened.GetProperty("tail").GetInt32()));
        Assert.Empty(opened.GetProperty("ignored").EnumerateArray());
        Assert.Matches("opened +by checkpoint in .* ms, 0 of 63 entries from their frames", Look("inspect").Output);
    }

    [Fact]
    public void Inspect_NamesWhatItDidNotUse()
    {
        File.WriteAllBytes(Path.Combine(directory.File("journal"), "index.0.7"), new byte[8192]);
        Assert.Contains(
            "index.0.7: ", Assert.Single(Json("inspect").GetProperty("opened").GetProperty("ignored").EnumerateArray()).GetString(),
            StringComparison.Ordinal);
        Assert.Matches("ignored +index.0.7: ", Look("inspect").Output);
    }

    [Fact]
    public void Verify_ComparesAHeadThatWasKept()
    {
        var json = Json("verify");
        Assert.True(json.GetProperty("ok").GetBoolean());
        Assert.Equal("null", json.GetProperty("first").GetRawText());
        string hash = json.GetProperty("head").GetProperty("hash").GetString()!;
        using (var journal = new Opened(directory.Journal()))
        {
            Assert.Equal(journal.Value.Head.Hash.ToString(), hash);
            Look("verify", "--head", journal.Value.HeadAt(21)!.Value.ToString());
        }

        Look("verify", "--head", hash);
        var other = RefoldTool.Run("verify", "--head", "62:" + new string('0', 64), "--journal", directory.Journal(), "--json")
            .Expect(1).Json;
        Assert.False(other.GetProperty("ok").GetBoolean());
        Assert.Equal(62, other.GetProperty("first").GetProperty("position").GetInt32());
        RefoldTool.Run("verify", "--head", "63:" + hash, "--journal", directory.Journal()).Expect(1);
    }

    [Fact]
    public void Diff_NamesWhatOneJournalHasMore()
    {
        string lines = RefoldTool.Run("export", "--journal", directory.Journal()).Expect(0).Output;
        RefoldTool.Run(
            "import", directory.Write("less.ndjson", lines[..(lines.LastIndexOf('\n', lines.Length - 2) + 1)]), "--journal",
            directory.Journal("less")).Expect(0);
        var difference = RefoldTool.Run("diff", directory.Journal(), directory.Journal("less"), "--json")
            .Expect(1).Json.GetProperty("difference");
        Assert.Equal((62, "absent"), (difference.GetProperty("position").GetInt32(), difference.GetProperty("actual").GetString()));
    }

    [Fact]
    public async Task Looking_ChangesNothing_AlsoBesideAWriter()
    {
        await using (Journal.Open(directory.Journal()))
        {
            var before = Files();
            foreach (string line in (string[])[
                "streams", "runs", "inspect", "verify", "export", "replay", "read --stream dispatch", "state --stream dispatch"])
                RefoldTool.Run([.. line.Split(' '), "--journal", directory.Journal()]).Expect(0);
            Assert.Contains(
                "in use",
                RefoldTool.Run(
                    "import", directory.Write("in", "{\"stream\":\"a\",\"type\":\"t\",\"data\":1}\n"), "--journal",
                    directory.Journal()).ExpectError(4),
                StringComparison.Ordinal);
            Assert.Equal(before, Files());
        }
    }

    [Theory]
    [InlineData("streams")]
    [InlineData("runs")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("replay")]
    [InlineData("read --stream s")]
    [InlineData("state --stream s")]
    [InlineData("export --salvage")]
    [InlineData("compact --merge")]
    [InlineData("backup {copy}")]
    [InlineData("copy {journal} segments:{copy}")]
    public void JournalThatIsNotThere_IsNotMade_AndTheRemedyIsNamed(string line)
    {
        Assert.Contains("name another by --journal, or make one with import or record", Refusal("none"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("none")));
        Assert.Contains("is a file; a journal in segment files is a directory", Refusal("log"), StringComparison.Ordinal);
        Directory.CreateDirectory(directory.File("empty"));
        Assert.Contains("no segment file is there. Name another, or make one", Refusal("empty"), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.File("empty")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root, "copied*"));

        string Refusal(string name)
        {
            string[] arguments =
            [
                .. line.Split(' ')
                    .Select(argument =>
                        argument.Replace("{copy}", directory.File("copied"), StringComparison.Ordinal)
                            .Replace("{journal}", directory.Journal(name), StringComparison.Ordinal))
            ];
            return RefoldTool.Run([.. arguments, "--journal", directory.Journal(name)]).ExpectError(3);
        }
    }

    private JsonElement Json(params string[] arguments) => Look([.. arguments, "--json"]).Json;

    private ToolResult Look(params string[] arguments) => RefoldTool.Run([.. arguments, "--journal", directory.Journal()]).Expect(0);

    private void Look(int exitCode, params string[] arguments) =>
        RefoldTool.Run([.. arguments, "--journal", directory.Journal()]).ExpectError(exitCode);

    // A lock that is held cannot be read; it is empty.
    private Dictionary<string, string> Files() => Directory.EnumerateFiles(directory.File("journal"))
        .Where(file => Path.GetFileName(file) != "lock")
        .ToDictionary(file => file, file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
}

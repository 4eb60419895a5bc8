// Bad input: one clear line, exit code 2 or 3, and nothing written.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Tool;

public class BadInputTests
{
    private const string Good = """{"stream":"a","type":"t","data":1}""";

    public static TheoryData<string, string, string> BadLines => new()
    {
        { "not JSON", "not json", "'{' expected" },
        { "an empty line", "", "the line is empty" },
        { "no object", "[1]", "line" },
        { "a missing stream", """{"type":"t","data":1}""", "'stream' is missing" },
        { "a missing type", """{"stream":"a","data":1}""", "'type' is missing" },
        { "a missing payload", """{"stream":"a","type":"t"}""", "'data' is missing" },
        { "an unknown member", """{"stream":"a","type":"t","data":1,"extra":1}""", "'extra' is unknown" },
        { "another kind", """{"stream":"a","type":"t","tags":["kind:other"],"data":1}""", "kind:other" },
        { "both kinds", """{"stream":"a","type":"t","tags":["kind:external","kind:derived"],"data":1}""", "contradict" },
        { "an empty stream", """{"stream":"","type":"t","data":1}""", "stream is empty" },
        { "513 bytes of stream", $$"""{"stream":"{{new string('s', 513)}}","type":"t","data":1}""", "513 bytes" },
        { "a lone surrogate", """{"stream":"a\ud800","type":"t","data":1}""", "surrogate" },
        { "a tag with a newline", """{"stream":"a","type":"t","tags":["x\ny"],"data":1}""", "control character" },
        { "a time without an offset", """{"stream":"a","type":"t","time":"2010-10-02T09:20:39","data":1}""", "time" },
        { "a space for the T", """{"stream":"a","type":"t","time":"2010-10-02 09:20:39Z","data":1}""", "where T must stand" },
        { "ten digits of a second", """{"stream":"a","type":"t","time":"2010-10-02T09:20:39.1234567801Z","data":1}""", "--truncate-times" },
        { "a schema version of 0", """{"stream":"a","type":"t","schemaVersion":0,"data":1}""", "schemaVersion" },
        { "a fractional position", """{"stream":"a","type":"t","position":1.5,"data":1}""", "position" },
    };

    [Theory]
    [MemberData(nameof(BadLines))]
    public void BadLine_NamesTheLineAndTheRule_AndNothingIsWritten(string what, string line, string rule)
    {
        using var directory = new TemporaryDirectory();
        // The second line is the bad one: the first must not be written either.
        string file = directory.Write("in.ndjson", $"{Good}\n{line}\n");
        string error = RefoldTool.Run("import", file, "--journal", directory.Journal()).ExpectError(3);
        Assert.True(
            error.Contains("line 2: ", StringComparison.Ordinal) && error.Contains(rule, StringComparison.Ordinal), $"{what}: {error}");
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void SixteenMegabytesOfPayload_AreRefused()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", $$"""{"stream":"a","type":"t","data":"{{new string('x', 16 << 20)}}"}""" + "\n");
        string error = RefoldTool.Run("import", file, "--journal", directory.Journal()).ExpectError(3);
        Assert.Contains("line 1: the entry has 16777", error, StringComparison.Ordinal);
        Assert.Contains("the limit is 15728640", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void InvalidUtf8_IsRefused()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("in.ndjson"), [.. "{\"stream\":\"a"u8, 0xFF, .. "\",\"type\":\"t\",\"data\":1}\n"u8]);
        RefoldTool.Run("import", directory.File("in.ndjson"), "--journal", directory.Journal()).ExpectError(3);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Theory]
    [InlineData(
        """{"stream":"a","type":"t","position":5,"data":1}""", """{"stream":"a","type":"t","position":5,"data":2}""", "position is 5")]
    [InlineData("""{"stream":"a","type":"t","version":1,"data":1}""", """{"stream":"a","type":"t","version":3,"data":2}""", "version is 3")]
    [InlineData(
        """{"stream":"a","type":"t","position":2,"batch":1,"data":1}""",
        """{"stream":"a","type":"t","position":4,"batch":2,"data":2}""",
        "batch is 2")]
    [InlineData("""{"stream":"a","type":"t","data":1}""", """{"stream":"a","type":"t","position":2,"batch":3,"data":2}""", "batch is 3")]
    public void PlaceThatDoesNotFit_IsRefused_WhereItWouldBeRestored(string first, string second, string rule)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", $"{first}\n{second}\n");
        string error = RefoldTool.Run("import", file, "--journal", directory.Journal()).ExpectError(3);
        Assert.Contains("line 2: " + rule, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void KeyThatIsUsedTwice_IsRefused()
    {
        using var directory = new TemporaryDirectory();
        string keyed = """{"stream":"a","type":"t","idempotencyKey":"k","data":1}""";
        string file = directory.Write("in.ndjson", $"{keyed}\n{Good}\n{keyed}\n");
        Assert.Contains(
            "line 3: the idempotency key 'k'", RefoldTool.Run("import", file, "--journal", directory.Journal()).ExpectError(3),
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.File("journal")));
    }

    [Fact]
    public void InputThatDoesNotExist_IsNamed()
    {
        using var directory = new TemporaryDirectory();
        string missing = directory.File("missing");
        Assert.Contains(
            missing, RefoldTool.Run("import", missing, "--journal", directory.Journal()).ExpectError(3), StringComparison.Ordinal);
        Assert.Contains(
            missing,
            RefoldTool.Run("record", "--scenario", "dispatch", "--input", missing, "--journal", directory.Journal()).ExpectError(3),
            StringComparison.Ordinal);
        RefoldTool.Run("import", directory.Root, "--journal", directory.Journal()).ExpectError(3);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Theory]
    [InlineData("record --scenario dispatch --input x --seed many", 2)]
    [InlineData("record --scenario other --input x", 2)]
    [InlineData("record --scenario dispatch --input {file} --choices 9", 2)]
    [InlineData("record --scenario dispatch --input {file} --choices 0", 2)]
    [InlineData("import {file} --journal nonsense", 2)]
    [InlineData("import {file} --journal ftp:x", 2)]
    [InlineData("import {file} --journal segments:", 2)]
    [InlineData("import {file} --journal postgres:x", 2)]
    [InlineData("import {file} --batch 0", 2)]
    [InlineData("read", 2)]
    [InlineData("read --stream= --journal memory:", 2)]
    [InlineData("verify --head abc", 2)]
    public void WrongArguments_AreOneLine_AndNothingIsWritten(string line, int exitCode)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in", Good + "\n");
        string[] arguments = [.. line.Split(' ').Select(argument => argument.Replace("{file}", file, StringComparison.Ordinal))];
        RefoldTool.Run(
            line.Contains("--journal", StringComparison.Ordinal)
                ? arguments
                : [.. arguments, "--journal", directory.Journal()]).ExpectError(exitCode);
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Fact]
    public void PlaceWhereNoJournalCanBe_IsRefused_AndStaysAsItIs()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in", Good + "\n");
        // A file where a directory is expected, and a directory in which even root makes none.
        foreach (string place in (string[])[file, "/proc/refold"])
        {
            RefoldTool.Run("import", file, "--journal", "segments:" + place).ExpectError(3);
            RefoldTool.Run("record", "--scenario", "dispatch", "--input", file, "--journal", "segments:" + place).ExpectError(3);
        }

        Assert.Equal(Good + "\n", File.ReadAllText(file));
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Fact]
    public void JournalOfAFutureFormat_IsRefusedByVersion_AndStaysAsItIs()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in", Good + "\n");
        RefoldTool.Run("import", file, "--journal", directory.Journal()).Expect(0);
        string segment = Directory.EnumerateFiles(directory.File("journal"), "*.seg").Single();
        byte[] bytes = File.ReadAllBytes(segment);
        // FORMAT.md: the format version is the little-endian word at offset 8 of a segment.
        bytes[8] = 5;
        File.WriteAllBytes(segment, bytes);
        foreach (string line in (string[])["import {file}", "export", "verify", "inspect", "replay"])
        {
            string error = RefoldTool.Run(
                [.. line.Replace("{file}", file, StringComparison.Ordinal).Split(' '), "--journal", directory.Journal()]).ExpectError(3);
            Assert.Contains("format version 5", error, StringComparison.Ordinal);
        }

        Assert.Equal(bytes, File.ReadAllBytes(segment));
    }
}

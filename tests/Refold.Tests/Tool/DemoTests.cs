// `refold demo` from outside: it tells the whole story, and what it suggests works as printed.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.Tests.Tool;

public class DemoTests
{
    [Fact]
    public void Demo_TellsTheStory_AndItsCommandsWorkAsPrinted()
    {
        using var directory = new TemporaryDirectory();
        string[] story = RefoldTool.Run("demo", "--directory", directory.File("demo")).Expect(0).Lines;
        Assert.InRange(story.Length, 1, 24);
        foreach (string word in (string[])[
            "recorded", "killed", "resumed", "same", "replayed    identical", "first differs at", "tampered"])
            Assert.Contains(story, line => line.Contains(word, StringComparison.Ordinal));
        string[] commands = [.. story.Where(line => line.StartsWith("  dotnet ", StringComparison.Ordinal))];
        Assert.Equal([0, 1, 1], commands.Select(Shell));
        Assert.Equal(3, commands.Length);

        // A second demo replaces the first, and nothing else.
        File.WriteAllBytes(directory.File("log"), Cli.Demo.SampleLog.Create(21));
        RefoldTool.Run("demo", "--input", directory.File("log"), "--directory", directory.File("demo")).Expect(0);
        Assert.Contains("not empty", RefoldTool.Run("demo", "--directory", directory.Root).ExpectError(4), StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_TakesALog()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("log"), Cli.Demo.SampleLog.Create(21));
        Assert.Contains(
            "11 of 21 commands",
            RefoldTool.Run("demo", "--input", directory.File("log"), "--directory", directory.File("demo")).Expect(0).Output,
            StringComparison.Ordinal);
        RefoldTool.Run("demo", "--input", directory.Write("empty", ""), "--directory", directory.File("other")).ExpectError(3);
        Assert.False(Directory.Exists(directory.File("other")));
    }

    [Fact]
    public void Demo_AsJson_IsOneObject()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("log"), Cli.Demo.SampleLog.Create(21));
        var json = RefoldTool.Run(
            "demo", "--json", "--input", directory.File("log"), "--directory", directory.File("demo")).Expect(0).Json;
        Assert.Equal((21, 11), (json.GetProperty("lines").GetInt32(), json.GetProperty("recorded").GetProperty("commands").GetInt32()));
        Assert.True(json.GetProperty("replayed").GetProperty("matched").GetBoolean());
        Assert.StartsWith("/data/", json.GetProperty("anotherRule").GetProperty("path").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("", json.GetProperty("tampered").GetProperty("found").GetString());
        Assert.Equal(3, json.GetProperty("try").GetArrayLength());
    }

    private static int Shell(string command)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return RefoldProcess.Finish(shell).ExitCode;
    }
}

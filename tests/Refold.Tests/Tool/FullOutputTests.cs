// Standard output on a full disk: never the exit code of something whole.
// Run by `dotnet test` where there is a device that is always full.
using System.Diagnostics;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Tool;

public class FullOutputTests(ITestOutputHelper output)
{
    private const string FullDevice = "/dev/full";

    [Theory]
    [InlineData("export", 3)]
    [InlineData("export", 3000)]
    [InlineData("inspect --json", 3)]
    [InlineData("verify --json", 3)]
    public void OutputThatCannotBeWritten_IsAnError(string verb, int entries)
    {
        // Other systems have no such device; a Linux without it is no place to test in.
        if (!OperatingSystem.IsLinux())
        {
            output.WriteLine("Not run: only Linux has " + FullDevice + ".");
            return;
        }

        Assert.True(File.Exists(FullDevice), FullDevice + " is not there.");

        using var directory = new TemporaryDirectory();
        string lines = string.Concat(Enumerable.Repeat("""{"stream":"s","type":"t","data":1}""" + "\n", entries));
        RefoldTool.Run("import", directory.Write("in.ndjson", lines), "--batch", "500", "--journal", directory.Journal()).Expect(0);
        using var shell = Process.Start(
            new ProcessStartInfo(
                "sh",
                ["-c", $"exec dotnet \"$0\" \"$@\" > {FullDevice}", RefoldProcess.Assembly, .. verb.Split(' '), "--journal",
                    directory.Journal()])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        string error = RefoldProcess.Finish(shell).ExpectError(3);
        Assert.Contains("The output cannot be written", error, StringComparison.Ordinal);
    }
}

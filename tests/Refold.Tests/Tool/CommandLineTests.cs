// What holds for the tool as a whole: version, help, and the shape of usage errors.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Tool;

public class CommandLineTests
{
    [Fact]
    public void AFullDevice_IsAnError_WithTheRemedy()
    {
        var (exitCode, message) = Cli.Shell.Failures.Describe(new NotAppendedException(new AppendFailure.NoRoom("No space left")));
        Assert.Equal(3, exitCode);
        Assert.Equal(
            "There is no room: No space left. Everything acknowledged is there; make room, and go on (import and record: with --resume).",
            message);
        Assert.Equal(
            (3, "No space left Check the device and its free room."), Cli.Shell.Failures.Describe(new IOException("No space left")));
    }

    [Fact]
    public void Version_IsThatOfTheLibrary() =>
        Assert.Equal(LibraryVersion.Text + "\n", RefoldProcess.Run("--version").Expect(0).Output);

    [Fact]
    public void Help_NamesEveryVerbAndTheExitCodes()
    {
        string help = RefoldTool.Run("--help").Expect(0).Output;
        Assert.Contains("Exit codes: 0 ", help, StringComparison.Ordinal);
        foreach (string verb in (string[])[
            "rng", "import", "export", "read", "streams", "runs", "state", "diff", "inspect", "verify", "record", "replay", "demo"])
            Assert.Contains($"\n  {verb} ", help, StringComparison.Ordinal);
    }

    [Fact]
    public void TheNameAlone_PrintsTheHelp_InAProcessOfItsOwnToo()
    {
        string help = RefoldTool.Run("--help").Expect(0).Output;
        Assert.Equal(help, RefoldTool.Run().Expect(0).Output);
        string own = RefoldProcess.Run().Expect(0).Output;
        Assert.Contains("refold [command] [options]", own, StringComparison.Ordinal);
        // The rest names no program.
        Assert.EndsWith(help[help.IndexOf("Options:", StringComparison.Ordinal)..], own, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_NamesTheStoresThereAre_AndNoOther()
    {
        string help = RefoldTool.Run("--help").Expect(0).Output;
        foreach (string scheme in (string[])["segments:", "litedb:", "memory:"])
            Assert.Contains(scheme, help, StringComparison.Ordinal);
        Assert.DoesNotContain("postgres", help, StringComparison.Ordinal);
        Assert.Contains("130 interrupted", help, StringComparison.Ordinal);
        string error = RefoldTool.Run("streams", "--journal", "postgres:Host=x").ExpectError(2);
        Assert.Contains("unknown scheme 'postgres'; known are ", error, StringComparison.Ordinal);
        Assert.Contains("litedb, ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Refold.Postgres", error, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoreWhosePackageIsNotThere_IsNamedWithThePackage()
    {
        using var directory = new TemporaryDirectory();
        string tool = Path.GetDirectoryName(RefoldProcess.Assembly)!;
        foreach (string file in Directory.EnumerateFiles(tool, "*.dll").Append(Path.Combine(tool, "refold-cli.runtimeconfig.json")))
        {
            if (Path.GetFileName(file) is not ("Refold.LiteDb.dll" or "LiteDB.dll"))
                File.CreateSymbolicLink(directory.File(Path.GetFileName(file)), file);
        }

        File.Delete(directory.File("refold-cli.dll"));
        File.Copy(RefoldProcess.Assembly, directory.File("refold-cli.dll"));
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("dotnet", [directory.File("refold-cli.dll"), "streams", "--journal", "litedb:x"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        string error = RefoldProcess.Finish(process).ExpectError(2);
        Assert.Contains("it comes with the package Refold.LiteDb", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evidence make --nonsense", "evidence make")]
    [InlineData("evidence verify", "evidence verify")]
    [InlineData("checkpoint verify a b", "checkpoint verify")]
    [InlineData("rng --nonsense", "rng")]
    public void WrongUsageOfAVerbBelowAnother_PointsToAHelpThatIsThere(string line, string verb)
    {
        Assert.EndsWith($"See: refold {verb} --help\n", RefoldTool.Run(line.Split(' ')).ExpectError(2) + "\n", StringComparison.Ordinal);
        // Here the program has the name of the test's.
        Assert.Contains($" {verb} ", RefoldTool.Run([.. verb.Split(' '), "--help"]).Expect(0).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("nonsense")]
    [InlineData("rng")]
    [InlineData("rng --seed")]
    [InlineData("rng --seed 1 --nonsense")]
    [InlineData("rng --seed 1 extra")]
    [InlineData("rng --seed forty-two")]
    [InlineData("rng --seed -1")]
    [InlineData("rng --seed 1,000")]
    [InlineData("rng --seed 18446744073709551616")]
    [InlineData("rng --seed 1 --word-pos 295147905179352825856")]
    [InlineData("rng --seed 1 --split 1/0")]
    [InlineData("rng --seed 1 --split 1//2")]
    public void WrongUsage_IsOneLineThatPointsToHelp(string line)
    {
        string error = RefoldTool.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ExpectError(2);
        Assert.True(error.Contains("--help", StringComparison.Ordinal) || error.Contains("such as", StringComparison.Ordinal), error);
    }
}

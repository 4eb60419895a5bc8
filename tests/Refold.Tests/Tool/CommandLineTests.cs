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
        string help = RefoldProcess.Run("--help").Expect(0).Output;
        Assert.Contains("Exit codes: 0 ", help, StringComparison.Ordinal);
        foreach (string verb in (string[])[
            "rng", "import", "export", "read", "streams", "runs", "state", "diff", "inspect", "verify", "record", "replay", "demo"])
            Assert.Contains($"\n  {verb} ", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
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
        string error = RefoldProcess.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ExpectError(2);
        Assert.True(error.Contains("--help", StringComparison.Ordinal) || error.Contains("such as", StringComparison.Ordinal), error);
    }
}

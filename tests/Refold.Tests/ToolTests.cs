// The `refold` tool as a program: started as a user starts it, judged by its output and exit code.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.Tests;

public class ToolTests
{
    [Fact]
    public void Version_IsThatOfTheLibrary()
    {
        using var tool = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "refold.dll"), "--version"])
        {
            RedirectStandardOutput = true,
        })!;
        string output = tool.StandardOutput.ReadToEnd();
        tool.WaitForExit();
        Assert.Equal(0, tool.ExitCode);
        Assert.Equal(LibraryVersion.Text, output.Trim());
    }
}

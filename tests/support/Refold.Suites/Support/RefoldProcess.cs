// Starts the built `refold` as a user does, and collects what it says.
// Used by every test of the tool.
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Refold.Suites;

/// <summary>What one run of the tool came to.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The one JSON object on standard output; fails where there is more or less than one line.</summary>
    public JsonElement Json
    {
        get
        {
            Assert.True(Lines.Length == 1, $"one line was expected: {this}");
            using var document = JsonDocument.Parse(Lines[0]);
            return document.RootElement.Clone();
        }
    }

    // A record would print the computed members too, and Json asserts.
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";

    public ToolResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {exitCode} was expected: {this}");
        return this;
    }

    /// <summary>Checks the shape of every error: the exit code, one line, no stack trace, nothing half said on standard output.</summary>
    public string ExpectError(int exitCode)
    {
        Expect(exitCode);
        Assert.Equal("", Output);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("refold: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Unexpected ", line, StringComparison.Ordinal);
        return line;
    }
}

internal static class RefoldProcess
{
    /// <summary>Long enough for a slow machine; only a hanging tool meets it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "refold-cli.dll");

    public static ToolResult Run(params string[] arguments) => RunWith([], arguments);

    public static ToolResult RunWith(Dictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        process.StandardInput.Close();
        return Finish(process);
    }

    public static Process Start(Dictionary<string, string> environment, params string[] arguments)
    {
        // Whoever started the tests in the background had them ignore interrupts, and so would the tool.
        string[] words = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];
        var start = new ProcessStartInfo(words[0], [.. words[1..], Assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public static ToolResult Finish(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException($"The tool did not end: {string.Join(' ', process.StartInfo.ArgumentList)}");
        }

        return new ToolResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}

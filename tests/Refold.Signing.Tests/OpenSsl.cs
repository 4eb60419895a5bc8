// Runs the openssl of the machine. A machine without it fails the test: there is no other judge of our signatures and keys.
// Used by OpenSslTests.
using System.Diagnostics;
using Xunit;

namespace Refold.Signing.Tests;

internal static class OpenSsl
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What it says on standard output, where it succeeds.</summary>
    public static string Run(params string[] arguments)
    {
        var (exitCode, output) = Try(arguments);
        Assert.True(exitCode == 0, $"openssl {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        return output;
    }

    /// <summary>Its exit code, and what it says.</summary>
    public static (int ExitCode, string Output) Try(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException("openssl did not end.");
        }

#pragma warning disable xUnit1031 // The process has ended, and so have its streams.
        return (process.ExitCode, output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult());
#pragma warning restore xUnit1031
    }
}

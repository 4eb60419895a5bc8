// A long import into a LiteDB journal, in a process that has little memory: what it needs does not grow with what it has written.
// Run by LiteDbSuites; the process is WritingProcess.
using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Refold.Suites;

internal static class LongImport
{
    /// <summary>Less than the file of so long an import; a process that needs more ends with an error.</summary>
    private const long HeapBytes = 28 << 20;

    /// <summary>Imports so many batches, reads them back, and is never short of memory.</summary>
    public static async Task RunAsync(Tally tally, int batches)
    {
        using var directory = new TemporaryDirectory();
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Program.Assembly, WritingProcess.Verb, directory.File("j.db"), WritingProcess.Import,
                batches.ToString(CultureInfo.InvariantCulture),
            ])
        {
            RedirectStandardOutput = true,
            // Hexadecimal.
            Environment = { ["DOTNET_GCHeapHardLimit"] = HeapBytes.ToString("x", CultureInfo.InvariantCulture) },
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {said}");
        // Entries, the size of the file, and the most memory that was used.
        var numbers = said.Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal((long)batches * WritingProcess.ImportedAtOnce, numbers[0]);
        Assert.InRange(numbers[1], HeapBytes, long.MaxValue);
        Assert.InRange(numbers[2], 0, 400_000_000);
        tally.Add("bytes", numbers[1]);
    }
}

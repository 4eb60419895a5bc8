// A process that has no file descriptor left opens a journal again and again, each time with one more.
// Started by the tests of errors of the system, under `ulimit -n`; its other end is called by Program.
using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Refold.Segments;

namespace Refold.Suites;

internal static class CrowdedProcess
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "open-crowded";

    private const int Descriptors = 300;

    private const int TooManyOpenFiles = 24;

    private const int MostFreed = 40;

    /// <summary>What each opening came to: "open" or "refused CODE MESSAGE", the last one with enough descriptors.</summary>
    public static string[] Run(string directory)
    {
        var limited = string.Create(CultureInfo.InvariantCulture, $"ulimit -n {Descriptors}; exec dotnet \"$0\" \"$@\"");
        using var process = Process.Start(
            new ProcessStartInfo("bash", ["-c", limited, Program.Assembly, Verb, directory]) { RedirectStandardOutput = true })!;
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0 ? lines : throw new InvalidOperationException(string.Join('\n', lines));
    }

    /// <summary>The other end.</summary>
    public static async Task<int> OpenAsync(string directory)
    {
        // What the runtime loads on the way needs descriptors too: once with enough, and once as if there were none.
        await OpenedAsync(new DirectoryDevice(directory));
        foreach (var verb in new[] { "list", "open", "lock", "create", "flush" })
            await OpenedAsync(new DirectoryDevice(directory) { Failing = (asked, _) => asked == verb ? TooManyOpenFiles : 0 });
        var taken = new Stack<SafeFileHandle>();
        try
        {
            while (true) taken.Push(File.OpenHandle("/dev/null"));
        }
        catch (IOException)
        {
            // None is left.
        }

        var lines = new List<string>();
        for (var freed = 0; freed < MostFreed; freed++)
        {
            lines.Add(await OpenedAsync(new DirectoryDevice(directory)));
            if (lines[^1] == "open") break;
            taken.Pop().Dispose();
        }

        foreach (var handle in taken) handle.Dispose();
        foreach (var line in lines) Console.WriteLine(line);
        return 0;
    }

    private static async Task<string> OpenedAsync(DirectoryDevice directory)
    {
        try
        {
            await SegmentJournal.Open(directory).DisposeAsync();
            return "open";
        }
        catch (JournalException exception)
        {
            return $"refused {exception.Code} {exception.Message}";
        }
    }
}

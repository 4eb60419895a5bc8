// A recording in a process of its own, which the demo feeds line by line and kills half way.
// Called by `refold demo`.
using System.Diagnostics;
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Demo;

internal static class RecordingChild
{
    /// <summary>How this program is started: by its own name, or by `dotnet` and its library.</summary>
    public static (string File, string[] Arguments) Self()
    {
        string host = Environment.ProcessPath ?? "dotnet";
        string library = typeof(RecordingChild).Assembly.Location;
        return Path.GetFileNameWithoutExtension(host) == "dotnet" ? (host, [library]) : (host, []);
    }

    /// <summary>Starts a recording, gives it the first lines, waits until that many commands are durable, and kills it.</summary>
    /// <param name="arguments">The arguments of `record`, with `--input -` and `--ack`.</param>
    /// <param name="lines">The lines it gets.</param>
    /// <param name="cancellationToken">Ends the waiting; the child is killed all the same.</param>
    /// <returns>The process id of the child, and the last position it acknowledged.</returns>
    public static async Task<(int ProcessId, long Position)> KillHalfWayAsync(
        string[] arguments, ArraySegment<ReadOnlyMemory<byte>> lines, CancellationToken cancellationToken)
    {
        var (file, self) = Self();
        using var child = Process.Start(new ProcessStartInfo(file, [.. self, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var feeding = FeedAsync(child.StandardInput.BaseStream, lines);
            long acknowledged = 0;
            // Its input stays open, so it cannot end before it is killed, however fast it is.
            for (int command = 0; command < lines.Count; command++)
            {
                string? told = await child.StandardOutput.ReadLineAsync(cancellationToken);
                // Ctrl-C goes to the child too, and it may be the first to end.
                cancellationToken.ThrowIfCancellationRequested();
                string line = told
                    ?? throw new ToolException(
                        ExitCode.Unreadable,
                        (await child.StandardError.ReadToEndAsync(CancellationToken.None))
                            .Replace("refold: ", "The recording ended early: ", StringComparison.Ordinal));
                acknowledged = long.Parse(line["ack ".Length..], CultureInfo.InvariantCulture);
            }

            await feeding;
            return (child.Id, acknowledged);
        }
        finally
        {
            // SIGKILL: nothing in the child runs after it.
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task FeedAsync(Stream input, ArraySegment<ReadOnlyMemory<byte>> lines)
    {
        foreach (var line in lines)
        {
            await input.WriteAsync(line);
            await input.WriteAsync("\n"u8.ToArray());
        }

        await input.FlushAsync();
    }
}

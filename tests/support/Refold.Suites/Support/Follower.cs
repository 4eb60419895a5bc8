// A process that reads a stream for as long as it grows: `refold read --follow`, and what it has printed so far.
// Used by tests of readers in other processes.
using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Refold.Suites;

/// <summary>A follower of a stream from its first version on; killed when disposed.</summary>
internal sealed class Follower : IDisposable
{
    /// <summary>Long enough for a slow machine; only a reader that misses something meets it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly Task<string> errors;
    private readonly Task reading;
    private readonly List<string> lines = [];

    /// <summary>Starts one, which ends by itself after so many entries.</summary>
    public Follower(string journal, string stream, int entries)
    {
        process = RefoldProcess.Start(
            [], "read", "--stream", stream, "--follow", "--max", entries.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--journal", journal);
        errors = process.StandardError.ReadToEndAsync();
        reading = Task.Run(ReadAsync);
    }

    public List<string> Lines
    {
        get
        {
            lock (lines) return [.. lines];
        }
    }

    public List<long> Positions => [.. Lines.Select(PositionOf)];

    public static long PositionOf(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("position").GetInt64();
    }

    /// <summary>Waits until so many lines were printed.</summary>
    public async Task WaitForAsync(int count)
    {
        var clock = Stopwatch.StartNew();
        while (Lines.Count < count)
        {
            Assert.False(
                process.HasExited && reading.IsCompleted && Lines.Count < count,
                $"The follower ended with {Lines.Count} of {count} lines.");
            Assert.True(clock.Elapsed < Patience, $"The follower has {Lines.Count} of {count} lines.");
            await Task.Delay(2);
        }
    }

    /// <summary>Waits for its end, which must be a good one.</summary>
    public async Task EndAsync()
    {
        await reading.WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal((0, ""), (process.ExitCode, await errors));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (lines) lines.Add(line);
        }
    }
}

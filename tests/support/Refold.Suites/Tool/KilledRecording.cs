// SIGKILL anywhere in a recording: resumed, it ends as one that was never killed.
// Run by ToolSuites.
using System.Diagnostics;
using System.Globalization;
using Refold.Cli.Demo;
using Xunit;

namespace Refold.Suites;

internal static class KilledRecording
{
    private const int Lines = 400;

    /// <summary>A recording that is killed twice, early and late; where all is tried, also one that is killed five times.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, bool isShort)
    {
        var random = SeededRng.FromSeed(seed);
        // Before the first line, at random lines, and when only the end of the run is missing.
        int[] early = [0, 1, random.Between(2, 150)];
        int[] late = [random.Between(151, Lines - 1), Lines];
        await KilledAtAsync(tally, [random.Pick(early), random.Pick(late)]);
        if (!isShort) await KilledAtAsync(tally, [.. early, .. late]);
    }

    private static async Task KilledAtAsync(Tally tally, int[] places)
    {
        using var directory = new TemporaryDirectory();
        byte[] log = SampleLog.Create(Lines);
        File.WriteAllBytes(directory.File("log"), log);
        string[] Record(string uri, string input) =>
            ["record", "--scenario", "dispatch", "--input", input, "--seed", "42", "--resume", "--ack", "--json", "--journal", uri];
        string never = RefoldTool.Run(Record("memory:", directory.File("log"))).Expect(0).Lines[^1];
        foreach (int lines in places)
        {
            using var recording = RefoldProcess.Start([], Record(directory.Journal(), "-"));
            await FeedAsync(recording, log, lines);
            recording.Kill();
            await recording.WaitForExitAsync();
            tally.Add("kills");
        }

        var resumed = RefoldTool.Run([.. Record(directory.Journal(), directory.File("log"))]).Expect(0);
        Assert.Equal(Without("alreadyThere", never), Without("alreadyThere", resumed.Lines[^1]));
        RefoldTool.Run("replay", "--journal", directory.Journal()).Expect(0);
    }

    /// <summary>Gives the recording the first lines of the log. Its input stays open, so the run cannot end.</summary>
    private static async Task FeedAsync(Process recording, byte[] log, int lines)
    {
        int length = 0;
        for (int line = 0; line < lines; line++)
            length = Array.IndexOf(log, (byte)'\n', length) + 1;
        // What an earlier recording brought in is not acknowledged again, so progress is a line that was not there before:
        // the last one is acknowledged, at position 1 + 2 * lines, behind the run's start.
        await recording.StandardInput.BaseStream.WriteAsync(log.AsMemory(0, length));
        await recording.StandardInput.BaseStream.FlushAsync();
        string last = "ack " + (1 + (2 * lines)).ToString(CultureInfo.InvariantCulture);
        while (lines > 0 && await recording.StandardOutput.ReadLineAsync() is { } line && line != last)
        {
            // Earlier acknowledgements.
        }
    }

    private static string Without(string member, string json)
    {
        var parsed = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
        Assert.True(parsed.Remove(member));
        return parsed.ToJsonString();
    }
}

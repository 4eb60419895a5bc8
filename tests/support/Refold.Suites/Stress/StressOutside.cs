// A reader in another process: asked for a position that was answered, it says whether everything it
// reads fits that and what it read before.
// Started by StressRun; its other end is called by Program.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Suites;

/// <summary>The process, as the one that asks sees it.</summary>
internal sealed class StressOutside : IDisposable
{
    /// <summary>The answer where nothing is wrong.</summary>
    public const string Right = "right";

    /// <summary>The first argument of the process.</summary>
    public const string Verb = "read-beside";

    private readonly Process process;

    private StressOutside(Process process) => this.process = process;

    public static StressOutside Start(string directory) => new(Process.Start(
        new ProcessStartInfo("dotnet", [Program.Assembly, Verb, directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);

    /// <summary>Asks once.</summary>
    public async Task<string?> AskAsync(long position)
    {
        await process.StandardInput.WriteLineAsync(position.ToString(CultureInfo.InvariantCulture));
        await process.StandardInput.FlushAsync();
        return await process.StandardOutput.ReadLineAsync();
    }

    /// <summary>The end of its input ends it.</summary>
    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(30))) process.Kill();
        process.Dispose();
    }

    /// <summary>The other end.</summary>
    public static async Task<int> AnswerAsync(string directory)
    {
        await using var reader = SegmentJournal.Open(directory, new JournalOptions { ReadOnly = true, Segments = new() { OpenFiles = 3 } });
        var facts = new StressFacts();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string answer;
            try
            {
                Look(reader, facts, long.Parse(line, CultureInfo.InvariantCulture));
                answer = Right;
            }
#pragma warning disable CA1031 // Told to the one who asks.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                answer = exception.ToString().ReplaceLineEndings(" ");
            }

            await Console.Out.WriteLineAsync(answer);
            await Console.Out.FlushAsync();
        }

        return 0;
    }

    private static void Look(SegmentJournal reader, StressFacts facts, long acknowledged)
    {
        var head = reader.Head;
        StressFacts.Demand(head.Position >= acknowledged, () => $"the head is {head}, behind {acknowledged}");
        facts.SeeHead(head, "outside");
        var last = 0L;
        foreach (var entry in reader.ReadAll())
        {
            StressFacts.Demand(entry.Position > last, () => $"{entry} after {last}");
            last = entry.Position;
            facts.See(last, StressEntry.Of(entry), "outside");
        }

        foreach (var (position, seen) in facts.Heads)
            StressFacts.Demand(reader.HeadAt(position) is not { } found || found == seen, () => $"the head at {position} is not {seen}");
    }
}

// Processes killed with SIGKILL at numbered steps inside rotation, compaction and checkpointing: opened again, every entry reads back.
// Run by SegmentSuites; the process is KilledProcess.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class KilledSteps
{
    private const int DroppedBefore = 8;

    /// <summary>What the process does, and how many steps that has at least.</summary>
    public static IReadOnlyList<(string Work, int LeastSteps)> Works { get; } =
        [("rotate", 8), ("merge", 20), ("retain", 20), ("delete", 20), ("checkpoint", 25)];

    /// <summary>What the process of a seed does.</summary>
    public static (string Work, int LeastSteps) Of(ulong seed) => Works[(int)(seed % (ulong)Works.Count)];

    /// <summary>Kills at one of so many steps, in a process each, until one comes to its end; at all where it is 1.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int every)
    {
        var (work, leastSteps) = Of(seed);
        for (var step = (int)(seed / (ulong)Works.Count % (ulong)every); ; step += every)
        {
            var directory = Directory.CreateTempSubdirectory("refold-killed-").FullName;
            try
            {
                var (isDone, acknowledged) = Run(directory, work, step);
                await JudgeAsync(directory, work, acknowledged, isDone);
                if (isDone)
                {
                    Assert.InRange(step, leastSteps, 400);
                    return;
                }

                tally.Add("kills");
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{work}, killed at step {step}: {exception.Message}", exception);
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    /// <summary>Whether the process came to its end, and the last position that was answered.</summary>
    private static (bool IsDone, long Acknowledged) Run(string directory, string work, int step)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Program.Assembly, KilledProcess.Verb, directory, work, step.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        // 137: ended by signal 9.
        Assert.True(process.ExitCode is 0 or 137, $"{work}, step {step}: exit code {process.ExitCode}");
        return (process.ExitCode == 0, lines.Length == 0 ? 0 : long.Parse(lines[^1]["ack ".Length..], CultureInfo.InvariantCulture));
    }

    private static async Task JudgeAsync(string directory, string work, long acknowledged, bool isDone)
    {
        await using (var reader = SegmentJournal.Open(directory, new JournalOptions { ReadOnly = true })) Check(
            reader, work, acknowledged, isDone);
        await using (var journal = SegmentJournal.Open(directory, CrashStore.Small))
        {
            Check(journal, work, acknowledged, isDone);
            Assert.Equal(
                journal.Head.Position + 1, (await journal.AppendAsync(new AppendRequest(CrashStore.Entry("after")))).FirstPosition);
            if (work != "rotate") await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
        }

        Assert.Null(SegmentJournal.Verify(directory).First);
        Assert.DoesNotContain(Directory.GetFiles(directory).Select(Path.GetFileName), name =>
            name is "index.new" or "pending" or "pending.new" or "compacted.new");
    }

    private static void Check(SegmentJournal journal, string work, long acknowledged, bool isDone)
    {
        // A batch that was written and not answered may be there.
        Assert.InRange(journal.Head.Position, acknowledged, isDone ? acknowledged : acknowledged + 1);
        var begin = journal.Begin.Position;
        Assert.True(begin == 0 || (work == "retain" && begin == DroppedBefore - 1));
        var gone = journal.Streams().Single(stream => stream.Stream.Value == "odd").Floor;
        var isDeleted = work == "delete" && gone > 0;
        var expected = from position in Enumerable.Range(1, (int)journal.Head.Position)
                       where position > begin && !(isDeleted && position <= KilledProcess.Entries && position % 2 == 1)
                       select (long)position;
        Assert.Equal(expected, journal.ReadAll().Select(Checked));
        for (var position = 1L; position <= acknowledged; position++)
            Assert.Equal(position, journal.FindByKey(position.ToString(CultureInfo.InvariantCulture))!.FirstPosition);
    }

    /// <summary>The position, once the entry is the one that was appended there.</summary>
    private static long Checked(JournalEntry entry)
    {
        Assert.Equal(KilledProcess.StreamAt(entry.Position), entry.Stream.Value);
        Assert.StartsWith(
            entry.Position.ToString(CultureInfo.InvariantCulture) + " xxx", Encoding.UTF8.GetString(entry.Payload.Span),
            StringComparison.Ordinal);
        return entry.Position;
    }
}

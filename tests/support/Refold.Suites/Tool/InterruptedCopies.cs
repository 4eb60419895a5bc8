// Backups and copies that are interrupted, at once and at moments within the time they take: each left nothing, or is whole.
// Run by ToolSuites.
using Xunit;

namespace Refold.Suites;

internal static class InterruptedCopies
{
    private const int Batches = 40;
    private const int EntriesOfABatch = 500;

    /// <summary>A little more than a copy takes.</summary>
    private const int Milliseconds = 100;

    /// <summary>What a seed interrupts by the remainder.</summary>
    public static IReadOnlyList<string> Verbs { get; } = ["backup", "copy"];

    /// <summary>Interrupts at so many moments: the first before it begins, the others drawn.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int moments)
    {
        var (verb, rng) = (Verbs[(int)(seed % (ulong)Verbs.Count)], SeededRng.FromSeed(seed));
        using var directory = new TemporaryDirectory();
        await using (var journal = Journal.Open(directory.Journal()))
        {
            var batch = new AppendRequest([.. Enumerable.Repeat(Samples.Entry("s", new string('1', 200)), EntriesOfABatch)]);
            for (var number = 0; number < Batches; number++) await journal.AppendAsync(batch);
        }

        for (var moment = 0; moment < moments; moment++)
        {
            var place = directory.File("copy" + moment);
            using var source = new CancellationTokenSource();
            if (moment == 0) await source.CancelAsync();
            else source.CancelAfter(rng.Between(1, Milliseconds));
            string[] line = verb == "backup"
                ? ["backup", place, "--journal", directory.Journal()]
                : ["copy", directory.Journal(), "segments:" + place];
            var run = RefoldTool.RunInterrupted(source.Token, line);
            if (run.ExitCode == 0)
            {
                RefoldTool.Run("verify", "--journal", "segments:" + place).Expect(0);
                tally.Add("whole");
                continue;
            }

            Assert.Matches("^refold: Interrupted: nothing was (left|changed)", run.ExpectError(130));
            Assert.False(Directory.Exists(place));
            tally.Add("interrupted");
        }
    }
}

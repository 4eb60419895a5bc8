// Writers in other processes, killed at random times, take nothing away that a reader in another process saw.
// Run by ToolSuites.
using System.Globalization;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class KilledBesideReaders
{
    private const int Entries = 4000;

    /// <summary>Kills so many writers of one journal, beside a reader that outlives them all and one for each.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        var random = SeededRng.FromSeed(seed);
        using var directory = new TemporaryDirectory();
        var (uri, path) = (directory.Journal(), directory.File("journal"));
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, Entries).Select(Line)));
        await SegmentJournal.Open(path, new JournalOptions { Segments = new() { SegmentBytes = 16 * 1024 } }).DisposeAsync();
        // One follower for all of it: it survives each writer's end, what the next one heals, and its going on.
        using var first = new Follower(uri, "s", Entries);
        for (int kill = 0; kill < kills; kill++)
        {
            using var import = RefoldProcess.Start([], "import", file, "--ack", "--resume", "--batch", "1", "--journal", uri);
            using var other = new Follower(uri, "s", Entries);
            for (int left = random.Between(1, 300); left > 0 && await import.StandardOutput.ReadLineAsync() is not null; left--)
            {
                // Until it comes to a random place.
            }

            await Task.Delay(random.Between(0, 30));
            import.Kill();
            await import.WaitForExitAsync();
            tally.Add("kills");
            // The next writer recovers: what it finds is what there is.
            List<string> there;
            await using (var journal = SegmentJournal.Open(path)) there =
            [
                .. journal.ReadStream("s").Select(entry => entry.Position.ToString(CultureInfo.InvariantCulture))
            ];
            foreach (var follower in new[] { first, other })
            {
                await follower.WaitForAsync(there.Count);
                Assert.Equal(there, follower.Positions.Select(position => position.ToString(CultureInfo.InvariantCulture)));
            }
        }

        RefoldTool.Run("import", file, "--resume", "--journal", uri).Expect(0);
        await first.EndAsync();
        Assert.Equal(RefoldTool.Run("read", "--stream", "s", "--journal", uri).Expect(0).Lines, first.Lines);
        Assert.Equal(Entries, first.Lines.Count);
    }

    private static string Line(int number) => $$"""{"stream":"s","type":"t","data":{{number}}}""" + "\n";
}

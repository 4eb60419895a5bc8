// SIGKILL at random moments of a process that appends, deletes and takes snapshots: everything it said is so, and the next one goes on.
// Run by LiteDbSuites; the process is WritingProcess.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Refold.Suites;

internal static class KilledWriter
{
    /// <summary>Kills so many processes one after the other over one journal, which must have what each said.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        var random = SeededRng.FromSeed(seed).AsRandom();
        using var directory = new TemporaryDirectory();
        var path = directory.File("j.db");
        for (var kill = 0; kill < kills; kill++)
        {
            var said = await KilledAsync(path, random);
            if (File.Exists(path)) await CheckAsync(path, said);
            else Assert.Empty(said);
            tally.Add("kills");
        }
    }

    private static async Task<List<string[]>> KilledAsync(string path, Random random)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Program.Assembly, WritingProcess.Verb, path, random.Next().ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true
        };
        using var process = Process.Start(start)!;
        var lines = new List<string>();
        // Sometimes while it opens, else somewhere in its work.
        for (
            var left = random.Next(8) == 0 ? 0 : random.Next(1, 60);
            left > 0 && await process.StandardOutput.ReadLineAsync() is { } line;
            left--)
            lines.Add(line);
        if (lines.Count == 0) await Task.Delay(random.Next(600));
        process.Kill();
        await process.WaitForExitAsync();
        var rest = await process.StandardOutput.ReadToEndAsync();
        // A last line without its end was not said.
        lines.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return [.. lines.Where(line => line != "open").Select(line => line.Split(' '))];
    }

    private static async Task CheckAsync(string path, List<string[]> said)
    {
        await using (var journal = LiteDbJournal.Open(path))
        await using (var snapshots = LiteDbSnapshotStore.Open(path))
        {
            foreach (var words in said)
            {
                var number = long.Parse(words[2], CultureInfo.InvariantCulture);
                if (words[0] == "appended") Assert.Equal(words[1], journal.HeadAt(number)?.Hash);
                if (words[0] == "deleted")
                    Assert.InRange(journal.Streams().Single(stream => stream.Stream.Value == words[1]).Floor, number, long.MaxValue);
            }

            foreach (var last in said.Where(words => words[0] == "saved").GroupBy(words => words[1]).Select(group => group.Last()))
                Assert.InRange(
                    snapshots.Load(StreamId.Create(last[1])).Snapshot!.Version, long.Parse(last[2], CultureInfo.InvariantCulture),
                    long.MaxValue);
            Assert.Empty(snapshots.List().Findings);
            Assert.All(journal.ReadAll(), entry =>
                Assert.Equal(entry.Position.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString(entry.Payload.Span)));
            Assert.Equal(journal.ReadAll().Count(), journal.Query(Query.WithTags("all")).Entries.Count);
            var next = journal.Head.Position + 1;
            await journal.AppendAsync(new AppendRequest(
                new EntryData("s0", "t", Encoding.UTF8.GetBytes(next.ToString(CultureInfo.InvariantCulture))) { Tags = ["all"] }));
        }

        Assert.Null(LiteDbJournal.Verify(path).First);
    }
}

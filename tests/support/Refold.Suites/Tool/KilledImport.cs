// SIGKILL at random moments of an import: what was acknowledged is there, and the next import goes on.
// Run by ToolSuites.
using System.Globalization;
using Xunit;

namespace Refold.Suites;

internal static class KilledImport
{
    private const int Entries = 6000;

    /// <summary>One journal, whose imports are killed until a file is in or it was enough; one more brings in the rest.</summary>
    public static async Task RunAsync(Tally tally, ulong seed, int kills)
    {
        var random = SeededRng.FromSeed(seed);
        using var directory = new TemporaryDirectory();
        string file = directory.Write("in.ndjson", string.Concat(Enumerable.Range(1, Entries).Select(Line)));
        string journal = directory.Journal();
        long there = 0;
        for (int kill = 0; kill < kills && there < Entries; kill++)
        {
            long acknowledged = await KilledAsync(random, file, journal);
            there = CheckAll(journal, acknowledged);
            tally.Add("kills");
        }

        RefoldTool.Run("import", file, "--resume", "--journal", journal).Expect(0);
        Assert.Equal(Entries, CheckAll(journal, Entries));
        RefoldTool.Run("verify", "--journal", journal).Expect(0);
    }

    /// <summary>Starts an import, lets it come to a random moment, kills it, and gives the last position it acknowledged.</summary>
    private static async Task<long> KilledAsync(SeededRng random, string file, string journal)
    {
        using var import = RefoldProcess.Start([], "import", file, "--ack", "--resume", "--journal", journal);
        long last = 0;
        if (random.Chance(0.3))
        {
            // Any moment: while the runtime starts, the file is checked, the journal is opened or written.
            await Task.Delay(random.Between(0, 400));
        }
        else
        {
            for (int left = random.Between(1, 300); left > 0 && await import.StandardOutput.ReadLineAsync() is { } line; left--)
                last = Acknowledged(line, last);
        }

        import.Kill();
        await import.WaitForExitAsync();
        // What was said before the kill was said, though it is read after it. A last line without its end was not.
        string rest = await import.StandardOutput.ReadToEndAsync();
        foreach (string line in rest[..(rest.LastIndexOf('\n') + 1)].Split('\n'))
            last = Acknowledged(line, last);
        return last;
    }

    private static long Acknowledged(string line, long last) =>
        line.StartsWith("ack ", StringComparison.Ordinal) ? long.Parse(line["ack ".Length..], CultureInfo.InvariantCulture) : last;

    /// <summary>Checks every entry, and gives how many there are.</summary>
    private static long CheckAll(string uri, long acknowledged)
    {
        if (acknowledged == 0 && !HasSegments(uri))
            return 0;
        using var journal = new Opened(uri);
        long position = 0;
        var versions = new Dictionary<StreamId, long>();
        foreach (var entry in journal.Value.ReadAll())
        {
            Assert.Equal(++position, entry.Position);
            Assert.Equal(versions.GetValueOrDefault(entry.Stream) + 1, entry.Version);
            versions[entry.Stream] = entry.Version;
            // The file's line of this position, so nothing is there twice and nothing is missing.
            Assert.Equal(position.ToString(CultureInfo.InvariantCulture), System.Text.Encoding.UTF8.GetString(entry.Payload.Span));
        }

        Assert.InRange(position, acknowledged, Entries);
        return position;
    }

    /// <summary>Killed before anything was acknowledged, there may be no journal yet.</summary>
    private static bool HasSegments(string uri)
    {
        string directory = uri["segments:".Length..];
        return Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*.seg").Any();
    }

    private static string Line(int number) => $$"""{"stream":"s{{number % 7}}","type":"t","data":{{number}}}""" + "\n";
}

// The sample ReadModel as a user runs it, and under SIGKILL: its table and its live projection are what the journal says, whenever it dies.
// Run by `dotnet test`.
using System.Diagnostics;
using ReadModel;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Projections;

public class ReadModelSampleTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task ItSells_ShowsTheTable_AndMakesItAnew()
    {
        using var directory = new TemporaryDirectory();
        Assert.Matches("^[0-9]+ entries; sku-0 ", await RunAsync(directory, "sell", "50"));
        var shown = await RunAsync(directory, "show");
        Assert.StartsWith("sku-0 ", shown, StringComparison.Ordinal);
        await SameAsync(directory);
        // It goes on from its place.
        Assert.Matches("^1[0-9]{2} entries; sku-0 ", await RunAsync(directory, "sell", "20"));
        await SameAsync(directory);
        var before = await RunAsync(directory, "show");
        await RunAsync(directory, "rebuild");
        Assert.Equal(before, await RunAsync(directory, "show"));
        await SameAsync(directory);
    }

    [Fact]
    public async Task KilledAtTwentyMoments_WhileItIsMadeAnew_NothingIsMissed_AndNothingCountsTwice()
    {
        using var directory = new TemporaryDirectory();
        var random = SeededRng.FromSeed(20);
        var (inside, made) = (0, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = Start(directory, "sell", "forever");
            var errors = process.StandardError.ReadToEndAsync();
            string? last = null;
            try
            {
                // Some lines, then a moment that nothing is waited for.
                var lines = random.Between(1, 60);
                for (var line = 0; line < lines; line++) await ReadAsync();
                await Task.Delay((int)random.Between(0, 40));
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            while (await process.StandardOutput.ReadLineAsync() is { } rest) Note(rest);
            if (last == "anew") inside++;

            async Task ReadAsync()
            {
                if (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } told) Note(told);
                else Assert.Fail("it ended by itself: " + await errors);
            }

            void Note(string told)
            {
                if (told == "made") made++;
                if (told is "anew" or "made") last = told;
            }
        }

        // Otherwise nothing was made anew, or no kill met it.
        Assert.True(inside >= 3 && made >= 3, $"{inside} kills while it was made anew, which came to its end {made} times");
        await RunAsync(directory, "sell", "0");
        await SameAsync(directory);
        await RunAsync(directory, "rebuild");
        var entries = await SameAsync(directory);
        output.WriteLine($"{entries} entries over {Kills} kills, {inside} while it was made anew; {made} times it came to its end");
    }

    [Fact]
    public async Task APlaceOfAnotherHistory_IsRefusedByName_AndNothingIsSold()
    {
        using var directory = new TemporaryDirectory();
        await RunAsync(directory, "sell", "10");
        var backup = Directory.CreateDirectory(directory.File("backup")).FullName;
        foreach (var file in Directory.EnumerateFiles(directory.File("journal")))
            File.Copy(file, Path.Combine(backup, Path.GetFileName(file)));
        await RunAsync(directory, "sell", "10");
        // The journal comes back from the backup; the table and the kept state do not.
        Directory.Delete(directory.File("journal"), recursive: true);
        Directory.Move(backup, directory.File("journal"));
        foreach (string[] arguments in (string[][])[["sell", "5"], ["rebuild"]])
        {
            using var process = Start(directory, arguments);
            var errors = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
            await process.WaitForExitAsync().WaitAsync(Patience);
            Assert.Equal(1, process.ExitCode);
            Assert.Contains("is not one of this journal", errors, StringComparison.Ordinal);
        }

        await using var journal = Journal.Open("segments:" + directory.File("journal"), new JournalOptions { ReadOnly = true });
        Assert.Equal(15, journal.Head.Position);
    }

    // Rows, place, and the kept state of the live projection, beside what is folded on demand.
    private static async Task<long> SameAsync(TemporaryDirectory directory)
    {
        await using var journal = Journal.Open("segments:" + directory.File("journal"), new JournalOptions { ReadOnly = true });
        var sold = journal.ReadAll().Where(entry => entry.Type == "Sold").Select(entry => Sales.Codec.Decode(entry)).ToList();
        var expected = sold.GroupBy(item => item.Sku, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new StockRow(group.Key, group.Sum(item => (long)item.Quantity), group.Count())).ToList();
        using (var table = StockTable.Open(directory.File("stock.db")))
        {
            Assert.Equal(expected, table.Rows());
            Assert.Equal(journal.Head, await table.LoadPlaceAsync());
        }

        await using var states = DirectorySnapshotStore.Open(directory.File("states"));
        var kept = await journal.RunWithEvidenceAsync(
            Sales.BySku, new ProjectionOptions { Cache = new ProjectionCache(states), MaxStale = TimeSpan.FromDays(1) });
        var anew = journal.RunWithEvidence(Sales.BySku);
        Assert.Equal("Hit", kept.Report.CacheStatus);
        Assert.Equal(anew.Report.Head, kept.Report.Head);
        Assert.Equal(anew.Report.EntriesHash, kept.Report.EntriesHash);
        Assert.Equal(anew.Report.OutputHash, kept.Report.OutputHash);
        Assert.Equal(expected, kept.State!.Rows);
        return journal.Head.Position;
    }

    private static Process Start(TemporaryDirectory directory, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ReadModel.dll"), .. arguments, directory.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static async Task<string> RunAsync(TemporaryDirectory directory, params string[] arguments)
    {
        using var process = Start(directory, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var told = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == 0, await errors);
        return told;
    }
}

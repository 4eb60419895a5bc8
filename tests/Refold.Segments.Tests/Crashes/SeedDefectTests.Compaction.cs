// What compaction lost in the segment store of the seed, one test each: entries, segments, positions, and every later opening.
// Run by `dotnet test`; the same with real processes is KilledProcessTests.
using Xunit;

namespace Refold.Segments.Tests;

public class CompactionDefectTests
{
    private const int Entries = 40;

    private static readonly CompactionRequest Merge = new CompactionRequest.Merge { MaxBytes = 100_000 };

    /// <summary>A device with 40 entries in many sealed segments; the journal on it is closed.</summary>
    private static async Task<SimulatedDevice> FillAsync()
    {
        var device = new SimulatedDevice(13);
        await using var journal = CrashStore.Open(device);
        for (var number = 0; number < Entries; number++) await journal.AppendAsync(CrashStore.Batch("s", 1, 250, "key " + number));
        return device;
    }

    private static SegmentJournal Open(SimulatedDevice device) => (SegmentJournal)CrashStore.Open(device);

    /// <summary>Opens a copy, compacts, and is killed at a changing operation; null where that was never reached.</summary>
    private static async Task<SimulatedDevice?> KillAsync(SimulatedDevice from, long operation)
    {
        var device = from.AfterKill();
        var journal = Open(device);
        device.CrashAt = device.OperationCount + operation;
        try
        {
            await journal.CompactAsync(Merge);
            return null;
        }
        catch (Exception exception) when (exception is JournalException or IOException)
        {
            return device.AfterKill();
        }
        finally
        {
            device.Stop();
            await journal.DisposeAsync();
        }
    }

    /// <summary>Every entry is read back, not only counted; a reader finds them as the writer that heals does.</summary>
    private static async Task HasEverythingAsync(SimulatedDevice device, List<JournalEntry> expected)
    {
        foreach (var journal in new[] { SegmentJournal.Open(device, new JournalOptions { ReadOnly = true }), Open(device) })
        {
            await using (journal) Assert.Equal(expected, journal.ReadAll());
        }

        Assert.Null(CrashStore.Inspect(device));
    }

    private static async Task<List<JournalEntry>> EntriesAsync(SimulatedDevice device)
    {
        await using var journal = SegmentJournal.Open(device, new JournalOptions { ReadOnly = true });
        var entries = journal.ReadAll().ToList();
        Assert.Equal(Entries, entries.Count);
        return entries;
    }

    [Fact]
    public async Task Defect13_AProcessKilledInsideCompaction_LosesNoEntry()
    {
        var device = await FillAsync();
        var expected = await EntriesAsync(device);
        var killed = 0;
        for (; await KillAsync(device, killed) is { } left; killed++) await HasEverythingAsync(left, expected);
        Assert.InRange(killed, 20, 200);
    }

    [Fact]
    public async Task Defect14_KilledBeforeTheMergedFileExists_EverySegmentIsThere()
    {
        var device = await FillAsync();
        var expected = await EntriesAsync(device);
        var segments = Segments(device);
        Assert.InRange(segments.Count, 5, Entries);
        for (var operation = 0; await KillAsync(device, operation) is { } left; operation++)
        {
            if (left.List().Contains("compacted.new")) return;
            Assert.Equal(segments, Segments(left));
            await HasEverythingAsync(left, expected);
        }

        Assert.Fail("the compaction made no file");
    }

    [Fact]
    public async Task Defect19_AfterRetention_SurvivorsAreReadAtTheirPositions_AndReceiptsAreValid()
    {
        var device = await FillAsync();
        var expected = await EntriesAsync(device);
        await using var journal = Open(device);
        var receipts = Enumerable.Range(0, Entries).Select(number => journal.FindByKey("key " + number)!).ToList();
        await journal.CompactAsync(new CompactionRequest.RetainFrom(25));
        await journal.CompactAsync(Merge);
        Assert.Equal(expected.Skip(24), journal.ReadAll());
        Assert.Equal(expected.Skip(24), journal.ReadStream("s", 25));
        Assert.Equal(receipts, Enumerable.Range(0, Entries).Select(number => journal.FindByKey("key " + number)!));
        foreach (var receipt in receipts.Skip(23)) Assert.Equal(receipt.Head, journal.HeadAt(receipt.LastPosition));
        Assert.Equal(receipts[30], (await journal.AppendAsync(CrashStore.Batch("s", 1, 250, "key 30"))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Defect23_AStaleMarker_IsHealedOnce(bool isSwitched)
    {
        var device = await FillAsync();
        var left = device;
        for (var operation = 0; !IsStale(left, isSwitched); operation++)
            left = await KillAsync(device, operation) ?? throw new InvalidOperationException("There was no such moment.");
        await using (var reader = SegmentJournal.Open(left, new JournalOptions { ReadOnly = true }))
            Assert.Equal(isSwitched, reader.Opened.Interrupted!.Switched);
        Assert.Contains("pending", left.List());
        await using (var healed = Open(left))
        {
            Assert.Equal(OpeningPath.Scan, healed.Opened.Path);
            Assert.Equal(isSwitched, healed.Opened.Interrupted!.Switched);
        }

        Assert.DoesNotContain(left.List(), name => name.StartsWith("pending", StringComparison.Ordinal) || name == "compacted.new");
        await using var again = Open(left);
        Assert.Null(again.Opened.Interrupted);
        Assert.NotEqual(OpeningPath.Scan, again.Opened.Path);
        Assert.Equal(Entries, again.ReadAll().Count());
    }

    private static bool IsStale(SimulatedDevice device, bool isSwitched) =>
        device.List().Contains("pending") && isSwitched != device.List().Contains("compacted.new");

    private static List<string> Segments(SimulatedDevice device) =>
        [.. device.List().Where(name => name.EndsWith(".seg", StringComparison.Ordinal))];
}

// A reader while the next writer heals a compaction that was killed between the switch and COMMIT: files go, and COMMIT says nothing yet.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class HealedBesideReaderTests
{
    [Fact]
    public async Task WhatIsUnlinkedBeforeCommitSaysSo_IsListedAgain()
    {
        var (before, switched, target) = await KilledAsync();
        var device = new ReplacedDevice(before);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { OpenFiles = 1 }));
        var expected = reader.Lines();
        var following = new List<long>();
        device.Current = switched;
        var sources = FileNames.Segments(before).ConvertAll(name => name.ToString()).Except(FileNames.Segments(target).Select(name =>
            name.ToString())).ToList();
        Assert.True(sources.Count > 3);
        foreach (var source in sources)
        {
            switched.Delete(source);
            Assert.Equal(expected, reader.Lines());
        }

        await foreach (var entry in reader.SubscribeAsync())
        {
            following.Add(entry.Position);
            if (following.Count == reader.Head.Position) break;
        }

        Assert.Equal(Enumerable.Range(1, following.Count).Select(number => (long)number), following);
    }

    [Fact]
    public async Task ASubscriptionOnItsWay_GoesOn_WhateverFileIsGoneUnderIt()
    {
        var (before, switched, target) = await KilledAsync();
        var device = new ReplacedDevice(before);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { OpenFiles = 1 }));
        var seen = new List<long>();
        await using var following = reader.SubscribeAsync().GetAsyncEnumerator();
        await TakeAsync();
        device.Current = switched;
        foreach (var source in FileNames.Segments(before).Except(FileNames.Segments(target)))
        {
            switched.Delete(source.ToString());
            // More than one segment holds, so that a file is opened that was closed meanwhile.
            for (var count = 0; count < 3; count++) await TakeAsync();
        }

        while (seen.Count < reader.Head.Position) await TakeAsync();
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(number => (long)number), seen);

        async Task TakeAsync()
        {
            if (seen.Count == reader.Head.Position) return;
            Assert.True(await following.MoveNextAsync());
            seen.Add(following.Current.Position);
        }
    }

    /// <summary>The directory before a compaction, at the kill, and once it was healed.</summary>
    private static async Task<(MemoryDevice Before, MemoryDevice Switched, MemoryDevice Healed)> KilledAsync()
    {
        var device = new MemoryDevice();
        await using (var journal = SegmentJournal.Open(device, Samples.Small))
        {
            for (var number = 0; number < 40; number++) await journal.Append(Samples.Entry("s", new string('x', 100)));
        }

        MemoryDevice before = device.Copy(), switched = device.Copy();
        var killed = device.Copy();
        var isSwitched = false;
        killed.Fails = (operation, name) =>
        {
            if (operation == "rename" && name.EndsWith(".seg", StringComparison.Ordinal)) isSwitched = true;
            return isSwitched && operation is "write" or "delete" && isSwitched ? new IOException("killed") : null;
        };
        await using (var journal = SegmentJournal.Open(killed, Samples.Small))
            await Assert.ThrowsAnyAsync<JournalException>(() => journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 }));
        switched = killed.Copy();
        var healed = switched.Copy();
        await SegmentJournal.Open(healed, Samples.Small).DisposeAsync();
        return (before, switched, healed);
    }
}

// A reader whose directory changes under it: other files of the same history are taken over, another history is refused.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class LiveReaderHistoryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static async Task FillAsync(MemoryDevice device, int count, string payload)
    {
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        for (var number = 0; number < count; number++) await writer.Append(Samples.Entry("a", payload + number));
    }

    private static async Task<MemoryDevice> Filled(int count, string payload = "x")
    {
        var device = new MemoryDevice();
        await FillAsync(device, count, payload);
        return device;
    }

    /// <summary>Says in COMMIT that the set of segments is another one.</summary>
    private static void StoreNextSet(MemoryDevice device)
    {
        var slot = Format.Commit.read(device.Content("COMMIT")).ResultValue.Slot!.Value;
        var next = new Format.CommitSlot(
            slot.JournalId, slot.Sequence + 1, slot.Epoch, slot.SetGeneration + 1, slot.Segment, slot.EndOffset, slot.LastFrame, slot.Head,
            slot.IsClosed);
        using var file = device.Open("COMMIT", writable: true);
        file.Write(Format.Commit.encode(next).Span, Format.Commit.slotOffset(next.Sequence));
    }

    private static List<string> Texts(IEnumerable<JournalEntry> entries) => [.. entries.Select(entry => entry.ToString())];

    [Fact]
    public async Task AnotherSetOfFiles_IsTakenOver_ReadsInFlightKeepTheirs_AndThenTheOldOnesAreClosed()
    {
        var device = new ReplacedDevice(await Filled(30));
        await using (var reader = SegmentJournal.Open(device, Samples.ReadOnly))
        {
            var (expected, files) = (Texts(reader.ReadAll()), device.OpenFiles);
            for (var change = 1; change <= 5; change++)
            {
                var notBegun = reader.ReadAll(1, 30);
                using (var begun = reader.ReadAll(1, 30).GetEnumerator())
                {
                    Assert.True(begun.MoveNext());
                    var read = new List<string> { begun.Current.ToString() };
                    device.Current = device.Current.Copy();
                    StoreNextSet(device.Current);
                    Assert.Equal(30, reader.Head.Position);
                    Assert.Equal(2 * files, device.OpenFiles);
                    while (begun.MoveNext()) read.Add(begun.Current.ToString());
                    Assert.Equal(expected, read);
                }

                Assert.Equal(files, device.OpenFiles);
                Assert.Equal(expected, Texts(notBegun));
                Assert.Equal(expected, Texts(reader.ReadAll()));
            }

            // A read that was left in the middle holds files open, until the journal is closed.
            var left = reader.ReadAll().GetEnumerator();
            Assert.True(left.MoveNext());
            StoreNextSet(device.Current);
            Assert.Equal(30, reader.Head.Position);
            Assert.Equal(2 * files, device.OpenFiles);
        }

        Assert.Equal(0, device.OpenFiles);
    }

    [Fact]
    public async Task AFileThatGoesBetweenListingAndOpening_LeadsToAFreshListing()
    {
        var device = new ReplacedDevice(await Filled(30));
        var names = device.List().Where(name => Format.FileName.trySegment(name) is not null).ToList();
        foreach (var name in names)
        {
            var whole = device.Current;
            var goes = true;
            device.Opening = opened =>
            {
                if (opened != name || !goes) return;
                goes = false;
                // As a compaction that ends at this moment: the name is gone, and with the next listing another set is there.
                throw new FileNotFoundException(opened);
            };
            await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
            Assert.Equal(30, reader.ReadAll().Count());
            goes = true;
            StoreNextSet(whole);
            Assert.Equal(30, reader.ReadAll().Count());
            Assert.False(goes);
            device.Opening = _ => { };
        }

        device.Opening = opened => throw new FileNotFoundException(opened);
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(device, Samples.ReadOnly));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(40)]
    public async Task AnOlderCopyThatWasPutBack_IsRefused_AlsoWhenItWentOnOtherwise(int more)
    {
        var device = new ReplacedDevice(await Filled(10));
        var backup = device.Current.Copy();
        await FillAsync(device.Current, 10, "first ");
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        await using var subscription = reader.SubscribeAsync(21).GetAsyncEnumerator();
        var next = subscription.MoveNextAsync().AsTask();
        var head = reader.Head;
        var before = reader.ReadAll();
        if (more > 0) await FillAsync(backup, more, "second ");
        device.Current = backup;
        for (var repeat = 0; repeat < 2; repeat++)
        {
            foreach (var read in new Action[]
            {
                () => _ = reader.Head,
                () => reader.ReadAll(),
                () => reader.ReadStream("a"),
                () => reader.Query(Query.WithTags("a")),
                () => reader.Streams(),
                () => reader.FindByKey("k"),
                () => reader.HeadAt(1)
            })
                Assert.Equal(head, Assert.Throws<ForeignHistoryException>(read).Place);
        }

        await Assert.ThrowsAsync<ForeignHistoryException>(() => next.WaitAsync(Patience));
        // What was read before is what it was: from the files that were open.
        Assert.Equal(20, before.Count());
        Assert.DoesNotContain(before, entry =>
            System.Text.Encoding.UTF8.GetString(entry.Payload.Span).StartsWith("second", StringComparison.Ordinal));
        await using var again = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.Equal(10 + more, again.Head.Position);
        await Assert.ThrowsAsync<ForeignHistoryException>(async () => await again.SubscribeAsync(head).FirstAsync());
    }

    [Fact]
    public async Task AnotherJournal_IsRefused_AndSoIsOneThatLostADeletion()
    {
        var device = new ReplacedDevice(await Filled(10));
        var backup = device.Current.Copy();
        await using (var writer = SegmentJournal.Open(device.Current, Samples.Small)) await writer.DeleteToAsync("a", 5);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        await using var other = SegmentJournal.Open(device, Samples.ReadOnly);
        device.Current = backup;
        Assert.Throws<ForeignHistoryException>(() => reader.ReadAll());
        device.Current = await Filled(10);
        Assert.Throws<ForeignHistoryException>(() => other.ReadAll());
    }

    [Fact]
    public async Task WhileADirectoryIsBeingReplaced_ReadsFail_AndWithTheSameHistoryTheyGoOn()
    {
        var device = new ReplacedDevice(await Filled(10));
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        var whole = device.Current;
        device.Current = new MemoryDevice();
        Assert.Throws<JournalOpenException>(() => reader.ReadAll());
        device.Current = whole.With("COMMIT", new byte[4096]);
        Assert.Equal(10, reader.ReadAll().Count());
        device.Current = whole;
        await FillAsync(whole, 10, "more ");
        Assert.Equal(20, reader.ReadAll().Count());
    }

    [Fact]
    public async Task ADamagedFrame_IsNamed_AndNotHandedOut()
    {
        var device = await Filled(10);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        await using var writer = SegmentJournal.Open(device, new JournalOptions());
        await writer.Append(Samples.Entry("b", "damaged"));
        var slot = Format.Commit.read(device.Content("COMMIT")).ResultValue.Slot!.Value;
        var name = slot.Segment.ToString();
        using (var file = device.Open(name, writable: true))
            file.Write([(byte)(device.Content(name)[(int)slot.EndOffset - 50] ^ 0xFF)], slot.EndOffset - 50);
        Assert.Equal(name, Assert.Throws<JournalCorruptedException>(() => reader.Head).File);
        await Assert.ThrowsAsync<JournalCorruptedException>(async () => await reader.SubscribeAsync(11).FirstAsync());
        Assert.Throws<JournalCorruptedException>(() => SegmentJournal.Open(device, Samples.ReadOnly));
    }
}

// A journal opened for reading beside its writer: it sees what was answered, nothing that is not flushed, and keeps up through rotation,
// closing, healing and another set of files.
// Run by `dotnet test`; tests with several processes are in Tool/ReaderProcessTests.cs.
using Xunit;

namespace Refold.Segments.Tests;

public class LiveReaderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>All that a journal answers, keys included.</summary>
    private static List<string> All(ILocalJournal journal) =>
        [.. journal.Everything(), .. Enumerable.Range(0, 60).Select(key => journal.FindByKey("key " + key)?.Head.ToString() ?? "none"),
            journal.HighestVersion("a").ToString(System.Globalization.CultureInfo.InvariantCulture)];

    [Fact]
    public async Task EveryReadBegunAfterAnAnswer_SeesTheEntry_ThroughRotationAndDeletion()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        for (var count = 0; count < 60; count++)
        {
            var entries = Enumerable.Range(0, 1 + count % 3)
                .Select(number => Samples.Entry(number == 0 ? "a" : "b", new string('x', count), "a"))
                .ToArray();
            var receipt = await writer.AppendAsync(new AppendRequest(entries) { IdempotencyKey = "key " + count });
            if (count % 10 == 9) await writer.DeleteToAsync("a", count / 2);
            // Each member by itself, as the first one that is asked after the answer.
            switch (count % 7)
            {
                case 0: Assert.Equal(receipt.Head, reader.Head); break;
                case 1: Assert.Equal(receipt.Head, reader.HeadAt(receipt.Head.Position)); break;
                case 2: Assert.Equal(receipt.Head.Position, reader.ReadAll().Last().Position); break;
                case 3: Assert.Equal(count + 1, reader.ReadStream("a", count + 1).Single().Version); break;
                case 4: Assert.Equal(receipt.Head.Position, reader.Query(Query.WithTags("a")).AsOf); break;
                case 5: Assert.Equal(receipt.Head, reader.FindByKey("key " + count)!.Head); break;
                default: Assert.Equal(count + 1, reader.Streams()[0].HighestVersion); break;
            }

            Assert.Equal(All(writer), All(reader));
        }

        Assert.InRange(reader.Segments.Count, 10, 100);
        Assert.Equal(writer.Segments, reader.Segments);
        Assert.Equal(0, reader.Unconfirmed);
    }

    [Fact]
    public async Task AReadInFlight_StaysAsOfItsCall()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        for (var count = 0; count < 5; count++) await writer.Append(Samples.Entry("a"));
        var entries = reader.ReadAll();
        using var begun = reader.ReadAll().GetEnumerator();
        Assert.True(begun.MoveNext());
        for (var count = 0; count < 20; count++) await writer.Append(Samples.Entry("a"));
        Assert.Equal(25, reader.Head.Position);
        Assert.Equal(5, entries.Count());
        var left = 0;
        while (begun.MoveNext()) left++;
        Assert.Equal(4, left);
    }

    [Fact]
    public async Task BetweenWriteAndFlush_NoReaderHandsItOut_AndOnceFlushedEachDoes()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, new JournalOptions { Segments = new() { Pipelined = true } });
        await writer.Append(Samples.Entry("a", "1"));
        await using var before = SegmentJournal.Open(device, Samples.ReadOnly);
        using var isWritten = new ManualResetEventSlim();
        using var mayFlush = new ManualResetEventSlim();
        device.Flushing = name =>
        {
            if (name == "COMMIT") return;
            isWritten.Set();
            mayFlush.Wait();
        };
        await using var subscription = before.SubscribeAsync(2).GetAsyncEnumerator();
        var next = subscription.MoveNextAsync().AsTask();
        var append = writer.Append(Samples.Entry("a", "2"), Samples.Entry("b", "3"));
        isWritten.Wait();
        await using (var during = SegmentJournal.Open(device, Samples.ReadOnly))
        {
            Assert.Equal(2, during.Unconfirmed);
            Assert.Null(during.TornTail);
            foreach (var reader in new[] { before, during })
            {
                Assert.Equal(1, reader.Head.Position);
                Assert.Single(reader.ReadAll());
                Assert.Empty(reader.ReadStream("b"));
                Assert.Single(reader.Streams());
                Assert.Null(reader.HeadAt(2));
            }

            Assert.Equal(
                (1, 2),
                (SegmentVerification.Of(device).Entries - SegmentVerification.Of(device).Unconfirmed,
                    SegmentVerification.Of(device).Unconfirmed));
            Assert.False(next.IsCompleted);
            mayFlush.Set();
            await append;
            Assert.Equal((3, 0), (during.Head.Position, during.Unconfirmed));
        }

        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal(2, subscription.Current.Position);
        Assert.Equal(3, before.Head.Position);
        Assert.Equal(0, SegmentVerification.Of(device).Unconfirmed);
    }

    [Fact]
    public async Task AFollowingReader_ReadsNoByteBehindTheEndThatCommitNames_AndOnlyWhatIsNew()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 64 * 1024 } });
        for (var count = 0; count < 100; count++) await writer.Append(Samples.Entry("a", new string('x', 100)));
        var reads = new List<(string Name, long Offset, int Length)>();
        await using var reader = SegmentJournal.Open(
            new WatchedDevice(device, (name, offset, length) => reads.Add((name, offset, length))), Samples.ReadOnly);
        reads.Clear();
        for (var count = 0; count < 100; count++)
        {
            await writer.Append(Samples.Entry("a", new string('x', 100)));
            Assert.Equal(101 + count, reader.Head.Position);
            var slot = Format.Commit.read(device.Content("COMMIT")).ResultValue.Slot!.Value;
            foreach (var (name, offset, length) in reads.Where(read => read.Name != "COMMIT"))
            {
                Assert.Equal(slot.Segment.ToString(), name);
                Assert.InRange(offset + length, 0, slot.EndOffset);
                // A block before it at most, for its alignment.
                Assert.InRange(length, 1, 4096 + 512);
            }

            reads.Clear();
        }
    }

    [Fact]
    public async Task WhileNobodyWaits_NothingIsLookedAt()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        var reads = 0;
        await using var reader = SegmentJournal.Open(
            new WatchedDevice(device, (_, _, _) => Interlocked.Increment(ref reads)), Samples.ReadOnly);
        using (var cancellation = new CancellationTokenSource())
        {
            var waiting = Task.Run(async () => await reader.SubscribeAsync(1, cancellation.Token).CountAsync());
            var looked = reads;
            // It looks as long as somebody waits, without a write or a read that would make it.
            SpinWait.SpinUntil(() => Volatile.Read(ref reads) > looked + 3, Patience);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        await Task.Delay(50);
        var quiet = reads;
        await writer.Append(Samples.Entry("a"));
        await Task.Delay(50);
        Assert.Equal(quiet, reads);
        Assert.Equal(1, reader.Head.Position);
    }

    [Fact]
    public async Task ManySubscriptions_GetEveryEntryOnceInOrder_ThroughRotationsAndOpenings()
    {
        var device = new MemoryDevice();
        await SegmentJournal.Open(device, Samples.Small).DisposeAsync();
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        var subscriptions = Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            var positions = new List<long>();
            await foreach (var entry in reader.SubscribeAsync(1 + number))
            {
                positions.Add(entry.Position);
                if (entry.Position == 300) break;
            }

            return positions;
        })).ToList();
        for (var opening = 0; opening < 6; opening++)
        {
            await using var writer = SegmentJournal.Open(device, Samples.Small);
            for (var count = 0; count < 50; count++) await writer.Append(Samples.Entry("s" + count % 3));
        }

        for (var number = 0; number < 4; number++)
            Assert.Equal(
                Enumerable.Range(1 + number, 300 - number).Select(position => (long)position),
                await subscriptions[number].WaitAsync(Patience));
    }

    [Fact]
    public async Task AReaderSurvivesTheWritersEnd_AndAHealedTornTail()
    {
        var device = new MemoryDevice();
        await using var reader = await OpenedOnce(device);
        for (var life = 0; life < 5; life++)
        {
            var writer = SegmentJournal.Open(device, new JournalOptions());
            for (var count = 0; count < 4; count++) await writer.Append(Samples.Entry("a", $"{life} {count}"));
            var lines = writer.Lines();
            Assert.Equal(lines, reader.Lines());
            // The process ends in the middle of a write: half a frame.
            device.Fails = (operation, name) => operation == "flush" && name != "COMMIT" ? new IOException("the process ends") : null;
            Assert.IsType<AppendResult.OutcomeUnknown>(await writer.TryAppendAsync(new AppendRequest(Samples.Entry("b", "never flushed"))));
            device.Fails = (_, _) => null;
            await writer.DisposeAsync();
            Halve(device);
            Assert.Equal(lines, reader.Lines());
            await using (var again = SegmentJournal.Open(device, Samples.ReadOnly)) Assert.NotNull(again.TornTail);
        }

        Assert.Equal(20, reader.Head.Position);
        Assert.Contains(device.List(), name => name.StartsWith("cut.", StringComparison.Ordinal));
    }

    private static async Task<SegmentJournal> OpenedOnce(MemoryDevice device)
    {
        await SegmentJournal.Open(device, new JournalOptions()).DisposeAsync();
        return SegmentJournal.Open(device, Samples.ReadOnly);
    }

    /// <summary>Takes the last bytes of the last write.</summary>
    private static void Halve(MemoryDevice device)
    {
        var name = device.List().Last(name => Format.FileName.trySegment(name) is not null);
        var end = device.Content(name).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        using var file = device.Open(name, writable: true);
        file.Write(new byte[20], end - 20);
    }

    [Fact]
    public async Task AReaderNeedsNoLock_AndChangesNothing()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small);
        await writer.Append(Samples.Entry("a"));
        // As a directory without permission to write: every operation that changes something, or asks for it, is refused.
        var readOnly = new WatchedDevice(device, (_, _, _) => { }) { RefusesWrites = true };
        await using var reader = SegmentJournal.Open(readOnly, Samples.ReadOnly);
        Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(device, Samples.Small));
        for (var count = 0; count < 20; count++)
        {
            await writer.Append(Samples.Entry("a", new string('x', 200)));
            Assert.Equal(writer.Lines(), reader.Lines());
        }

        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(readOnly, Samples.Small));
    }

    [Fact]
    public async Task WhatCommitDoesNotSpeakOfAfterAPowerCut_IsKnownFromLaterFrames_AndTheRestIsUnconfirmed()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, new JournalOptions());
        for (var count = 0; count < 4; count++) await writer.Append(Samples.Entry("a"));
        await writer.DeleteToAsync("a", 1);
        var after = device.AfterPowerCut();
        var verified = SegmentVerification.Of(after);
        Assert.Equal((true, 4L, 1L), (verified.Ok, verified.Entries, verified.Unconfirmed));
        await using (var reader = SegmentJournal.Open(after, Samples.ReadOnly))
        {
            Assert.Equal((4L, 1L), (reader.Head.Position, reader.Unconfirmed));
            Assert.Equal(4, reader.ReadAll().Count());
            await using var recovered = SegmentJournal.Open(after, Samples.Small);
            Assert.Equal(writer.Lines(), recovered.Lines());
            Assert.Equal(0, recovered.Unconfirmed);
            Assert.Equal(writer.Lines(), reader.Lines());
            Assert.Equal(0, reader.Unconfirmed);
        }

        // A journal of an older version has no COMMIT: all that is whole counts.
        var older = device.AfterPowerCut();
        older.Delete("COMMIT");
        await using var ofOlder = SegmentJournal.Open(older, Samples.ReadOnly);
        Assert.Equal(writer.Lines(), ofOlder.Lines());
        Assert.Equal(0, ofOlder.Unconfirmed);
        await using var newer = SegmentJournal.Open(older, Samples.Small);
        await newer.Append(Samples.Entry("b"));
        Assert.Equal(newer.Lines(), ofOlder.Lines());
    }
}

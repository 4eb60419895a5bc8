// The commit: flushed before the answer, groups from many threads, and what happens when the device fails.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public class SegmentCommitTests
{
    /// <summary>Whether every answered append was durable at the moment of its answer.</summary>
    private static async Task<bool> IsDurableAtEachAnswer(MemoryDevice device)
    {
        var journal = SegmentJournal.Open(device, Samples.Small);
        for (var count = 1; count <= 12; count++)
        {
            var receipt = await journal.Append(Samples.Entry("s", $"entry {count}"));
            try
            {
                await using var survivor = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
                if (!survivor.Lines().SequenceEqual(journal.Lines()) || survivor.Head != receipt.Head) return false;
            }
            catch (JournalOpenException)
            {
                return false;
            }
        }

        await journal.DeleteToAsync("s", 3);
        await using var last = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        return last.Lines().SequenceEqual(journal.Lines());
    }

    [Fact]
    public void CallersThatBlockEveryThreadOfThePool_AreAnswered()
    {
        using var directory = new TemporaryDirectory();
        BlockingCallers.AreAnswered("segments:" + directory.File("j"));
        BlockingCallers.AreAnswered("memory:");
    }

    [Fact]
    public async Task AnAnswer_ComesAfterAFlushThatBeganAfterTheLastByte() =>
        Assert.True(await IsDurableAtEachAnswer(new MemoryDevice()));

    [Fact]
    public async Task WithoutTheFlush_TheSameCheckFails() =>
        Assert.False(await IsDurableAtEachAnswer(new MemoryDevice { SkipsFlush = true }));

    [Fact]
    public async Task ManyThreads_ShareFlushes_AndEachIsAnsweredWhenItsEntryIsDurable()
    {
        var flushes = 0;
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 256 * 1024 } });
        using var firstIsFlushing = new ManualResetEventSlim();
        using var othersWait = new ManualResetEventSlim();
        device.Flushing = _ =>
        {
            if (Interlocked.Increment(ref flushes) != 1) return;
            firstIsFlushing.Set();
            othersWait.Wait();
        };
        var first = Task.Run(() => journal.Append(Samples.Entry("s", "first")));
        firstIsFlushing.Wait();
        var others = Enumerable.Range(0, 50).Select(number => journal.Append(Samples.Entry("t" + number, "other"))).ToArray();
        Assert.All(others, other => Assert.False(other.IsCompleted));
        Assert.Equal(0, journal.Head.Position);
        othersWait.Set();
        await first;
        var receipts = await Task.WhenAll(others);
        Assert.Equal(2, flushes);
        Assert.Equal(Enumerable.Range(2, 50).Select(position => (long)position), receipts.Select(receipt => receipt.FirstPosition));
        await using var survivor = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        Assert.Equal(journal.Lines(), survivor.Lines());
    }

    [Fact]
    public async Task AppendsOfOneGroup_AreDecidedOneAfterTheOther()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { Pipelined = true } });
        using var gate = new ManualResetEventSlim();
        device.Flushing = name =>
        {
            if (name != "COMMIT") gate.Wait();
        };
        var blocked = journal.Append(Samples.Entry("x"));
        var creators = Enumerable.Range(0, 3)
            .Select(_ => journal.TryAppendAsync("s", ExpectedVersion.NoStream, [Samples.Entry("s", "{}", "a")]).AsTask())
            .ToArray();
        var keyed = Enumerable.Range(0, 2)
            .Select(_ => journal.AppendAsync(new AppendRequest(Samples.Entry("k")) { IdempotencyKey = "key" }).AsTask())
            .ToArray();
        var conditional = journal.TryAppendAsync(
            new AppendRequest(Samples.Entry("c")) { Condition = new AppendCondition(Query.WithTags("a"), 0) }).AsTask();
        gate.Set();
        await blocked;
        var created = await Task.WhenAll(creators);
        Assert.Single(created.OfType<AppendResult.Appended>());
        Assert.Equal(2, created.OfType<AppendResult.NotAppended>().Count(result => result.Failure is AppendFailure.Conflict));
        var receipts = await Task.WhenAll(keyed);
        Assert.Equal(receipts[0].Head, receipts[1].Head);
        Assert.IsType<AppendFailure.ConditionFailed>(Assert.IsType<AppendResult.NotAppended>(await conditional).Failure);
        Assert.Equal(3, journal.Head.Position);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task AFailedWriteOrFlush_Poisons_AndOpeningAgainSettlesIt(string operation)
    {
        var device = new MemoryDevice();
        var journal = SegmentJournal.Open(device, Samples.Small);
        await journal.Append(Samples.Entry("s", "1"));
        var failure = new IOException("the device is broken");
        var asked = 0;
        device.Fails = (what, _) => what == operation && ++asked > 0 ? failure : null;
        var unknown = Assert.IsType<AppendResult.OutcomeUnknown>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "2"))
        {
            IdempotencyKey = "key"
        }));
        Assert.Same(failure, unknown.Cause);
        device.Fails = (_, _) => null;
        var writes = device.Writes;
        for (var repeat = 0; repeat < 2; repeat++)
        {
            var later = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "3"))));
            Assert.Same(failure, Assert.IsType<AppendFailure.Unavailable>(later.Failure).Cause);
        }

        await Assert.ThrowsAsync<NotAppendedException>(async () => await journal.DeleteToAsync("s", 1));
        Assert.Equal((1, writes), (asked, device.Writes));
        Assert.Equal(1, journal.Head.Position);
        await journal.DisposeAsync();
        await using var again = SegmentJournal.Open(device, Samples.Small);
        var settled = await again.AppendAsync(new AppendRequest(Samples.Entry("s", "2")) { IdempotencyKey = "key" });
        Assert.Equal((2, 2), (settled.FirstPosition, again.Head.Position));
        // What an unknown outcome left in memory only is written again before it counts.
        await using var survivor = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        Assert.Equal(again.Lines(), survivor.Lines());
    }

    [Theory]
    [InlineData("create")]
    [InlineData("write")]
    public async Task WithoutRoomForTheNextSegment_NothingIsAppended_AndItGoesOnWhenThereIs(string operation)
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, Samples.Small);
        await journal.Append(Samples.Entry("s", "1"));
        device.Fails = (what, name) => what == operation && name == "spare" ? new IOException("No space left on device") : null;
        var large = Samples.Entry("s", new string('x', 2000));
        for (var repeat = 0; repeat < 2; repeat++)
        {
            var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(large)));
            Assert.Contains("No space left", Assert.IsType<AppendFailure.NoRoom>(refused.Failure).Reason, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await journal.Append(Samples.Entry("s", "2"))).FirstPosition);
        device.Fails = (_, _) => null;
        Assert.Equal(3, (await journal.Append(large)).FirstPosition);
        await using var survivor = SegmentJournal.Open(device.AfterPowerCut(), Samples.Small);
        Assert.Equal(journal.Lines(), survivor.Lines());
        await journal.DisposeAsync();
        Assert.DoesNotContain("spare", device.List());
    }

    [Theory]
    [InlineData("rename")]
    [InlineData("flush directory")]
    public async Task ARotationThatFailsHalfWay_AppendsNothing_AndTakesNoMore(string operation)
    {
        var device = new MemoryDevice();
        var journal = SegmentJournal.Open(device, Samples.Small);
        await journal.Append(Samples.Entry("s", "1"));
        device.Fails = (what, _) => what == operation ? new IOException("broken") : null;
        var large = new AppendRequest(Samples.Entry("s", new string('x', 2000)));
        var refused = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(large));
        Assert.IsType<AppendFailure.Unavailable>(refused.Failure);
        Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        device.Fails = (_, _) => null;
        await journal.DisposeAsync();
        foreach (var left in new[] { device.Copy(), device.AfterPowerCut() })
        {
            await using var again = SegmentJournal.Open(left, Samples.Small);
            Assert.Equal(1, again.Head.Position);
            Assert.Equal(2, (await again.AppendAsync(large)).FirstPosition);
            Assert.True(SegmentVerification.Of(left).Ok);
        }
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("lock")]
    [InlineData("create")]
    [InlineData("open")]
    public async Task ADirectoryWithoutPermission_IsOneTypedException(string operation)
    {
        var device = new MemoryDevice();
        if (operation == "open") await SegmentJournal.Open(device, Samples.Small).DisposeAsync();
        device.Fails = (what, _) => what == operation ? new UnauthorizedAccessException("Access denied") : null;
        var refused = Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(device, Samples.Small));
        Assert.Contains("Access denied", refused.Message, StringComparison.Ordinal);
        device.Fails = (_, _) => null;
        await using var journal = SegmentJournal.Open(device, Samples.Small);
        Assert.Equal(0, journal.Head.Position);
    }

    [Fact]
    public async Task ACancelledWait_DoesNotCancelAQueuedWrite()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { Pipelined = true } });
        using var gate = new ManualResetEventSlim();
        device.Flushing = name =>
        {
            if (name != "COMMIT") gate.Wait();
        };
        using var cancellation = new CancellationTokenSource();
        var waiting = journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "1")), cancellation.Token).AsTask();
        var queued = journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "2")), cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s", "never")), cancellation.Token));
        gate.Set();
        Assert.Equal(3, (await journal.Append(Samples.Entry("s", "3"))).FirstPosition);
    }
}

// The journal in segment files as a user meets it: real directories, opened again and again.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Segments.Tests;

public sealed class SegmentJournalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string Place => directory.File("journal");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Reopened_AnswersWhatItAnsweredBefore()
    {
        List<string> before;
        await using (var journal = Journal.Open("segments:" + Place))
        {
            await journal.Append(Samples.Entry("a", "1", "x"), Samples.Entry("b", "2"));
            await journal.AppendAsync(new AppendRequest(Samples.Entry("a", "3")) { IdempotencyKey = "key" });
            await journal.Append(Samples.Entry("a", "4"));
            await journal.DeleteToAsync("a", 2);
            before = journal.Everything();
        }

        await using var again = SegmentJournal.Open(Place);
        Assert.Equal(before, again.Everything());
        Assert.Equal(2, again.Restored);
        Assert.Throws<EntriesDroppedException>(() => again.ReadStream("a"));
        var repeated = await again.AppendAsync(new AppendRequest(Samples.Entry("a", "3")) { IdempotencyKey = "key" });
        Assert.Equal(3, repeated.FirstPosition);
        Assert.IsType<AppendFailure.KeyReused>(
            ((AppendResult.NotAppended)await again.TryAppendAsync(
                new AppendRequest(Samples.Entry("a", "5")) { IdempotencyKey = "key" })).Failure);
        Assert.IsType<AppendFailure.Conflict>(
            ((AppendResult.NotAppended)await again.TryAppendAsync("a", ExpectedVersion.NoStream, [Samples.Entry("a")])).Failure);
        Assert.Equal(5, (await again.Append(Samples.Entry("a"))).FirstPosition);
    }

    [Fact]
    public async Task Segments_AreFilledOneAfterTheOther_AndALargeBatchGetsItsOwn()
    {
        var large = new string('x', 5000);
        List<string> before;
        await using (var journal = SegmentJournal.Open(Place, Samples.Small))
        {
            for (var count = 0; count < 20; count++) await journal.Append(Samples.Entry("s", "a payload of some length"));
            await journal.Append(Samples.Entry("s", large), Samples.Entry("t", large));
            await journal.Append(Samples.Entry("s"));
            before = journal.Everything();
            Assert.Equal(journal.Segments.Count - 1, journal.Segments.Count(segment => segment.Sealed));
            Assert.Equal(23, journal.Segments.Sum(segment => segment.Entries));
        }

        var files = Directory.GetFiles(Place, "*.seg");
        Assert.True(files.Length > 5);
        Assert.Single(files, file => FramesEnd(File.ReadAllBytes(file)) > 10_000);
        Assert.Equal(1024, files.Min(file => new FileInfo(file).Length));
        Assert.Equal(1, files.Count(file => new FileInfo(file).Length < 4096));
        await using var again = SegmentJournal.Open(Place, Samples.Small);
        Assert.Equal(before, again.Everything());
        Assert.True(SegmentJournal.Verify(Place).Ok);
    }

    /// <summary>Where the frames of a sealed segment end; 0 where it is not sealed.</summary>
    private static long FramesEnd(byte[] bytes)
    {
        var header = Format.SegmentHeaderModule.decode(bytes).ResultValue;
        var last = bytes.AsMemory(bytes.Length - Format.SegmentTrailerModule.bytes);
        return Interop.FollowTranslation.Trailer(header, bytes.Length, last)?.FramesEnd ?? 0;
    }

    [Fact]
    public async Task Deletions_FillSegmentsToo()
    {
        await using (var journal = SegmentJournal.Open(Place, Samples.Small))
        {
            for (var count = 0; count < 40; count++) await journal.Append(Samples.Entry("s"));
            for (var version = 1; version <= 40; version++) await journal.DeleteToAsync("s", version);
            await journal.Append(Samples.Entry("s"));
        }

        Assert.Contains(Directory.GetFiles(Place), file => file.EndsWith(".1.seg", StringComparison.Ordinal));
        await using var again = SegmentJournal.Open(Place, Samples.Small);
        Assert.Equal([41L], again.ReadStream("s", 41).Select(entry => entry.Version));
        Assert.Equal(40, Assert.Single(again.Streams()).Floor);
    }

    [Fact]
    public async Task ASecondWriter_IsRefusedAtOnce_AndTheLockGoesWithTheFirst()
    {
        await using (var first = SegmentJournal.Open(Place))
        {
            await first.Append(Samples.Entry("s"));
            var refused = Assert.Throws<JournalInUseException>(() => Journal.Open("segments:" + Place));
            Assert.Equal("in-use", refused.Code);
            await using var reader = SegmentJournal.Open(Place, Samples.ReadOnly);
            Assert.Equal(first.Lines(), reader.Lines());
        }

        await using var second = SegmentJournal.Open(Place);
        Assert.Equal(1, second.Head.Position);
        Assert.True(File.Exists(Path.Combine(Place, "lock")));
    }

    [Fact]
    public async Task OpenedForReading_TakesNoWrites()
    {
        await using (var writer = SegmentJournal.Open(Place)) await writer.Append(Samples.Entry("s"));
        await using var reader = SegmentJournal.Open(Place, Samples.ReadOnly);
        var result = Assert.IsType<AppendResult.NotAppended>(await reader.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        Assert.IsType<AppendFailure.Unavailable>(result.Failure);
        await Assert.ThrowsAsync<NotAppendedException>(async () => await reader.DeleteToAsync("s", 1));
        Assert.Single(reader.ReadAll());
    }

    [Fact]
    public async Task Closed_ItAnswersUnavailable_AndReadsThrow()
    {
        var journal = SegmentJournal.Open(Place);
        await journal.Append(Samples.Entry("s"));
        var entries = journal.SubscribeAsync();
        var subscription = Task.Run(async () => await entries.CountAsync());
        await journal.DisposeAsync();
        await journal.DisposeAsync();
        Assert.InRange(await subscription, 0, 1);
        var result = Assert.IsType<AppendResult.NotAppended>(await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))));
        Assert.IsType<AppendFailure.Unavailable>(result.Failure);
        Assert.Throws<ObjectDisposedException>(() => journal.ReadAll());
    }

    [Fact]
    public void WhatIsNotThere_CannotBeOpenedForReading()
    {
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(Place, Samples.ReadOnly));
        Assert.False(Directory.Exists(Place));
        Directory.CreateDirectory(Place);
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(Place, Samples.ReadOnly));
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Verify(Place));
        Assert.Empty(Directory.GetFiles(Place));
    }

    [Fact]
    public void AFileInPlaceOfTheDirectory_IsRefused()
    {
        File.WriteAllText(Place, "not a directory");
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(Place));
        Assert.Equal("not a directory", File.ReadAllText(Place));
    }

    [Fact]
    public async Task AFutureFormat_IsRefusedByName_AndNothingChanges()
    {
        await using (var journal = SegmentJournal.Open(Place)) await journal.Append(Samples.Entry("s"));
        var file = Assert.Single(Directory.GetFiles(Place, "*.seg"));
        var bytes = File.ReadAllBytes(file);
        bytes[8] = 5;
        File.WriteAllBytes(file, bytes);
        foreach (var options in new[] { new JournalOptions(), Samples.ReadOnly })
        {
            var refused = Assert.Throws<UnsupportedFormatException>(() => SegmentJournal.Open(Place, options));
            Assert.Equal((5, 2), (refused.Found, refused.Supported));
        }

        Assert.Throws<UnsupportedFormatException>(() => SegmentJournal.Verify(Place));
        Assert.Equal(bytes, File.ReadAllBytes(file));
    }

    [Fact]
    public async Task AForeignSegment_IsRefused_AndOtherFilesAreIgnored()
    {
        await using (var journal = SegmentJournal.Open(Place)) await journal.Append(Samples.Entry("s"));
        File.WriteAllText(Path.Combine(Place, "notes.txt"), "mine");
        await using (var journal = SegmentJournal.Open(Place)) Assert.Equal(1, journal.Head.Position);
        File.WriteAllText(Path.Combine(Place, "0000000000000002.0.seg"), new string('x', 2000));
        Assert.Throws<JournalOpenException>(() => SegmentJournal.Open(Place));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Place, "notes.txt")));
    }

    [Fact]
    public async Task ASubscription_IsFedWhatIsCommittedLater()
    {
        await using var journal = SegmentJournal.Open(Place);
        await journal.Append(Samples.Entry("s", "1"));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var reading = Task.Run(async () =>
            await journal.SubscribeAsync(1, patience.Token).Take(3).Select(entry => entry.Position).ToListAsync());
        await journal.Append(Samples.Entry("s", "2"), Samples.Entry("s", "3"));
        Assert.Equal([1L, 2L, 3L], await reading);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ManyThreads_AppendAtOnce_WithoutAGap(bool pipelined)
    {
        const int Threads = 8;
        const int Each = 25;
        var options = new JournalOptions { Segments = new() { SegmentBytes = 4096, Pipelined = pipelined } };
        List<string> before;
        await using (var journal = SegmentJournal.Open(Place, options))
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
            {
                for (var count = 0; count < Each; count++)
                {
                    var receipt = await journal.Append(Samples.Entry("shared"), Samples.Entry("own" + thread));
                    Assert.Equal(count + 1, receipt.Versions[1].Last);
                    Assert.Equal(receipt.FirstPosition, journal.ReadAll(receipt.FirstPosition, 1).Single().Position);
                }
            })));
            before = journal.Everything();
        }

        await using var again = SegmentJournal.Open(Place, options);
        Assert.Equal(before, again.Everything());
        Assert.Equal(
            Enumerable.Range(1, 2 * Threads * Each).Select(position => (long)position), again.ReadAll().Select(entry => entry.Position));
        Assert.Equal(
            Enumerable.Range(1, Threads * Each).Select(version => (long)version),
            again.ReadStream("shared").Select(entry => entry.Version));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnEmptySegment_IsNotSealed_ForABatchThatIsLargerThanIt(bool isFirst)
    {
        var device = new MemoryDevice();
        var options = new JournalOptions { Segments = new() { SegmentBytes = 4096, CheckpointBytes = 1024 } };
        var large = Samples.Entry("large", $"\"{new string('y', 20_000)}\"");
        List<string> lines;
        await using (var journal = SegmentJournal.Open(device, options))
        {
            if (!isFirst)
            {
                // Compacting ends the segment that is written.
                await journal.Append(Samples.Entry("s"));
                await journal.Append(Samples.Entry("s"));
                await journal.CompactAsync(new CompactionRequest.RetainFrom(3));
            }

            var before = journal.Segments.Count;
            await journal.Append(large);
            Assert.Equal(before, journal.Segments.Count);
            await journal.Append(Samples.Entry("s"));
            Assert.Equal(before + 1, journal.Segments.Count);
            Assert.All(journal.Segments.Skip(isFirst ? 0 : 1), segment => Assert.NotEqual(0, segment.Entries));
            lines = journal.Everything();
        }

        Assert.Null(SegmentJournal.Verify(device).First);
        await using (var again = SegmentJournal.Open(device, options)) Assert.Equal(lines, again.Everything());
    }

    [Fact]
    public async Task ASegmentThatGrew_IsWholeAfterAKill_AndIsSealedBehindItsFrames()
    {
        var device = new MemoryDevice();
        var options = new JournalOptions { Segments = new() { SegmentBytes = 4096 } };
        var killed = SegmentJournal.Open(device, options);
        await killed.Append(Samples.Entry("large", $"\"{new string('y', 20_000)}\""));
        var lines = killed.Everything();
        var image = device.AfterPowerCut();
        await using (var again = SegmentJournal.Open(image, options))
        {
            Assert.Equal(lines, again.Everything());
            // Goes on in the next segment, and writes the footer of this one.
            await again.Append(Samples.Entry("s"));
            Assert.Equal(2, again.Segments.Count);
            lines = again.Everything();
        }

        Assert.Null(SegmentJournal.Verify(image).First);
        await using var last = SegmentJournal.Open(image, options);
        Assert.Equal(lines, last.Everything());
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task ANullToRestore_IsTheCallersMistake_AndHarmsNothing()
    {
        await using var journal = SegmentJournal.Open(Place);
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryRestoreAsync([null!]));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await journal.TryRestoreAsync(null!));
        Assert.IsType<AppendFailure.Invalid>(Assert.IsType<AppendResult.NotAppended>(await journal.TryRestoreAsync([])).Failure);
        Assert.Equal(1, (await journal.Append(Samples.Entry("s"))).FirstPosition);
    }

    [Fact]
    public void ASegmentTooSmallForAnything_IsTheCallersMistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            SegmentJournal.Open(Place, new JournalOptions { Segments = new() { SegmentBytes = 100 } }));

    [Fact]
    public void NoOptionsForSegments_AreTheCallersMistake() =>
        Assert.Throws<ArgumentNullException>(() => SegmentJournal.Open(Place, new JournalOptions { Segments = null! }));
}

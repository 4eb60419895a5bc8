// Compaction of an open journal: what stays, what goes, and what every way of opening finds afterwards.
// Run by `dotnet test`; crashes inside compaction are the simulator's (Refold.Testing.Tests).
using Xunit;

namespace Refold.Segments.Tests;

public class CompactionTests
{
    private readonly MemoryDevice device = new();

    private static readonly OpeningWays[] Ways = [new OpeningWays(), new OpeningWays { Footers = false }];

    private SegmentJournal Open() => SegmentJournal.Open(device, Samples.Small);

    private int SegmentFiles => FileNames.Segments(device).Count;

    private static async Task<List<Receipt>> FillAsync(ILocalJournal journal, int batches = 30)
    {
        var receipts = new List<Receipt>();
        for (var number = 0; number < batches; number++)
        {
            var entries = new[] { Samples.Entry("s" + (number % 3), new string('x', 120), "a"), Samples.Entry("t", "{}", "b") };
            receipts.Add(await journal.AppendAsync(new AppendRequest(entries) { IdempotencyKey = "key " + number }));
        }

        return receipts;
    }

    /// <summary>The journal that is open, and every way of opening it, give these answers; every byte is in order.</summary>
    private void Finds(SegmentJournal open, List<string> expected)
    {
        Assert.Equal(expected, open.Everything());
        foreach (var ways in Ways)
        {
            using var journal = new Closing(SegmentJournal.Open(device, Samples.ReadOnly.With(s => s with { Opening = ways })));
            Assert.Equal(expected, journal.Journal.Everything());
        }

        Assert.Null(SegmentVerification.Of(device).First);
    }

    private sealed record Closing(SegmentJournal Journal) : IDisposable
    {
        public void Dispose() => Journal.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    [Fact]
    public async Task Merging_ChangesNothingButTheFiles()
    {
        await using var journal = Open();
        var receipts = await FillAsync(journal);
        var (before, files) = (journal.Everything(), SegmentFiles);
        var report = await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 4000 });
        Assert.InRange(report.Made, 2, report.Replaced / 2);
        Assert.Equal(files - report.Replaced + report.Made, SegmentFiles);
        Assert.Equal(report.Made, report.SetGeneration);
        Finds(journal, before);
        Assert.Equal(receipts, Enumerable.Range(0, 30).Select(number => journal.FindByKey("key " + number)!));
        Assert.Equal(OpeningPath.Footers, SegmentJournal.Open(device, Samples.ReadOnly).Opened.Path);
    }

    [Fact]
    public async Task TheJournal_GoesOn_AfterEachCompaction_AndIsWhatItWouldHaveBeen()
    {
        await using var model = new InMemoryJournal();
        var journal = Open();
        for (var round = 0; round < 5; round++)
        {
            await FillAsync(journal, 8);
            await FillAsync(model, 8);
            Assert.NotNull(await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 6000 }));
            var receipt = await journal.Append(Samples.Entry("s1", "{}"));
            Assert.Equal(await model.Append(Samples.Entry("s1", "{}")), receipt);
            if (round % 2 == 0)
            {
                await journal.DisposeAsync();
                journal = Open();
            }
        }

        Finds(journal, model.Everything());
        await journal.DisposeAsync();
    }

    [Fact]
    public async Task Retention_DropsTheBeginning_AndKeepsPositionsHeadsReceiptsAndVersions()
    {
        await using var journal = Open();
        var receipts = await FillAsync(journal);
        var (head, heads) = (journal.Head, Enumerable.Range(1, 60).Select(position => journal.HeadAt(position)).ToList());
        var late = journal.ReadAll(31).Select(entry => entry.ToString()).ToList();
        var report = await journal.CompactAsync(new CompactionRequest.RetainFrom(31));
        Assert.Equal(1, report.Made);
        Assert.True(report.BytesAfter < report.BytesBefore / 2);
        Assert.Equal(head, journal.Head);
        Assert.Equal(31, journal.ReadAll().First().Position);
        Assert.Equal(late, journal.ReadAll().Select(entry => entry.ToString()));
        Assert.Equal(heads.Skip(29), Enumerable.Range(30, 31).Select(position => journal.HeadAt(position)));
        Assert.Null(journal.HeadAt(29));
        Assert.Equal(15, journal.Streams().Single(stream => stream.Stream.Value == "t").Floor);
        Assert.Equal(15, Assert.Throws<EntriesDroppedException>(() => journal.ReadStream("t").Count()).UpTo);
        Assert.Equal(receipts, Enumerable.Range(0, 30).Select(number => journal.FindByKey("key " + number)!));
        Finds(journal, journal.Everything());
        Assert.Equal(61, (await journal.Append(Samples.Entry("t"))).FirstPosition);
        Assert.Equal(31, journal.HighestVersion("t"));
    }

    [Fact]
    public async Task Retention_ReachesIntoTheSegmentThatIsWritten()
    {
        await using var journal = Open();
        for (var number = 0; number < 3; number++) await journal.Append(Samples.Entry("s"));
        Assert.Single(journal.Segments);
        await journal.CompactAsync(new CompactionRequest.RetainFrom(4));
        // The last batch stays.
        Assert.Equal([3L], journal.ReadAll().Select(entry => entry.Position));
        Finds(journal, journal.Everything());
    }

    [Fact]
    public async Task DeletingAStream_DropsItsBytes_AndKeepsEverythingElse()
    {
        await using var journal = Open();
        var receipts = await FillAsync(journal);
        var (head, rest) = (
            journal.Head, journal.ReadAll().Where(entry => entry.Stream.Value != "s1").Select(entry => entry.ToString()).ToList());
        await journal.CompactAsync(new CompactionRequest.DeleteStream("s1"));
        Assert.Equal(rest, journal.ReadAll().Select(entry => entry.ToString()));
        Assert.Equal(head, journal.Head);
        Assert.Equal(new StreamInfo("s1", 10, 10), journal.Streams().Single(stream => stream.Stream.Value == "s1"));
        Assert.Equal(receipts, Enumerable.Range(0, 30).Select(number => journal.FindByKey("key " + number)!));
        Assert.DoesNotContain(device.List().Where(name => name.EndsWith(".seg", StringComparison.Ordinal)), name => Holds(name, "s1"));
        Finds(journal, journal.Everything());
        Assert.Equal(11, (await journal.Append(Samples.Entry("s1"))).Versions.Single().First);

        // Frames of entries hold the payload; the name of the stream stays known.
        bool Holds(string name, string stream)
        {
            using var file = device.Open(name, writable: false);
            var bytes = new byte[file.Length];
            file.Read(bytes, 0);
            return Format.Salvage.scan(Core.Checksum.seed(Format.SegmentHeaderModule.decode(bytes).ResultValue.JournalId), 0, bytes)
                .Frames.Any(frame => frame.Content is Format.SalvagedContent.Entry entry && entry.stream.Value == stream);
        }
    }

    [Fact]
    public async Task WhatWasDeleted_GoesByWholeLeaves_AndIsGoneAfterwards()
    {
        await using var journal = Open();
        await FillAsync(journal);
        await journal.DeleteToAsync("t", 20);
        var expected = journal.Everything();
        Assert.True((await journal.CompactAsync(new CompactionRequest.DropDeleted())).Made > 0);
        Finds(journal, expected);
        Assert.Equal(0, (await journal.CompactAsync(new CompactionRequest.DropDeleted())).Made);
    }

    [Fact]
    public async Task ForgottenKeys_AreUnknownFromThenOn_AfterReopening_InCopies_AndBehindOtherCompactions()
    {
        var journal = Open();
        var receipts = await FillAsync(journal);
        await journal.CompactAsync(new CompactionRequest.DeleteStream("s1"));
        await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(31));
        Assert.Equal(31, journal.KeysForgottenBefore);
        Keys(journal, again: null);
        // What is forgotten can be appended once more, and is known by its new place.
        var again = await journal.AppendAsync(new AppendRequest(Samples.Entry("again")) { IdempotencyKey = "key 3" });
        Assert.Equal(61, again.FirstPosition);
        await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 100_000 });
        await journal.CompactAsync(new CompactionRequest.RetainFrom(45));
        Keys(journal, again);
        Finds(journal, journal.Everything());
        await journal.DisposeAsync();
        var copy = new MemoryDevice();
        JournalCopy.Run(device, copy);
        foreach (var from in new[] { device, copy })
        {
            foreach (var ways in Ways)
            {
                await using var read = SegmentJournal.Open(from, Samples.ReadOnly.With(s => s with { Opening = ways }));
                Assert.Equal(31, read.KeysForgottenBefore);
                Keys(read, again);
            }
        }

        void Keys(SegmentJournal read, Receipt? again)
        {
            for (var number = 0; number < receipts.Count; number++)
                Assert.Equal(number == 3 ? again : number < 15 ? null : receipts[number], read.FindByKey("key " + number));
        }
    }

    [Fact]
    public async Task NothingToDo_ChangesNoFile()
    {
        await using var journal = Open();
        await FillAsync(journal);
        await journal.CompactAsync(new CompactionRequest.Merge());
        await journal.CompactAsync(new CompactionRequest.RetainFrom(20));
        var files = device.List().Order().ToList();
        foreach (CompactionRequest request in (CompactionRequest[])[
            new CompactionRequest.Merge(), new CompactionRequest.RetainFrom(20), new CompactionRequest.DeleteStream("unknown"),
            new CompactionRequest.DropDeleted()])
        {
            var report = await journal.CompactAsync(request);
            Assert.Equal((0, 0), (report.Replaced, report.Made));
        }

        Assert.Equal(files, device.List().Order());
    }

    [Fact]
    public async Task WhatIsAskedWrongly_IsRefused()
    {
        await using var journal = Open();
        await FillAsync(journal, 2);
        foreach (var position in new[] { 0, 6, long.MaxValue })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => journal.CompactAsync(new CompactionRequest.RetainFrom(position)));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
                journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(position)));
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 0 }));
        await using var reader = SegmentJournal.Open(device, Samples.ReadOnly);
        Assert.IsType<AppendFailure.Unavailable>(
            (await Assert.ThrowsAsync<NotAppendedException>(() => reader.CompactAsync(new CompactionRequest.Merge()))).Failure);
    }

    [Fact]
    public async Task AReadThatWasBegun_GoesOnOverTheFilesItBeganWith()
    {
        await using var journal = Open();
        await FillAsync(journal);
        using var entries = journal.ReadAll().GetEnumerator();
        Assert.True(entries.MoveNext());
        await journal.CompactAsync(new CompactionRequest.RetainFrom(51));
        var positions = new List<long> { entries.Current.Position };
        while (entries.MoveNext()) positions.Add(entries.Current.Position);
        Assert.Equal(Enumerable.Range(1, 60).Select(position => (long)position), positions);
        Assert.Equal(51, journal.ReadAll().First().Position);
    }

    [Fact]
    public async Task Cancelled_BetweenTwoTargets_LeavesAWholeJournal()
    {
        await using var journal = Open();
        await FillAsync(journal);
        var before = journal.Everything();
        using var stop = new CancellationTokenSource();
        var made = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal.CompactAsync(
            new CompactionRequest.Merge { MaxBytes = 2000 },
            new Told(progress =>
            {
                if (progress.Phase == CompactionPhase.Replacing) made = progress.Done;
                if (made == 2) stop.Cancel();
            }),
            stop.Token));
        Finds(journal, before);
        Assert.DoesNotContain(device.List(), name =>
            name.StartsWith("pending", StringComparison.Ordinal) || name.StartsWith("compacted", StringComparison.Ordinal));
        Assert.InRange((await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 2000 })).Made, 1, 30);
    }

    [Fact]
    public async Task Progress_CountsWhatIsReadAndMade_UpToAllOfIt()
    {
        await using var journal = Open();
        await FillAsync(journal);
        var told = new List<CompactionProgress>();
        var report = await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 2000 }, new Told(told.Add));
        foreach (var phase in Enum.GetValues<CompactionPhase>())
        {
            var steps = told.Where(progress => progress.Phase == phase).ToList();
            var total = Assert.Single(steps.Select(progress => progress.Total).Distinct());
            Assert.Equal(steps.Select(progress => progress.Done).Order(), steps.Select(progress => progress.Done));
            Assert.Equal(total, steps[^1].Done);
            if (phase == CompactionPhase.Replacing) Assert.Equal(report.Made, total);
        }

        Assert.Equal(told.OrderBy(progress => progress.Phase), told);
    }

    /// <summary>Progress on the thread that reports it.</summary>
    private sealed class Told(Action<CompactionProgress> tell) : IProgress<CompactionProgress>
    {
        public void Report(CompactionProgress value) => tell(value);
    }
}

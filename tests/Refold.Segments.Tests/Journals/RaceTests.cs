// What two threads, or two processes, can do to each other at a bad moment, with the moment chosen: found by
// the stress run of Refold.Testing.Tests.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Segments.Tests;

public class RaceTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // Most files are closed between two reads of them, so that one that was removed is missed.
    private static readonly JournalOptions OneFile = Samples.ReadOnly.With(s => s with { OpenFiles = 1 });

    [Fact]
    public async Task AReaderThatIsOpened_WhileACompactionTakesItsFiles_AnswersAsTheWriterDoes()
    {
        var moments = 0;
        for (var isReached = true; isReached; moments++)
        {
            var device = new MemoryDevice();
            await using var writer = await FilledAsync(device);
            var moment = new Moment(moments, () => Compact(writer));
            var ways = new OpeningWays { Checkpoint = moments % 2 == 0, Footers = moments % 3 > 0 };
            var watched = new WatchedDevice(device, moment.Read);
            await using var reader = SegmentJournal.Open(watched, OneFile.With(s => s with { Opening = ways }));
            isReached = moment.IsOver;
            Assert.Equal(writer.Head.Position - 6, reader.Restored);
            Same(writer, reader);
        }

        output.WriteLine($"{moments} moments");
        Assert.InRange(moments, 20, 10_000);
    }

    [Fact]
    public async Task AReaderThatFollows_WhileACompactionTakesItsFiles_AnswersAsTheWriterDoes()
    {
        var moments = 0;
        for (var isReached = true; isReached; moments++)
        {
            var device = new MemoryDevice();
            await using var writer = await FilledAsync(device);
            var moment = new Moment(moments, () => Compact(writer)) { IsArmed = false };
            await using var reader = SegmentJournal.Open(new WatchedDevice(device, moment.Read), OneFile);
            for (var count = 0; count < 12; count++) await writer.Append(Samples.Entry("s", $"{count} {new string('y', 100)}", "a"));
            moment.IsArmed = true;
            var segments = reader.Segments;
            Assert.Equal(writer.Head, reader.Head);
            Assert.All(segments, segment => Assert.InRange(segment.Bytes, 1, long.MaxValue));
            isReached = moment.IsOver;
            Same(writer, reader);
        }

        output.WriteLine($"{moments} moments");
        Assert.InRange(moments, 20, 10_000);
    }

    [Fact]
    public async Task AReadInFlight_WhoseBeginningWasDeletedAndCompacted_GoesOnBehindIt()
    {
        var device = new MemoryDevice();
        await using var writer = SegmentJournal.Open(device, Samples.Small.With(s => s with { OpenFiles = 1 }));
        for (var count = 1; count <= 60; count++) await writer.Append(Samples.Entry("s", $"{count} {new string('x', 60)}"));
        await using var reader = SegmentJournal.Open(device, OneFile);
        // The last of them is all that a budget of one file keeps open.
        List<IEnumerator<JournalEntry>> reads =
        [
            .. new[] { writer, reader }
                .SelectMany(journal => new[] { journal.ReadStream("s", 21, maxCount: 35), journal.ReadAll(21, maxCount: 35) })
                .Select(read => read.GetEnumerator())
        ];
        for (var version = 21; version <= 40; version++) Assert.All(reads, read => Assert.Equal(version, Next(read)));
        await writer.DeleteToAsync("s", 30);
        await writer.CompactAsync(new CompactionRequest.DropDeleted());
        await writer.CompactAsync(new CompactionRequest.Merge { MaxBytes = 16 * 1024 });
        for (var version = 41; version <= 55; version++) Assert.All(reads, read => Assert.Equal(version, Next(read)));
        Assert.All(reads, read => Assert.Null(Next(read)));
        foreach (var read in reads) read.Dispose();
    }

    [Fact]
    public async Task ASecondDispose_EndsWithTheFirst()
    {
        using var device = new HeldDevice(new MemoryDevice());
        var journal = SegmentJournal.Open(device, Samples.Small);
        device.Hold();
        var append = Task.Run(async () => await journal.Append(Samples.Entry("s")));
        device.WaitUntilHeld();
        var first = journal.DisposeAsync().AsTask();
        var second = journal.DisposeAsync().AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        device.Release();
        await Task.WhenAll(first, second).WaitAsync(Patience);
        Assert.Equal(1, (await append).Head.Position);
        await using var again = SegmentJournal.Open(device, Samples.Small);
        Assert.Equal(1, again.Head.Position);
    }

    [Fact]
    public async Task ASchedulerThatTakesNoWork_HoldsUpNobody()
    {
        var device = new MemoryDevice();
        var journal = SegmentJournal.Open(device, Samples.Checkpointed.With(s => s with { Background = new Refusing() }));
        for (var count = 0; count < 30; count++) await journal.Append(Samples.Entry("s", new string('x', 100))).WaitAsync(Patience);
        await journal.CompactAsync(new CompactionRequest.Merge { MaxBytes = 16 * 1024 }).WaitAsync(Patience);
        await journal.DisposeAsync().AsTask().WaitAsync(Patience);
        await using var again = SegmentJournal.Open(device, Samples.Small);
        Assert.Equal(30, again.ReadAll().Count());
    }

    [Fact]
    public async Task AClockThatThrows_LeavesNobodyWithoutAnAnswer()
    {
        var journal = SegmentJournal.Open(new MemoryDevice(), Samples.Small with
        {
            TimeProvider = new BrokenClock(),
            Segments = Samples.Small.Segments with { Durability = Durability.PowerCutLosesNewest },
        });
        Assert.Equal(1, (await journal.Append(Samples.Entry("s")).WaitAsync(Patience)).Head.Position);
        Assert.IsType<AppendResult.NotAppended>(
            await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s"))).AsTask().WaitAsync(Patience));
        await journal.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    private static async Task<SegmentJournal> FilledAsync(MemoryDevice device)
    {
        var writer = SegmentJournal.Open(device, Samples.Checkpointed);
        for (var count = 0; count < 16; count++)
            await writer.Append(Samples.Entry("s", $"{count} {new string('x', 60)}", "a"), Samples.Entry("gone", $"{count}", "b"));
        await writer.DeleteToAsync("gone", 6);
        return writer;
    }

    /// <summary>On another thread, as the one that reads may hold something.</summary>
    private static void Compact(SegmentJournal writer) => Task.Run(async () =>
    {
        await writer.CompactAsync(new CompactionRequest.DropDeleted());
        await writer.CompactAsync(new CompactionRequest.Merge { MaxBytes = 4 * 1024 });
    }).Wait(Patience);

    private static void Same(SegmentJournal writer, SegmentJournal reader)
    {
        Assert.Equal(writer.Everything(), reader.Everything());
        Assert.Equal(writer.Segments, reader.Segments);
    }

    private static long? Next(IEnumerator<JournalEntry> entries) => entries.MoveNext() ? entries.Current.Version : null;

    /// <summary>Something that happens before the read of a number, once.</summary>
    private sealed class Moment(int number, Action happens)
    {
        private int left = number;

        public bool IsArmed { get; set; } = true;

        public bool IsOver { get; private set; }

        public void Read(string name, long offset, int length)
        {
            if (!IsArmed || IsOver || left-- > 0) return;
            IsOver = true;
            happens();
        }
    }

    private sealed class Refusing : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task) => throw new InvalidOperationException("closed");

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }

    private sealed class BrokenClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer();

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => throw new InvalidOperationException("broken");

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}

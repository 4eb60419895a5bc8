// A writer whose files or directory are renamed, replaced or removed: it acknowledges nothing more, writes nothing into what is there
// now, and no second writer gets in beside it. Run by `dotnet test`; LockTests has the same in real processes.
using System.Security.Cryptography;
using Xunit;

namespace Refold.Segments.Tests;

public sealed class PlaceTests : IDisposable
{
    /// <summary>Everything that is answered with something that holds.</summary>
    internal static readonly string[] Acknowledged = ["append", "repeat", "large", "flush", "delete", "compact"];

    private readonly TemporaryDirectory temporary = new();

    public static TheoryData<string> Answers => [.. Acknowledged];

    private string Place => temporary.File("journal");

    public void Dispose() => temporary.Dispose();

    /// <summary>The directory is renamed, and a copy gets its name.</summary>
    internal static void PutACopyInItsPlace(TemporaryDirectory temporary)
    {
        var (place, copy) = (temporary.File("journal"), temporary.File("copy"));
        Directory.CreateDirectory(copy);
        // .NET does not copy a file that is locked.
        foreach (var file in Directory.GetFiles(place).Where(file => Path.GetFileName(file) != "lock"))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        Directory.Move(place, temporary.File("moved"));
        Directory.Move(copy, place);
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("COMMIT")]
    [InlineData("lock COMMIT")]
    public async Task AfterAFileThatIsLockedIsRemoved_NoSecondWriterGetsIn_AndTheFirstAcknowledgesNothing(string names)
    {
        await using var writer = await BegunAsync();
        foreach (var name in names.Split(' ')) File.Delete(Path.Combine(Place, name));
        Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(Place));
        await AssertStoppedAsync(writer);
    }

    [Fact]
    public async Task AfterTheLockFileIsReplaced_NoSecondWriterGetsIn()
    {
        await using var writer = await BegunAsync();
        File.Delete(Path.Combine(Place, "lock"));
        File.WriteAllText(Path.Combine(Place, "lock"), "");
        Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(Place));
        await AssertStoppedAsync(writer);
    }

    [Fact]
    public async Task AfterTheFilesAreMovedToAnotherDirectory_NoSecondWriterGetsInThere()
    {
        await using var writer = await BegunAsync();
        var other = temporary.File("other");
        Directory.CreateDirectory(other);
        foreach (var file in Directory.GetFiles(Place).Where(file => Path.GetFileName(file) != "lock"))
            File.Move(file, Path.Combine(other, Path.GetFileName(file)));
        Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(other));
        await AssertStoppedAsync(writer);
    }

    [Fact]
    public async Task AfterTheDirectoryIsRenamed_ItIsStillInUse()
    {
        await using var writer = await BegunAsync();
        Directory.Move(Place, temporary.File("moved"));
        Assert.Throws<JournalInUseException>(() => SegmentJournal.Open(temporary.File("moved")));
        await AssertStoppedAsync(writer);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AfterACopyIsPutInItsPlace_TheFirstWriterStops_AndChangesNothingInTheCopy(string what)
    {
        var writer = await BegunAsync();
        PutACopyInItsPlace(temporary);
        var before = Image(Place);
        await AssertStoppedAsync(writer, what);
        await AssertStoppedAsync(writer);
        await writer.DisposeAsync();
        Assert.Equal(before, Image(Place));
        await (await BegunAsync()).DisposeAsync();
        Assert.True(SegmentJournal.Verify(Place).Ok);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACheckpointThatWasBegun_IsNotWrittenIntoTheCopy(bool isClosedFirst)
    {
        var background = new Later();
        var writer = SegmentJournal.Open(
            Place, JournalProcess.Options.With(s => s with { CheckpointBytes = 200, Background = background }));
        for (var number = 0; number < 5; number++) await writer.Append(Samples.Entry("s", new string('x', 100)));
        Assert.NotNull(background.Task);
        PutACopyInItsPlace(temporary);
        var before = Image(Place);
        var closing = Task.CompletedTask;
        if (isClosedFirst)
        {
            // A compaction would wait for it.
            await AssertStoppedAsync(writer, "append");
            closing = Task.Run(() => writer.DisposeAsync().AsTask());
            await Task.WhenAny(closing, Task.Delay(200));
        }

        background.Run();
        if (!isClosedFirst) await AssertStoppedAsync(writer);
        await closing;
        await writer.DisposeAsync();
        Assert.Equal(before, Image(Place));
        Assert.True(SegmentJournal.Verify(Place).Ok);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task AfterTheDirectoryIsRemoved_TheWriterStops(string what)
    {
        var writer = await BegunAsync();
        Directory.Delete(Place, recursive: true);
        await AssertStoppedAsync(writer, what);
        await AssertStoppedAsync(writer);
        Assert.False(Directory.Exists(Place));
        await using var second = await BegunAsync();
        await AssertStoppedAsync(writer);
        await writer.DisposeAsync();
        Assert.Equal("done", await JournalProcess.DoneAsync(second, "append"));
    }

    [Fact]
    public async Task AfterTheSegmentThatIsWrittenIsRemoved_TheWriterStops()
    {
        await using var writer = await BegunAsync();
        File.Delete(Directory.GetFiles(Place, "*.seg").Order(StringComparer.Ordinal).Last());
        await AssertStoppedAsync(writer);
    }

    [Fact]
    public async Task WhatWasNotFlushedYet_IsNotAcknowledgedEither()
    {
        await using var writer = SegmentJournal.Open(Place, JournalProcess.Options.With(
            s => s with { Durability = Durability.PowerCutLosesNewest }));
        await JournalProcess.DoneAsync(writer, "append");
        Directory.Move(Place, temporary.File("moved"));
        await AssertStoppedAsync(writer, "append");
    }

    [Fact]
    public async Task APlaceThatIsLostBetweenTheFlushAndTheAnswer_LeavesTheOutcomeUnknown()
    {
        var device = new MemoryDevice();
        await using var journal = SegmentJournal.Open(device);
        await journal.Append(Samples.Entry("s"));
        var isFlushed = false;
        device.Flushing = _ => isFlushed = true;
        device.Fails = (operation, _) => operation == "require" && isFlushed ? new PlaceLostException("memory", "it is gone") : null;
        var result = await journal.TryAppendAsync(new AppendRequest(Samples.Entry("s")).Encode());
        Assert.IsType<PlaceLostException>(Assert.IsType<AppendResult.OutcomeUnknown>(result).Cause);
        Assert.Equal(1, journal.Head.Position);
        device.Fails = (_, _) => null;
        await using var again = SegmentJournal.Open(device.Copy());
        Assert.Equal(2, again.Head.Position);
    }

    [Fact]
    public async Task ASnapshotIsNotKeptWhereNobodyLooks()
    {
        await using var store = DirectorySnapshotStore.Open(Place);
        var snapshots = Path.Combine(Place, DirectorySnapshotStore.DirectoryName);
        Directory.Move(snapshots, snapshots + "-moved");
        var failure = await Assert.ThrowsAsync<SnapshotStoreException>(async () => await store.ClearAsync());
        Assert.IsType<PlaceLostException>(failure.InnerException);
    }

    private async Task<SegmentJournal> BegunAsync()
    {
        var journal = SegmentJournal.Open(Place, JournalProcess.Options);
        foreach (var what in new[] { "append", "large", "append" }) Assert.Equal("done", await JournalProcess.DoneAsync(journal, what));
        return journal;
    }

    private static async Task AssertStoppedAsync(SegmentJournal writer, params string[] what)
    {
        foreach (var item in what.Length > 0 ? what : Acknowledged)
            Assert.StartsWith("refused place-lost ", await JournalProcess.DoneAsync(writer, item), StringComparison.Ordinal);
    }

    private static List<string> Image(string directory) =>
        [
            .. Directory.GetFiles(directory)
                .Order(StringComparer.Ordinal)
                .Select(file => Path.GetFileName(file) + " " + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))),
        ];

    /// <summary>Does what it is given when it is told to.</summary>
    private sealed class Later : TaskScheduler
    {
        public Task? Task { get; private set; }

        public void Run() => TryExecuteTask(Task!);

        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task) => Task = task;

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }
}

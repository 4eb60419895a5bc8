// Mirroring into a journal: which version is next, what a failed write leaves, second writers; and loading from there.
// Run by `dotnet test`.
using System.Text;
using Refold.Tests.Runs;
using Xunit;
using static Refold.ReplayJournalEntry;

namespace Refold.Tests.Harness;

public class HarnessJournalTests
{
    private static readonly StreamId Stream = "harness";

    [Fact]
    public async Task TheNextVersion_FollowsTheHighest_AndIsReadWhenItIsFirstNeeded()
    {
        await using var inner = new InMemoryJournal();
        var journal = new CountingJournal(inner);
        await using var harness = new ReplayHarness(RecorderMode.Off, journal, Stream);
        await harness.RecordAsync(new RngSeed("ignored", 0));
        Assert.Equal(0, journal.Looks);
        // Appended after the harness was made, and before it records.
        for (var seed = 1UL; seed <= 2; seed++) await AppendAsync(inner, new RngSeed("before", seed));
        await harness.SetModeAsync(RecorderMode.Record);
        await harness.RecordAsync(new RngSeed("a", 3));
        await harness.RecordAsync(new RngSeed("b", 4));
        Assert.Equal(1, journal.Looks);
        Assert.Equal([1UL, 2, 3, 4], inner.ReadStream(Stream).Select(entry => ((RngSeed)ReplayJournalEntry.Codec.Decode(entry)).Seed));
    }

    [Fact]
    public async Task TheNextVersion_FollowsTheHighest_AlsoWhereEverythingWasDeleted()
    {
        await using var journal = new InMemoryJournal();
        await AppendAsync(journal, new RngSeed("a", 1));
        await journal.DeleteToAsync(Stream, 1);
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await harness.RecordAsync(new RngSeed("b", 2));
        Assert.Equal(2, Assert.Single(journal.ReadStream(Stream, 2)).Version);
        var dropped = await Assert.ThrowsAsync<EntriesDroppedException>(() => harness.LoadFromJournalAsync());
        Assert.Equal(1, dropped.UpTo);
        Assert.Equal(1, await harness.LoadFromJournalAsync(fromVersion: 2));
    }

    [Fact]
    public async Task ASecondWriter_IsAConflict_UntilTheStreamIsReadAgain()
    {
        await using var journal = new InMemoryJournal();
        await using var first = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await using var second = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await first.RecordAsync(new RngSeed("first", 1));
        await second.RecordAsync(new RngSeed("second", 2));
        for (var tries = 0; tries < 2; tries++)
        {
            var conflict = await Assert.ThrowsAsync<ConcurrencyException>(() => first.RecordAsync(new RngSeed("first", 3)));
            Assert.Equal(("conflict", 2L), (conflict.Code, conflict.Actual));
        }

        Assert.Equal([new RngSeed("first", 1)], await first.SnapshotAsync());
        Assert.Equal(2, await first.LoadFromJournalAsync());
        await first.RecordAsync(new RngSeed("first", 3));
        Assert.Equal(journal.ReadStream(Stream).Select(ReplayJournalEntry.Codec.Decode), await first.SnapshotAsync());
        Assert.Equal(3, journal.HighestVersion(Stream));
    }

    [Fact]
    public async Task AWriteWithAnUnknownOutcome_ReachesTheCaller_AndTheNextIsAConflictIfItWasCommitted()
    {
        await using var inner = new InMemoryJournal();
        foreach (bool wasCommitted in (bool[])[false, true])
        {
            StreamId stream = wasCommitted ? "committed" : "lost";
            var journal = new StagedJournal(inner)
            {
                Before = append =>
                {
                    if (append > 1) return null;
                    if (wasCommitted) RunFixture.AppendFact(inner, stream, 1);
                    return new AppendResult.OutcomeUnknown(new IOException("the device is gone"));
                },
            };
            await using var harness = new ReplayHarness(RecorderMode.Record, journal, stream);
            await Assert.ThrowsAsync<OutcomeUnknownException>(() => harness.RecordAsync(new RngSeed("a", 1)));
            Assert.Empty(await harness.SnapshotAsync());
            if (wasCommitted) await Assert.ThrowsAsync<ConcurrencyException>(() => harness.RecordAsync(new RngSeed("a", 1)));
            else Assert.Equal(RecordAnswer.Recorded, await harness.RecordAsync(new RngSeed("a", 1)));
            Assert.Equal(1, inner.HighestVersion(stream));
        }
    }

    [Fact]
    public async Task AClosedJournal_IsToldToWhoRecordsAndWhoLoads()
    {
        var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(RecorderMode.Record, journal, Stream);
        await harness.RecordAsync(new RngSeed("a", 1));
        await journal.DisposeAsync();
        var failed = await Assert.ThrowsAsync<NotAppendedException>(() => harness.RecordAsync(new RngSeed("b", 2)));
        Assert.IsType<AppendFailure.Unavailable>(failed.Failure);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => harness.LoadFromJournalAsync());
        Assert.Equal([new RngSeed("a", 1)], await harness.SnapshotAsync());
    }

    [Fact]
    public async Task LoadFromJournal_WithoutAJournal_SaysSo()
    {
        await using var harness = new ReplayHarness(RecorderMode.Replay);
        await harness.LoadAsync([new RngSeed("a", 1)]);
        var refused = await Assert.ThrowsAsync<NoPersistenceException>(() => harness.LoadFromJournalAsync(1, 100));
        Assert.Equal("no-persistence", refused.Code);
        Assert.Contains("no persistence backend attached", refused.Message, StringComparison.Ordinal);
        // Also where nothing would have been read.
        await Assert.ThrowsAsync<NoPersistenceException>(() => harness.LoadFromJournalAsync(1, 0));
        Assert.Equal([new RngSeed("a", 1)], await harness.SnapshotAsync());
    }

    [Theory]
    [InlineData("replay-journal-entry", 1, """{"RngSeed":{"actor_path":"c","seed":-1}}""", "undecodable")]
    [InlineData("replay-journal-entry", 2, """{"RngSeed":{"actor_path":"c","seed":1}}""", "newer-schema")]
    [InlineData("placed", 1, """{"RngSeed":{"actor_path":"c","seed":1}}""", "unknown-type")]
    public async Task ADecodeFailure_NamesTheSequenceNumber_AndWhatWasLoadedBeforeStays(
        string type, int version, string payload, string cause)
    {
        await using var journal = new InMemoryJournal();
        await AppendAsync(journal, new RngSeed("a", 1));
        await AppendAsync(journal, new RngSeed("b", 2));
        var stray = new EntryData(Stream, type, Encoding.UTF8.GetBytes(payload)) { SchemaVersion = version };
        await journal.AppendAsync(new AppendRequest(stray));
        await AppendAsync(journal, new RngSeed("d", 4));
        await using var harness = new ReplayHarness(RecorderMode.Replay, journal, Stream);
        Assert.Equal(2, await harness.LoadFromJournalAsync(1, 2));
        var failed = await Assert.ThrowsAsync<ReplayEntryUndecodableException>(() => harness.LoadFromJournalAsync());
        Assert.Equal(("replay-entry-undecodable", 3L, Stream), (failed.Code, failed.SequenceNumber, failed.Stream));
        Assert.Contains("entry 3 of 'harness'", failed.Message, StringComparison.Ordinal);
        Assert.Equal(cause, Assert.IsType<CodecException>(failed.InnerException).Code);
        Assert.Equal([new RngSeed("a", 1), new RngSeed("b", 2)], await harness.SnapshotAsync());
        Assert.Equal(1, await harness.LoadFromJournalAsync(4));
        Assert.Equal([new RngSeed("d", 4)], await harness.SnapshotAsync());
    }

    [Fact]
    public async Task LoadFromJournal_AnswersTheCount_FromAVersionOn_AndReplaces()
    {
        await using var journal = new InMemoryJournal();
        for (var seed = 1UL; seed <= 5; seed++) await AppendAsync(journal, new RngSeed("a", seed));
        foreach (var mode in Enum.GetValues<RecorderMode>())
        {
            await using var harness = new ReplayHarness(mode, journal, Stream);
            (long From, long Max, ulong[] Seeds)[] loads =
            [
                (1, 100, [1, 2, 3, 4, 5]), (2, 3, [2, 3, 4]), (5, long.MaxValue, [5]), (0, 2, [1, 2]), (long.MinValue, 1, [1]),
                (6, 100, []), (long.MaxValue, 100, []), (3, 1, [3]), (1, 0, []), (3, 1, [3]), (1, -1, []),
            ];
            foreach (var (from, max, seeds) in loads)
            {
                Assert.Equal(seeds.Length, await harness.LoadFromJournalAsync(from, max));
                Assert.Equal(seeds, (await harness.SnapshotAsync()).Select(entry => ((RngSeed)entry).Seed));
            }
        }
    }

    [Fact]
    public async Task AnEmptyStream_LoadsNothing()
    {
        await using var journal = new InMemoryJournal();
        await using var harness = new ReplayHarness(RecorderMode.Replay, journal, Stream);
        await harness.LoadAsync([new RngSeed("a", 1)]);
        Assert.Equal(0, await harness.LoadFromJournalAsync(1, 100));
        Assert.Empty(await harness.SnapshotAsync());
    }

    private static async Task AppendAsync(IJournal journal, ReplayJournalEntry entry) =>
        await journal.AppendAsync(new AppendRequest(new EntryData(Stream, EntryType, ReplayJournalEntry.Codec.Encode(entry).Payload)));

    /// <summary>Counts how often the end of a stream is looked for.</summary>
    private sealed class CountingJournal(ILocalJournal inner) : ForwardingJournal(inner)
    {
        public int Looks { get; private set; }

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            Inner.TryAppendAsync(batch, cancellationToken);

        public override ValueTask<long> HighestVersionAsync(StreamId stream, CancellationToken cancellationToken = default)
        {
            Looks++;
            return base.HighestVersionAsync(stream, cancellationToken);
        }
    }
}

// Walks along causes and consequences, in every store: what they find, where they end, and what they name.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Causality;

public class CausalWalkTests
{
    private static readonly Aggregate<int, int, int, string> Count = Aggregate.Create(
        "count", 0,
        (Step _, int _, int command) => Decision.Accept<int, string>([command, command]), (int state, int moved) => state + moved,
        Numbers("count"), Numbers("counted"), Codec.Text("refused"), Numbers("state"));

    public static TheoryData<string> Stores => ["memory:", "segments:", "litedb:"];

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private static EntryData Caused(int id, int? by) =>
        Samples.Entry("s") with { Id = Id(id), CausationId = by is { } cause ? Id(cause) : null };

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Causes_AreTheNewestFirst_AndConsequencesInPositionOrder_ThoughPayloadsAreEqual(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        //      1
        //     / \
        //    2   3
        //   / \   \
        //  4   5   6
        await journal.AppendAsync(new AppendRequest([Caused(1, null), Caused(2, 1), Caused(3, 1)]));
        await journal.AppendAsync(new AppendRequest([Caused(4, 2), Caused(5, 2), Caused(6, 3), Caused(7, null)]));
        Assert.Equal("5:0 2:1 1:2 | Whole", Told(journal.Causes(5)));
        Assert.Equal("5:0 2:1 | Limit", Told(journal.Causes(5, limit: 2)));
        Assert.Equal("1:0 2:1 3:1 4:2 5:2 6:2 | Whole", Told(journal.Consequences(1)));
        Assert.Equal("1:0 2:1 3:1 | Limit", Told(journal.Consequences(1, limit: 3)));
        Assert.Equal("7:0 | Whole", Told(journal.Consequences(7)));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.Causes(8));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.Consequences(1, 0));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task ACauseThatIsNotThere_IsNamed_AndACircleIsNamedAndLeft(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await journal.AppendAsync(new AppendRequest([Caused(1, 3), Caused(2, 1), Caused(3, 2), Caused(4, 99), Caused(5, 5)]));
        Assert.Equal($"3:0 2:1 1:2 | Cycle {Id(3)}", Told(journal.Causes(3)));
        Assert.Equal($"1:0 2:1 3:2 | Cycle {Id(1)}", Told(journal.Consequences(1)));
        Assert.Equal($"4:0 | MissingCause {Id(99)}", Told(journal.Causes(4)));
        Assert.Equal($"5:0 | Cycle {Id(5)}", Told(journal.Causes(5)));
        Assert.Equal($"5:0 | Cycle {Id(5)}", Told(journal.Consequences(5)));
        await journal.DeleteToAsync("s", 1);
        Assert.Equal($"2:0 | MissingCause {Id(1)}", Told(journal.Causes(2)));
    }

    [Fact]
    public async Task OfAnIdThatCameAgain_TheLastOneBeforeIsTheCause()
    {
        await using var journal = new InMemoryJournal();
        await journal.AppendAsync(new AppendRequest([Caused(1, null), Caused(1, null), Caused(2, 1), Caused(1, null)]));
        Assert.Equal("3:0 2:1 | Whole", Told(journal.Causes(3)));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task OfARun_TheEndFollowsFromTheBeginning_AndEventsFromTheirCommands(string store)
    {
        using var directory = new TemporaryDirectory();
        await using var journal = Open(directory, store);
        await using (var run = await journal.StartRunAsync(new RunPin("m", "p", "1", 7), new RunOptions { RunId = RunId.Create("r") }))
        {
            await run.Streams(Count).ExecuteAsync("count/1", 3);
            await run.FinishAsync();
        }

        var entries = journal.ReadAll().ToList();
        var began = entries.First(entry => entry.Role == EntryRole.Control);
        var command = entries.First(entry => entry.Role == EntryRole.Command);
        var ended = entries.Last(entry => entry.Role == EntryRole.Control);
        Assert.NotEqual(began, ended);
        Assert.Equal($"{ended.Position}:0 {began.Position}:1 | Whole", Told(journal.Causes(ended.Position)));
        Assert.Equal($"{began.Position}:0 {ended.Position}:1 | Whole", Told(journal.Consequences(began.Position)));
        var caused = entries.Where(entry => entry.Role == EntryRole.Event).ToList();
        Assert.NotEmpty(caused);
        Assert.All(caused, entry => Assert.Equal(command, journal.Causes(entry.Position).Entries[^1].Entry));
        Assert.Equal(caused, journal.Consequences(command.Position).Entries.Skip(1).Select(item => item.Entry));
    }

    /// <summary>Whatever else is there: each entry of the answer is read once, and its consequences are asked for once.</summary>
    [Fact]
    public async Task TheCostOfAWalk_GoesWithTheAnswer()
    {
        List<(int Read, int Asked)> costs = [];
        foreach (var others in new[] { 100, 5000 })
        {
            await using var journal = new CountingReads(new InMemoryJournal());
            for (var number = 0; number < others; number++)
            {
                // A family of ten among the others.
                var isOfFamily = number % (others / 10) == 0;
                await journal.AppendAsync(new AppendRequest(Caused(number + 1, isOfFamily && number > 0 ? 1 : null)));
            }

            (journal.Read, journal.Asked) = (0, 0);
            Assert.Equal(10, journal.Consequences(1).Entries.Count);
            costs.Add((journal.Read, journal.Asked));
            (journal.Read, journal.Asked) = (0, 0);
            Assert.Equal(2, journal.Causes((others / 10 * 9) + 1).Entries.Count);
            costs.Add((journal.Read, journal.Asked));
        }

        Assert.Equal([(10, 10), (2, 1), (10, 10), (2, 1)], costs);
    }

    [Fact]
    public async Task TheClock_NeverGoesBack_ThoughRecordedTimesDo()
    {
        await using var journal = new InMemoryJournal();
        foreach (var seconds in new int?[] { null, 5, 3, null, 9 })
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s") with
            {
                Time = seconds is { } at ? DateTimeOffset.UnixEpoch.AddSeconds(at) : null,
            }));
        HybridTime[] clock = [.. Enumerable.Range(1, 5).Select(position => journal.ClockAt(position)!.Value)];
        Assert.Equal([0L, 5000, 5000, 5000, 9000], clock.Select(moment => moment.WallMs));
        Assert.Equal(clock, clock.Order());
        Assert.True(clock[1] < clock[2] && clock[2] > clock[1] && clock[2] <= clock[2] && clock[2] >= clock[1]);
        Assert.Null(journal.ClockAt(6));
    }

    /// <summary>Counts entries that are read by position, and look-ups by id.</summary>
    private sealed class CountingReads(InMemoryJournal inner) : LocalJournal
    {
        public int Read { get; set; }

        public int Asked { get; set; }

        public override Head Head => inner.Head;

        public override Head? HeadAt(long position) => inner.HeadAt(position);

        public override Receipt? FindByKey(string key) => inner.FindByKey(key);

        public override IReadOnlyList<long> FindById(Guid id)
        {
            Asked++;
            return inner.FindById(id);
        }

        public override IReadOnlyList<long> CausedBy(Guid id)
        {
            Asked++;
            return inner.CausedBy(id);
        }

        public override long HighestVersion(StreamId stream) => inner.HighestVersion(stream);

        public override IReadOnlyList<StreamInfo> Streams(string prefix = "", StreamId? after = null, int maxCount = int.MaxValue) =>
            inner.Streams(prefix, after, maxCount);

        public override IEnumerable<JournalEntry> ReadStream(
            StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, long maxCount = long.MaxValue) =>
            Counted(inner.ReadStream(stream, fromVersion, toVersion, maxCount));

        public override IEnumerable<JournalEntry> ReadAll(long fromPosition = 1, long maxCount = long.MaxValue) =>
            Counted(inner.ReadAll(fromPosition, maxCount));

        public override QueryResult Query(Query query, long fromPosition = 1, long maxCount = long.MaxValue) =>
            inner.Query(query, fromPosition, maxCount);

        public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
            inner.TryAppendAsync(batch, cancellationToken);

        public override ValueTask<AppendResult> TryRestoreAsync(
            IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
            inner.TryRestoreAsync(batch, cancellationToken);

        public override ValueTask DeleteToAsync(StreamId stream, long version, CancellationToken cancellationToken = default) =>
            inner.DeleteToAsync(stream, version, cancellationToken);

        public override IAsyncEnumerable<JournalEntry> SubscribeAsync(
            long fromPosition = 1, CancellationToken cancellationToken = default) => inner.SubscribeAsync(fromPosition, cancellationToken);

        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        private IEnumerable<JournalEntry> Counted(IEnumerable<JournalEntry> entries) => entries.Select(entry =>
        {
            Read++;
            return entry;
        });
    }

    private static Codec<int> Numbers(string type) =>
        Codec.Create<int>(type, number => BitConverter.GetBytes(number), payload => BitConverter.ToInt32(payload.Span));

    private static ILocalJournal Open(TemporaryDirectory directory, string store) =>
        Journal.Open(store == "memory:" ? store : store + directory.File("journal"));

    private static string Told(CausalWalk walk) => FormattableString.Invariant(
        $"{string.Join(' ', walk.Entries.Select(item => $"{item.Entry.Position}:{item.Distance}"))} | {walk.End}")
        + (walk.At is { } at ? " " + at : "");
}
